/**
 * Writes to a log as fast as it can and says after each acknowledgement what was acknowledged. It never ends: it is killed.
 *
 *   node --conditions=@millrace/source test/e2e/acknowledged/child.ts DIR
 *
 * It says `ready` when its modules are loaded, and begins when it is told the round on standard input.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { embeddedLog, type LogClient } from '@millrace/core'
import { contentOf, group, isAborted, keys, partitions, positionAfter, recordsIn, topics, type Acknowledged } from './content.ts'

const inFlight = 4
/** Compaction and retention all the time, so that a kill meets them. */
const maintenance = { retentionIntervalMs: 5, compactionIntervalMs: 5 }

/** Blocks until it is in the pipe: what is said has reached the parent, whenever the kill comes. */
function say(acknowledged: Acknowledged): void {
  writeSync(1, `${JSON.stringify(acknowledged)}\n`)
}

async function main(dir: string): Promise<void> {
  flushCompileCache() // killed processes do not come to it
  writeSync(1, 'ready\n')
  const [line] = (await once(process.stdin, 'data')) as [Buffer]
  const round = Number(line.toString())
  const log = await embeddedLog({ dir, maintenance })
  if ((await log.admin.listTopics()).length === 0) await log.admin.createTopics(topics)
  const sending = Array.from({ length: partitions }, (_, partition) => send(log, round, partition))
  const overwriting = (['kept', 'fading'] as const).map((topic) => overwrite(log, round, topic))
  await Promise.all([...sending, ...overwriting, flush(log, round), move(log, round), begin(log, round)])
}

async function send(log: LogClient, round: number, partition: number): Promise<never> {
  const producer = await log.producer()
  const waiting: Promise<void>[] = []
  for (let first = 0; ;) {
    const batch = producer.batch('sent', partition)
    const [start, count] = [first, 1 + (first % 17)]
    for (; first < start + count; first++) batch.append(`${first}`, contentOf(`${round}:${first}`, first), round)
    waiting.push(
      producer.send(batch).then(({ baseOffset }) => say({ kind: 'sent', partition, first: start, count, offset: baseOffset })),
    )
    if (waiting.length >= inFlight) await waiting.shift()
  }
}

async function flush(log: LogClient, round: number): Promise<never> {
  const producer = await log.producer()
  for (let next = 0; ;) {
    const end = next + 1 + (next % 29)
    for (; next < end; next++)
      producer.append('flushed', `${next}`, contentOf(`${round}:${next}`, next), { partition: 0, timestamp: round })
    await producer.flush()
    say({ kind: 'flushed', count: next })
  }
}

async function move(log: LogClient, round: number): Promise<never> {
  const producer = await log.producer({ transactionalId: 'mover' })
  for (let transaction = 0; ; transaction++) {
    const counts = recordsIn(transaction)
    const batches = counts.map((count, partition) => {
      const batch = producer.batch('moved', partition)
      for (let i = 0; i < count; i++)
        batch.append(null, contentOf(`${round}:${transaction}:${i}:${counts.join('/')}`, transaction), round)
      return batch
    })
    const positions = [{ topic: 'sent', partition: 0, offset: positionAfter(transaction), metadata: `${round}` }]
    const { appended } = await producer.transact({ batches, offsets: { group, positions } })
    say({ kind: 'moved', transaction, offsets: appended.map(({ baseOffset }) => baseOffset) })
  }
}

async function begin(log: LogClient, round: number): Promise<never> {
  const producer = await log.producer({ transactionalId: 'beginner' })
  for (let number = 0; ; number++) {
    const counts = recordsIn(number)
    const transaction = await producer.begin()
    for (const [partition, count] of counts.entries()) {
      const batch = producer.batch('begun', partition)
      for (let i = 0; i < count; i++) batch.append(null, contentOf(`${round}:${number}:${i}:${counts.join('/')}`, number), round)
      if (count > 0) await transaction.send(batch)
    }
    await (isAborted(number) ? transaction.abort() : transaction.commit())
    say({ kind: 'begun', transaction: number })
  }
}

/** One record after the other: what is removed meanwhile is told by the offsets. */
async function overwrite(log: LogClient, round: number, topic: 'kept' | 'fading'): Promise<never> {
  const producer = await log.producer()
  for (let sequence = 0; ; sequence++) {
    const batch = producer.batch(topic, 0)
    batch.append(`${sequence % keys}`, contentOf(`${round}:${sequence}`, sequence), Date.now())
    const { baseOffset } = await producer.send(batch)
    say({ kind: topic, sequence, offset: baseOffset })
  }
}

await main(process.argv[2] ?? '')
