import type { ConsumedBatch, ConsumedRecord } from '@millrace/core'

/**
 * The records of one input partition that wait for their task, in offset order.
 *
 * Invariants
 *   Q1  `position` is the next offset that the task has not processed: everything before it belongs to the open step.
 *   Q2  Records from `limit` on are never handed out, and `position` never passes it: a bounded input ends there.
 *   Q3  Markers and gaps count as processed as soon as every record before them is.
 */
export class InputQueue {
  readonly topic: string
  readonly partition: number
  /** Where a bounded input ends; Infinity while it does not. */
  limit: number = Infinity
  /** The user lets it rest: nothing is taken from it, and nobody waits for it. */
  isPaused = false
  /** The log has nothing more for it now. */
  caughtUp = false
  /** Records taken, and bytes of the batches that they came in. */
  taken = 0
  begunBytes = 0
  private batches: ConsumedBatch[] = []
  private records: readonly ConsumedRecord[] = []
  private next = 0
  private current: ConsumedBatch | null = null
  private bytes = 0
  /** The offset behind the last record that was taken, or the last batch that was left. */
  private at: number
  /** Where the reader of the log stands. */
  private read: number

  constructor(topic: string, partition: number, position: number) {
    this.topic = topic
    this.partition = partition
    this.at = position
    this.read = position
  }

  get position(): number {
    const next = this.peek()
    return next === undefined ? Math.max(this.at, Math.min(this.nothingBefore, this.limit)) : this.at
  }

  /** No record that may be handed out stands before this offset. */
  private get nothingBefore(): number {
    return this.records[this.next]?.offset ?? this.read
  }

  /** Records that wait. */
  get waiting(): number {
    return this.batches.reduce((sum, { count }) => sum + count, this.records.length - this.next)
  }

  /** Bytes of the batches that wait. */
  get sizeBytes(): number {
    return this.bytes
  }

  get hasEnded(): boolean {
    return this.position >= this.limit
  }

  push(batch: ConsumedBatch): void {
    this.batches.push(batch)
    this.bytes += batch.sizeBytes
  }

  /** The reader of the log stands there: everything before it was pushed. */
  reach(position: number): void {
    this.read = position
  }

  /** The next record; undefined when none waits. */
  peek(): ConsumedRecord | undefined {
    for (;;) {
      const record = this.records[this.next]
      if (record !== undefined) return record.offset < this.limit ? record : undefined
      if (!this.advance()) return undefined
    }
  }

  /** Turns to the next batch. */
  private advance(): boolean {
    if (this.current !== null) {
      this.at = Math.max(this.at, Math.min(this.current.nextOffset, this.limit))
      this.bytes -= this.current.sizeBytes
      this.records = []
      this.next = 0
    }
    this.current = this.batches.shift() ?? null
    if (this.current === null) return false
    this.begunBytes += this.current.sizeBytes
    this.records = this.current.toArray()
    return true
  }

  /** The record that `peek` gave is processed. */
  take(record: ConsumedRecord): void {
    this.next++
    this.taken++
    this.at = record.offset + 1
  }
}
