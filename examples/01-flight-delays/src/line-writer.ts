import type { OutgoingBatch, Producer } from '@millrace/core'
import { positionsTopic, writePosition } from './positions.ts'
import type { Line, Source } from './source.ts'

/** Large enough that a transaction costs little a line, small enough for one frame of the journal (16 MiB). */
const linesPerTransaction = 10_000

/** Gathers lines and commits them with the position behind them, one transaction after the other. */
export class LineWriter<V> {
  private readonly producer: Producer
  private readonly source: Source<V>
  private batches: OutgoingBatch[] = []
  private committedLine: number
  private nextLine: number
  private committing: Promise<unknown> = Promise.resolve()

  constructor(producer: Producer, source: Source<V>, nextLine: number) {
    this.producer = producer
    this.source = source
    this.committedLine = nextLine
    this.nextLine = nextLine
  }

  get isFull(): boolean {
    return this.nextLine - this.committedLine >= linesPerTransaction
  }

  append({ key, value, timestamp }: Line<V>): void {
    this.batchFor(key).append(key, this.source.value.write(value), timestamp)
    this.nextLine++
  }

  private batchFor(key: string): OutgoingBatch {
    const partition = this.producer.partitionOf(this.source.topic, key)
    return (this.batches[partition] ??= this.producer.batch(this.source.topic, partition))
  }

  /**
   * Starts a transaction as soon as the one before is durable, and does not wait for it: the next lines are gathered
   * meanwhile. Returns how many lines are durable.
   */
  async commit(): Promise<number> {
    await this.committing
    const durable = this.committedLine
    this.committing = this.producer.transact({ batches: [...this.batches.filter(Boolean), this.position()] })
    this.committing.catch(() => {}) // the next await reports it
    this.batches = []
    this.committedLine = this.nextLine
    return durable
  }

  private position(): OutgoingBatch {
    const batch = this.producer.batch(positionsTopic, 0)
    batch.append(this.source.topic, writePosition({ file: this.source.file, nextLine: this.nextLine }), Date.now())
    return batch
  }

  /** Commits what is left. */
  async finish(): Promise<number> {
    if (this.nextLine > this.committedLine) await this.commit()
    await this.committing
    return this.committedLine
  }
}
