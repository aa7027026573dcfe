/**
 * An application whose store has a row of a kilobyte for each key.
 *
 *   node --conditions=@millrace/source test/bench/restart-child.ts fill DIR KEYS      fills it, and is killed in the middle of its work
 *   node --conditions=@millrace/source test/bench/restart-child.ts open DIR KEYS      starts it again, asks it, and is killed
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { embeddedLog, string, type LogClient } from '@millrace/core'
import { StreamsApp, StreamsBuilder } from '@millrace/streams'
import { fillTopics, keyOf } from './stream-records.ts'

/** What it says. */
export interface Restarted {
  /** From the first call to the answer of the first query, log included. */
  readonly restartMs: number
  /** Of it, the log. */
  readonly logMs: number
  readonly residentMb: number
}

const rowBytes = 1000
const padding = '.'.repeat(rowBytes)

const [what, dir, count] = process.argv.slice(2) as [string, string, string]
const keys = Number(count)
const startedAt = performance.now()
const log = await embeddedLog({ dir: join(dir, 'log') })
const logMs = performance.now() - startedAt
if (what === 'fill') await fillTopics(log, { records: keys, keys })
const app = application(log)
await app.start()
if (what === 'fill') await workUntilKilled()
else await answer()

function application(on: LogClient): StreamsApp {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .aggregate({ store: 'rows', value: string, initial: () => padding, add: (_total, value) => value.padEnd(rowBytes, '.') })
  return new StreamsApp(builder.build(), { applicationId: 'restart', log: on, stateDir: join(dir, 'state') })
}

/** All rows are there, and the input goes on: the process dies between two commits. */
async function workUntilKilled(): Promise<void> {
  const rows = app.keyValueStore<string, string>('rows')
  while (rows.position().reduce((sum, { offset }) => sum + offset, 0) < keys) await delay(20)
  const producer = await log.producer()
  for (let index = 0; index < 20_000; index++)
    producer.append('in', keyOf(index, keys), `again ${index}`, { timestamp: 1_710_000_000_000 })
  await producer.flush()
  await delay(150)
  writeSync(1, '{}\n')
  process.kill(process.pid, 'SIGKILL')
}

async function answer(): Promise<void> {
  const row = await app.keyValueStore<string, string>('rows').get(keyOf(0, keys))
  if (row?.value.length !== rowBytes) throw new Error(`the row has ${row?.value.length ?? 'no'} characters`)
  const said: Restarted = { restartMs: performance.now() - startedAt, logMs, residentMb: process.memoryUsage.rss() / 1e6 }
  writeSync(1, `${JSON.stringify(said)}\n`)
  process.kill(process.pid, 'SIGKILL')
}
