import { expect } from 'vitest'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { Consumer, Isolation } from '../client/consumer.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { Producer } from '../client/producer.ts'

/**
 * A workload whose every submission is known, so that a recovered log can be compared exactly: it must hold the first K
 * submissions, whole, for some K that covers everything acknowledged (LOG-1, 2, 3 and TXN-1 in one).
 */
export interface Write {
  readonly to: TopicPartition
  readonly values: readonly string[]
}

export interface Submission {
  readonly writes: readonly Write[]
  /** Committed in the same transaction. */
  readonly groupOffset: number | null
  readonly transactional: boolean
}

const group = 'g'
const places: readonly TopicPartition[] = [
  { topic: 'a', partition: 0 },
  { topic: 'a', partition: 1 },
  { topic: 'b', partition: 0 },
]

export class History {
  readonly submissions: Submission[] = []
  /** How many submissions from the start are acknowledged. They are acknowledged in order. */
  acknowledged = 0

  async append(producer: Producer, to: TopicPartition, values: readonly string[]): Promise<void> {
    const batch = producer.batch(to.topic, to.partition)
    for (const value of values) batch.append(`key of ${value}`, value, this.submissions.length)
    await this.submit({ writes: [{ to, values }], groupOffset: null, transactional: false }, producer.send(batch))
  }

  async transact(producer: Producer, writes: readonly Write[], groupOffset: number): Promise<void> {
    const batches = writes.map(({ to, values }) => {
      const batch = producer.batch(to.topic, to.partition)
      for (const value of values) batch.append(null, value, this.submissions.length)
      return batch
    })
    const offsets = { group, positions: [{ topic: 'a', partition: 0, offset: groupOffset }] }
    await this.submit({ writes, groupOffset, transactional: true }, producer.transact({ batches, offsets }))
  }

  private async submit(submission: Submission, done: Promise<unknown>): Promise<void> {
    const count = this.submissions.push(submission)
    await done
    this.acknowledged = Math.max(this.acknowledged, count)
  }

  /** Finds the K, and checks that the log holds exactly that. Returns K. */
  async check(log: EmbeddedLog, acknowledged: number): Promise<number> {
    const found = await contents(log)
    const through = this.matching(found)
    expect(through, `${JSON.stringify(found)} is no prefix of what was submitted`).toBeGreaterThanOrEqual(acknowledged)
    const committed = await log.admin.groupOffsets(group)
    const expected = this.submissions.slice(0, through).findLast(({ groupOffset }) => groupOffset !== null)?.groupOffset
    expect(committed.map(({ offset }) => offset)).toEqual(expected === undefined ? [] : [expected])
    return through
  }

  /** The largest K of which the log holds exactly the first K submissions; -1 when there is none. */
  private matching(found: readonly (readonly string[])[]): number {
    const wanted = JSON.stringify(found)
    const records = found.flat().length
    let expected = this.submissions.reduce((sum, submission) => sum + recordsIn(submission), 0)
    for (let through = this.submissions.length; through >= 0; through--) {
      if (expected === records && JSON.stringify(expectedAfter(this.submissions.slice(0, through))) === wanted) return through
      if (through > 0) expected -= recordsIn(this.submissions[through - 1]!)
    }
    return -1
  }
}

function recordsIn({ writes }: Submission): number {
  return writes.reduce((sum, { values }) => sum + values.length, 0)
}

function expectedAfter(submissions: readonly Submission[]): string[][] {
  const found = new Map<string, string[]>(places.map((place) => [partitionName(place), []]))
  for (const { writes } of submissions) for (const { to, values } of writes) found.get(partitionName(to))!.push(...values)
  return [...found.values()]
}

/** The values of every partition, read committed; a topic that is not there has none. */
async function contents(log: EmbeddedLog): Promise<string[][]> {
  const found: string[][] = []
  for (const place of places) found.push(await valuesOf(log, place, 'read_committed'))
  return found
}

async function valuesOf(log: EmbeddedLog, place: TopicPartition, isolation: Isolation): Promise<string[]> {
  const [topic] = await log.admin.describeTopics([place.topic])
  if (!topic) return []
  const consumer = await log.consumer({ isolation })
  await consumer.assign([{ ...place, offset: 'earliest' }])
  const values = await drain(consumer, place, await end(log, place, isolation))
  await consumer.close()
  return values
}

async function end(log: EmbeddedLog, place: TopicPartition, isolation: Isolation): Promise<number> {
  const [latest, stable] = await log.admin.listOffsets([
    { ...place, at: 'latest' },
    { ...place, at: 'stable' },
  ])
  expect(stable, 'a transaction is open').toBe(latest) // LOG-7, TXN-6: no transaction of ours is ever seen open
  return isolation === 'read_committed' ? stable! : latest!
}

/** Reads to the offset `until`; offsets rise strictly (LOG-4). */
async function drain(consumer: Consumer, place: TopicPartition, until: number): Promise<string[]> {
  const values: string[] = []
  let last = -1
  while (consumer.position(place) < until) {
    for (const batch of await consumer.poll()) {
      for (const { offset, value } of batch.toArray()) {
        if (offset <= last) throw new Error(`offset ${offset} follows ${last}`)
        last = offset
        values.push(Buffer.from(value!).toString())
      }
    }
  }
  return values
}
