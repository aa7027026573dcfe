import { describe, expect, test } from 'vitest'
import { partitionName, type ConsumedBatch, type PollOptions, type TopicPartition } from '@millrace/core'
import { batchAt } from './consumed-batch.fixtures.ts'
import { InputFeed, type FeedConsumer } from './input-feed.ts'
import { InputQueue } from './input-queue.ts'

const MiB = 1 << 20

/** Gives the batches that a test has put in, partition by partition, and keeps what it was told. */
class ScriptedConsumer implements FeedConsumer {
  readonly paused = new Set<string>()
  readonly polls: PollOptions[] = []
  closed = false
  private readonly positions = new Map<string, number>()
  private readonly waiting: ConsumedBatch[] = []
  private later: Promise<void> | null = null

  give(topic: string, sizeBytes: number, ...offsets: number[]): void {
    this.waiting.push({ ...batchAt(offsets), topic, sizeBytes })
  }

  /** The next poll answers once the function is called that comes back. */
  answerLater(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.later = promise
    return resolve
  }

  async poll(options: PollOptions = {}): Promise<readonly ConsumedBatch[]> {
    this.polls.push(options)
    const { later } = this
    this.later = null
    if (later !== null) await later
    const taken = this.waiting.filter((batch) => !this.paused.has(partitionName(batch)))
    for (const batch of taken) {
      this.waiting.splice(this.waiting.indexOf(batch), 1)
      this.positions.set(partitionName(batch), batch.nextOffset)
    }
    if (taken.length === 0 && options.timeoutMs! > 0 && later === null) return new Promise(() => {})
    return taken
  }

  position(of: TopicPartition): number {
    return this.positions.get(partitionName(of))!
  }

  seek(to: TopicPartition, offset: number): void {
    this.positions.set(partitionName(to), offset)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.paused.add(partitionName(partition))
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.paused.delete(partitionName(partition))
  }

  async close(): Promise<void> {
    this.closed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function feeding(...topics: string[]): Promise<{ consumer: ScriptedConsumer; feed: InputFeed; queues: InputQueue[] }> {
  const consumer = new ScriptedConsumer()
  const queues = topics.map((topic) => new InputQueue(topic, 0, 0))
  const feed = new InputFeed(consumer)
  feed.add(queues)
  return { consumer, feed, queues }
}

function drain(queue: InputQueue): void {
  for (let record = queue.peek(); record !== undefined; record = queue.peek()) queue.take(record)
}

describe('the feed', () => {
  test('stops a partition whose queue is full, and lets it go on when half of it is gone', async () => {
    const { consumer, feed, queues } = await feeding('in', 'other')
    const [queue] = queues as [InputQueue]
    consumer.give('in', MiB, 0)
    consumer.give('in', MiB, 1)
    await feed.fill(0)
    await feed.fill(0)
    expect([...consumer.paused]).toEqual(['in-0'])
    consumer.give('in', MiB, 2)
    consumer.give('other', 100, 0)
    await feed.fill(0)
    expect(queue.sizeBytes).toBe(2 * MiB)
    expect(queues[1]!.sizeBytes).toBe(100)
    queue.take(queue.peek()!)
    queue.peek()
    await feed.fill(0)
    expect([...consumer.paused]).toEqual([])
    expect(queue.sizeBytes).toBe(2 * MiB)
  })

  test('gives many partitions smaller queues', async () => {
    const { consumer, feed } = await feeding('in', ...Array.from({ length: 300 }, (_, index) => `other${index}`))
    consumer.give('in', MiB / 4, 0)
    await feed.fill(0)
    await feed.fill(0)
    expect([...consumer.paused]).toEqual(['in-0'])
  })

  test('does not read on behind the end of a bounded partition, and asks for nothing when all are there', async () => {
    const { consumer, feed, queues } = await feeding('in')
    queues[0]!.limit = 2
    consumer.give('in', 100, 0, 1, 2)
    await feed.fill(0)
    await feed.fill(0)
    expect([...consumer.paused]).toEqual(['in-0'])
    const { length } = consumer.polls
    await feed.fill(0)
    expect(consumer.polls).toHaveLength(length)
  })

  test('knows which queues are empty because the log has no more', async () => {
    const { consumer, feed, queues } = await feeding('in', 'other')
    consumer.give('in', 100, 0)
    await feed.fill(0)
    expect(queues.map(({ caughtUp }) => caughtUp)).toEqual([false, true])
    drain(queues[0]!)
    await feed.fill(0)
    expect(queues.map(({ caughtUp }) => caughtUp)).toEqual([true, true])
  })

  test('does not know it when the poll had no room left', async () => {
    const { consumer, feed, queues } = await feeding('in', 'other')
    consumer.give('in', 4 * MiB, 0)
    await feed.fill(0)
    expect(queues.map(({ caughtUp }) => caughtUp)).toEqual([false, false])
  })

  test('moves positions past what holds no records', async () => {
    const { consumer, feed, queues } = await feeding('in')
    consumer.seek({ topic: 'in', partition: 0 }, 7)
    await feed.fill(0)
    expect(queues[0]!.position).toBe(7)
  })

  test('does not lose what a poll brings that was overtaken', async () => {
    const { consumer, feed, queues } = await feeding('in', 'other')
    const answer = consumer.answerLater()
    const filling = feed.fill(1_000_000)
    feed.nudge()
    await filling
    expect(feed.isPolling).toBe(true)
    await feed.fill(0)
    expect(queues[0]!.sizeBytes).toBe(0)
    consumer.give('in', 100, 0)
    answer()
    await feed.fill(1_000_000)
    expect(queues[0]!.sizeBytes).toBe(100)
    expect(feed.isPolling).toBe(false)
    expect(consumer.polls).toHaveLength(1)
    expect(queues.map(({ caughtUp }) => caughtUp)).toEqual([false, true])
  })

  test('does not take a queue for caught up that a poll on its way may not have looked at', async () => {
    const { consumer, feed, queues } = await feeding('in', 'other')
    consumer.give('in', 2 * MiB, 0)
    await feed.fill(0)
    const answer = consumer.answerLater()
    const filling = feed.fill(1_000_000)
    expect([...consumer.paused]).toEqual(['in-0'])
    feed.nudge()
    await filling
    drain(queues[0]!)
    const again = feed.fill(1_000_000)
    expect([...consumer.paused]).toEqual([])
    answer()
    await again
    expect(queues.map(({ caughtUp }) => caughtUp)).toEqual([false, true])
    await feed.fill(0)
    expect(queues.map(({ caughtUp }) => caughtUp)).toEqual([true, true])
  })

  test('wakes from a wait, then and for good', async () => {
    const { feed } = await feeding('in')
    const filling = feed.fill(1_000_000)
    feed.wake()
    await filling
    await feed.fill(1_000_000)
  })

  test('closes its consumer', async () => {
    const { consumer, feed } = await feeding('in')
    await feed.close()
    expect(consumer.closed).toBe(true)
  })
})
