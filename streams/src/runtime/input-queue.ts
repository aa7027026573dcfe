import type { ConsumedBatch, ConsumedRecord } from '@millrace/core'

/**
 * The records of one input partition that wait for their task, in offset order.
 *
 * Invariants
 *   Q1  `position` is the next offset that the task has not processed: everything before it belongs to the open step.
 *   Q2  Records from `limit` on are never handed out: a bounded input ends there.
 */
export class InputQueue {
  readonly topic: string
  readonly partition: number
  /** Where a bounded input ends; Infinity while it does not. */
  limit: number = Infinity
  /** The log has nothing more for it now. */
  caughtUp = false
  private batches: ConsumedBatch[] = []
  private records: readonly ConsumedRecord[] = []
  private next = 0
  private current: ConsumedBatch | null = null
  private bytes = 0
  private at: number

  constructor(topic: string, partition: number, position: number) {
    this.topic = topic
    this.partition = partition
    this.at = position
  }

  get position(): number {
    return this.at
  }

  /** Bytes of the batches that wait. */
  get sizeBytes(): number {
    return this.bytes
  }

  get hasEnded(): boolean {
    return this.at >= this.limit
  }

  push(batch: ConsumedBatch): void {
    this.batches.push(batch)
    this.bytes += batch.sizeBytes
  }

  /** Nothing waits, and the log's position is there: markers and gaps in between count as processed. */
  skipTo(position: number): void {
    if (this.peek() === undefined && position > this.at) this.at = position
  }

  /** The next record; undefined when none waits. */
  peek(): ConsumedRecord | undefined {
    for (;;) {
      const record = this.records[this.next]
      if (record !== undefined) return record.offset < this.limit ? record : undefined
      if (!this.advance()) return undefined
    }
  }

  /** Turns to the next batch; the position moves past what the last one held behind its records. */
  private advance(): boolean {
    if (this.current !== null) {
      this.at = Math.max(this.at, this.current.nextOffset)
      this.bytes -= this.current.sizeBytes
      this.current = null
      this.records = []
      this.next = 0
    }
    const batch = this.batches.shift()
    if (batch === undefined) return false
    this.current = batch
    this.records = batch.toArray()
    this.next = 0
    return true
  }

  /** The record that `peek` gave is processed. */
  take(record: ConsumedRecord): void {
    this.next++
    this.at = record.offset + 1
  }
}
