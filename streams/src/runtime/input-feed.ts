import type { ConsumedBatch, Consumer } from '@millrace/core'
import { partitionName } from '@millrace/core'
import type { InputQueue } from './input-queue.ts'

/**
 * Brings batches from the consumer into the bounded queues of the tasks.
 *
 * Invariants
 *   F1  A partition whose queue is full is paused; RxJS has no back pressure, so it ends here.
 *   F2  A bounded partition is not read beyond its end.
 */
const pollBytes = 4 << 20
const pauseBytes = 2 << 20
const resumeBytes = 1 << 20

export class InputFeed {
  private readonly consumer: Consumer
  private readonly inputs: ReadonlyMap<string, InputQueue>
  private readonly paused = new Set<InputQueue>()

  constructor(consumer: Consumer, inputs: readonly InputQueue[]) {
    this.consumer = consumer
    this.inputs = new Map(inputs.map((input) => [partitionName(input), input]))
  }

  async open(): Promise<void> {
    await this.consumer.assign(
      [...this.inputs.values()].map(({ topic, partition, position }) => ({ topic, partition, offset: position })),
    )
  }

  /** Polls once, waiting up to `timeoutMs` for something to come. */
  async fill(timeoutMs: number): Promise<void> {
    this.regulate()
    if (this.paused.size === this.inputs.size && timeoutMs === 0) return
    const batches = await this.consumer.poll({ maxBytes: pollBytes, timeoutMs })
    for (const input of this.inputs.values()) if (!this.paused.has(input)) input.caughtUp = true
    let bytes = 0
    for (const batch of batches) {
      this.take(batch)
      bytes += batch.sizeBytes
    }
    if (bytes >= pollBytes) for (const input of this.inputs.values()) input.caughtUp = false
    for (const input of this.inputs.values()) input.skipTo(this.consumer.position(input))
  }

  private take(batch: ConsumedBatch): void {
    const input = this.inputs.get(partitionName(batch))!
    input.push(batch)
    input.caughtUp = false
  }

  private regulate(): void {
    for (const input of this.inputs.values()) {
      const full = input.sizeBytes >= pauseBytes || this.consumer.position(input) >= input.limit
      if (full && !this.paused.has(input)) {
        this.paused.add(input)
        this.consumer.pause([input])
      } else if (this.paused.has(input) && input.sizeBytes <= resumeBytes && this.consumer.position(input) < input.limit) {
        this.paused.delete(input)
        this.consumer.resume([input])
      }
    }
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }
}
