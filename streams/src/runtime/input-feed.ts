import { partitionName, type ConsumedBatch, type Consumer } from '@millrace/core'
import type { InputQueue } from './input-queue.ts'

/**
 * Brings batches from the consumer into the bounded queues of the tasks.
 *
 * Invariants
 *   F1  A partition whose queue is full is paused until half of it is gone; RxJS has no back pressure, so it ends here.
 *   F2  A bounded partition is not read on once its end is reached.
 *   F3  `caughtUp` says of a queue that the log has nothing more for it: the last poll had room left and brought it nothing.
 *   F4  Inputs come and go with their tasks. What a poll that was under way brings for one that has gone is nobody's.
 *   F5  A poll that `nudge` has overtaken goes on, and the next `fill` waits for it again: what it brings comes from nowhere else.
 */
const pollBytes = 4 << 20
/** What all queues may hold, and one of them at the most and at the least. */
const totalBytes = 64 << 20
const largestQueueBytes = 2 << 20
const smallestQueueBytes = 256 << 10

/** What it needs of a consumer. */
export type FeedConsumer = Pick<Consumer, 'poll' | 'position' | 'seek' | 'pause' | 'resume' | 'close'>

export class InputFeed {
  private readonly consumer: FeedConsumer
  private readonly inputs = new Map<string, InputQueue>()
  private readonly paused = new Set<InputQueue>()
  private queueBytes = largestQueueBytes
  private polling: Promise<readonly ConsumedBatch[]> | null = null
  /** Ends the present wait of `fill`. */
  private overtake: (() => void) | null = null
  private isStopped = false
  /** Records so far. */
  received = 0
  /** Resumed while a poll was on its way: it may not have looked at them. */
  private readonly unseen = new Set<InputQueue>()

  constructor(consumer: FeedConsumer) {
    this.consumer = consumer
  }

  /** Reads these, too, each from its position. They are assigned to the consumer, and paused. */
  add(inputs: readonly InputQueue[]): void {
    for (const input of inputs) {
      this.inputs.set(partitionName(input), input)
      this.consumer.seek(input, input.position)
      this.resume(input)
    }
    this.share()
  }

  /** They are read no more; the consumer may have let go of them already. */
  remove(inputs: readonly InputQueue[]): void {
    for (const input of inputs) {
      this.inputs.delete(partitionName(input))
      this.paused.delete(input)
      this.unseen.delete(input)
    }
    this.share()
  }

  private share(): void {
    const share = totalBytes / Math.max(1, this.inputs.size)
    this.queueBytes = Math.min(largestQueueBytes, Math.max(smallestQueueBytes, share))
  }

  /** Polls once, waiting up to `timeoutMs` for something to come. */
  async fill(timeoutMs: number): Promise<void> {
    this.regulate()
    const isNew = this.polling === null
    if (this.isStopped || (this.paused.size === this.inputs.size && timeoutMs === 0 && isNew)) return
    this.polling ??= this.poll(this.isUnsure ? 0 : timeoutMs)
    const batches = await this.first(this.polling, !isNew && timeoutMs === 0)
    if (batches === null) return
    this.polling = null
    this.take(batches)
  }

  /** Takes part in what its group does, and reads nothing more. */
  async rest(): Promise<void> {
    if (this.isStopped) return
    for (const input of this.inputs.values()) if (!this.paused.has(input)) this.pause(input)
    this.polling ??= this.poll(0)
    const batches = await this.first(this.polling, false)
    if (batches === null) return
    this.polling = null
    this.take(batches)
  }

  /** Of a queue nobody knows whether the log has more for it: that is found out before anything is waited for. */
  private get isUnsure(): boolean {
    for (const input of this.inputs.values()) if (!input.caughtUp && !this.paused.has(input)) return true
    return false
  }

  /** What the poll gives; null when somebody overtakes it, or `atOnce` when it has nothing yet. */
  private async first(poll: Promise<readonly ConsumedBatch[]>, atOnce: boolean): Promise<readonly ConsumedBatch[] | null> {
    const overtaken = Promise.withResolvers<null>()
    this.overtake = () => overtaken.resolve(null)
    if (atOnce) this.overtake()
    try {
      return await Promise.race([poll, overtaken.promise])
    } finally {
      this.overtake = null
    }
  }

  private poll(timeoutMs: number): Promise<readonly ConsumedBatch[]> {
    const poll = this.consumer.poll({ maxBytes: pollBytes, timeoutMs })
    poll.catch(() => {
      // Of a poll that nobody waits for any more.
    })
    return poll
  }

  /** A poll is on its way that the last `fill` did not wait for. */
  get isPolling(): boolean {
    return this.polling !== null
  }

  /** Ends the wait of a `fill` that is under way. */
  nudge(): void {
    this.overtake?.()
  }

  /** Ends the wait of `fill`, now and for good: the instance stops. */
  wake(): void {
    this.isStopped = true
    this.nudge()
  }

  private take(batches: readonly ConsumedBatch[]): void {
    const bytes = batches.reduce((sum, batch) => sum + batch.sizeBytes, 0)
    for (const input of this.inputs.values()) {
      input.caughtUp = bytes < pollBytes && !this.paused.has(input) && !this.unseen.has(input)
    }
    this.unseen.clear()
    for (const batch of batches) {
      const input = this.inputs.get(partitionName(batch))
      if (input === undefined) continue
      input.push(batch)
      this.received += batch.count
      input.caughtUp = false
    }
    for (const input of this.inputs.values()) input.reach(this.consumer.position(input))
  }

  private regulate(): void {
    for (const input of this.inputs.values()) {
      const atEnd = this.consumer.position(input) >= input.limit
      if (!this.paused.has(input)) {
        if (atEnd || input.sizeBytes >= this.queueBytes) this.pause(input)
      } else if (!atEnd && input.sizeBytes <= this.queueBytes / 2) this.resume(input)
    }
  }

  private pause(input: InputQueue): void {
    this.paused.add(input)
    this.consumer.pause([input])
  }

  private resume(input: InputQueue): void {
    this.paused.delete(input)
    if (this.isPolling) this.unseen.add(input)
    this.consumer.resume([input])
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }
}
