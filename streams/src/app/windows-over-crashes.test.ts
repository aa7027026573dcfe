/** Windows of every kind, and updates held back, on the real runtime that dies in between: what is written is what the reference writes. */
import { describe, expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { hours, millis } from '../time/duration.ts'
import { suppress } from '../time/suppression.ts'
import { calendar, hopping, session, sliding, type Grace, type Windows } from '../time/windows.ts'
import { inWorld, topologyOf, type AppWorld, type Row } from './app-world.fixtures.ts'

type Build = (builder: StreamsBuilder) => void

const text = { store: 'texts', value: string, initial: () => '', add: (total: string, value: string) => total + value }
const out = { key: string, value: json<string | null>() }

function finalRows(windows: Windows): Build {
  return (builder) => {
    const group = builder.stream('in', { key: string, value: string }).groupByKey()
    const table =
      windows.kind === 'session'
        ? group.windowedBy(windows).aggregate({ ...text, merge: text.add })
        : group.windowedBy(windows).aggregate(text)
    table
      .emitFinal()
      .map((value, { key, start, end }) => ({ key: `${key}@${start}-${end}`, value }))
      .to('out', out)
  }
}

function hoppingUpdates(builder: StreamsBuilder): void {
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(hopping({ size: millis(30), advance: millis(10), grace: millis(10) }))
    .aggregate(text)
    .emitOnUpdate()
    .toStream()
    .map((value, { key, start, end }) => ({ key: `${key}@${start}-${end}`, value }))
    .to('out', out)
}

function suppressedSessions(grace: Grace): Build {
  const windows = session({ gap: millis(20), grace })
  return (builder) => {
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .windowedBy(windows)
      .aggregate({ ...text, merge: text.add })
      .emitOnUpdate()
      .suppress({ store: 'held', value: string, until: suppress.untilWindowCloses() })
      .toStream()
      .map((value, { key, start, end }) => ({ key: `${key}@${start}-${end}`, value }))
      .to('out', out)
  }
}

function suppressedTable(builder: StreamsBuilder): void {
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .aggregate(text)
    .suppress({ store: 'held', value: string, until: suppress.untilTimeLimit(millis(50), { maxRecords: 5 }) })
    .toStream()
    .to('out', out)
}

/** Times run on, mostly; some records are late. */
const rows = Array.from({ length: 160 }, (_, index): Row => {
  const key = `k${(index * 7) % 11}`
  return [key, String.fromCodePoint(97 + (index % 26)), index * 3 + ((index * 37) % 60)]
})

const builds: readonly (readonly [string, Build])[] = [
  ['sessions', finalRows(session({ gap: millis(20), grace: millis(10) }))],
  ['sessions until the end', finalRows(session({ gap: millis(20), grace: 'end-of-input' }))],
  ['sliding windows', finalRows(sliding({ difference: millis(25), grace: millis(10) }))],
  ['hopping windows', finalRows(hopping({ size: millis(30), advance: millis(10), grace: millis(10) }))],
  ['every update of hopping windows', hoppingUpdates],
  ['days of Berlin', finalRows(calendar({ unit: 'day', zone: 'Europe/Berlin', grace: hours(1) }))],
  ['sessions held back', suppressedSessions(millis(10))],
  ['a table held back', suppressedTable],
]

function reference(build: Build): string[] {
  const app = new MemoryApp(topologyOf(build))
  for (const [key, value, timestamp] of rows) app.process({ topic: 'in', key, value, timestamp: timestamp! })
  app.endOfInput()
  return app.outputs.map(({ key, value }) => `${String(key)}=${JSON.stringify(value)}`)
}

/** Runs until the journal takes no more; then the disk heals. */
async function crash(world: AppWorld, build: Build, nth: number): Promise<void> {
  world.world.disk.faults.add({ path: '/log/millrace-journal-*', operation: 'write', nth, error: 'ENOSPC', times: 'forever' })
  const app = world.app(build, { maxUncommittedBytes: 700 })
  await app.start().catch(() => {})
  await app.finished.catch(() => {})
  world.world.disk.faults.heal()
  await app.close()
}

describe.each(builds)('%s', (_name, build) => {
  test.each([[[12]], [[16]], [[22]], [[30]], [[14, 13, 15, 17]]])('with the log full after %j writes', (writes) =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', rows)
      for (const nth of writes) await crash(world, build, nth)
      await world.run(build)
      expect(await world.rows('out')).toEqual(reference(build))
      expect((await world.rows('out')).length).toBeGreaterThan(0)
    }),
  )
})

test('what sessions have been held back over a restart goes out once, with stream time of before', () =>
  inWorld(async (world) => {
    const build = suppressedSessions(millis(0))
    await world.topics(['in', 'out'])
    await world.put('in', [
      ['a', 'x', 10],
      ['a', 'y', 25],
    ])
    const first = world.app(build, { bounded: false })
    await first.start()
    await world.until(async () => (await world.log.admin.groupOffsets('app')).some(({ offset }) => offset === 2))
    await first.close()
    expect(await world.rows('out')).toEqual([])
    await world.put('in', [['b', 'z', 100]])
    const second = world.app(build, { bounded: false })
    await second.start()
    await world.until(async () => (await world.rows('out')).length > 0)
    await second.close()
    expect(await world.rows('out')).toEqual(['a@10-25="xy"'])
  }))
