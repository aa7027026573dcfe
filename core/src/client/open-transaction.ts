import type { Bytes } from '../base/bytes.ts'
import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import type { GroupCommit, ProducerIdentity } from '../broker/transaction-work.ts'
import type { Taken } from '../broker/transactions.ts'
import type { AppendOptions, AppendResult, OffsetCommit, OutgoingBatch } from './producer.ts'
import type { Transaction } from './transaction.ts'
import type { PartedBatch } from './parted-batch.ts'
import { endsProducer, groupCommit, isWithoutEffect, takeAll, type TakenBatch } from './taken-batches.ts'

/**
 * A transaction of a producer, over the ordinary steps of its end of the log.
 *
 * Invariants
 *   E1  Writes are handed to the log in the order of the calls; each waits until the one before it has its offsets.
 *   E2  After a write that failed nothing more is written, and the transaction can only be aborted.
 *   E3  Partitions join with their first batch (KIP-890), so a transaction that wrote nothing is unknown to the log.
 */
export interface TransactionHost<Batch extends PartedBatch, Frame> {
  readonly id: string
  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean
  own(batch: OutgoingBatch): Batch
  /** The batches as the log takes them at once. */
  framesOf(batches: readonly TakenBatch<Batch>[]): readonly Frame[]
  /** Resolves when they have their offsets. */
  produce(by: ProducerIdentity, frame: Frame): Promise<Taken>
  /** Resolves when they are durable. */
  commitOffsets(by: ProducerIdentity, offsets: GroupCommit): Promise<void>
  /** Resolves to who writes the next one. */
  end(by: ProducerIdentity, kind: 'commit' | 'abort'): Promise<ProducerIdentity>
  /** Hands over what was appended, to one partition or to all. */
  submit(batch?: Batch): void
  /** Resolves when the topics are made that records wait for; null when none do. */
  awaited(): Promise<unknown> | null
  /** Throws away what was appended and not yet handed over. */
  drop(): void
  /** It is over; `next` writes the next one. */
  ended(next: ProducerIdentity): void
  /** Nothing more can come of this producer. */
  broken(error: MillraceError): void
}

type State = 'open' | 'ending' | 'ended'

const settled: Promise<unknown> = Promise.resolve()

export class OpenTransaction<Batch extends PartedBatch, Frame> implements Transaction {
  private readonly host: TransactionHost<Batch, Frame>
  private readonly by: ProducerIdentity
  private state: State = 'open'
  private hasWritten = false
  /** Settles when the last write has its offsets. */
  private staged: Promise<unknown> = settled
  /** Settles, never fails, when all writes are answered. */
  private answered: Promise<unknown> = settled
  private failure: Error | null = null
  private ending: Promise<void> = Promise.resolve()

  constructor(host: TransactionHost<Batch, Frame>, by: ProducerIdentity) {
    this.host = host
    this.by = by
  }

  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean {
    this.assertWritable()
    return this.host.append(topic, key, value, options)
  }

  async send(batch: OutgoingBatch): Promise<AppendResult> {
    this.assertWritable()
    const owned = this.host.own(batch)
    this.host.submit(owned) // what was appended before goes before
    return this.write(owned)
  }

  private async write(batch: Batch): Promise<AppendResult> {
    const { topic, partition, count } = batch
    const parts = batch.take()
    const frames = this.host.framesOf([{ batch, parts }])
    const taken = await this.inOrder(frames, (frame) => this.stage(frame)).catch((error: unknown) => {
      if (frames.length === 1 && isWithoutEffect(error)) batch.giveBack(parts)
      throw error
    })
    return { topic, partition, baseOffset: taken[0]?.baseOffsets[0] ?? -1, count }
  }

  /** Hands over what was appended, behind everything before it; resolves when it is durable. */
  async writeAll(batches: readonly Batch[]): Promise<void> {
    await this.inOrder(this.host.framesOf(takeAll(batches)), (frame) => this.stage(frame))
  }

  private stage(frame: Frame): Promise<Taken> {
    return this.host.produce(this.by, frame)
  }

  async sendOffsets(offsets: OffsetCommit): Promise<void> {
    this.assertWritable()
    const commit = groupCommit(offsets)
    await this.inOrder([commit], async () => {
      const durable = this.host.commitOffsets(this.by, commit)
      return { baseOffsets: [], durable }
    })
  }

  /** Stages one after the other behind what was handed over before (E1); resolves when all of it is durable. */
  private inOrder<T>(pieces: readonly T[], stage: (piece: T) => Promise<Taken>): Promise<readonly Taken[]> {
    const mine = this.staged.then(async () => {
      const taken: Taken[] = []
      for (const piece of pieces) taken.push(await this.stageOne(piece, stage))
      return taken
    })
    this.staged = mine.catch(ignore)
    const done = this.answer(mine)
    this.answered = Promise.all([this.answered, done.catch(ignore)])
    return done
  }

  private async stageOne<T>(piece: T, stage: (piece: T) => Promise<Taken>): Promise<Taken> {
    if (this.failure !== null) throw this.mustAbort(this.failure)
    this.hasWritten = true
    try {
      return await stage(piece)
    } catch (error) {
      throw this.failed(error)
    }
  }

  private async answer(staged: Promise<readonly Taken[]>): Promise<readonly Taken[]> {
    const taken = await staged
    try {
      await Promise.all(taken.map(({ durable }) => durable))
      return taken
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** A write of this transaction has failed: it can only be aborted. Returns the error. */
  failed(error: unknown): unknown {
    this.failure ??= error as Error
    this.reportBroken(error)
    return error
  }

  commit(): Promise<void> {
    return this.finish(async () => {
      const awaited = this.host.awaited()
      if (awaited !== null) await awaited
      this.host.submit()
      await this.answered
      if (this.failure !== null) throw this.mustAbort(this.failure)
      await this.end('commit')
    })
  }

  abort(): Promise<void> {
    return this.finish(async () => {
      this.host.drop()
      await this.answered
      await this.end('abort')
    })
  }

  private async finish(work: () => Promise<void>): Promise<void> {
    this.assertNotEnded()
    this.state = 'ending'
    this.ending = work()
    try {
      await this.ending
    } catch (error) {
      this.goOn(error)
      throw error
    }
  }

  private async end(kind: 'commit' | 'abort'): Promise<void> {
    const next = this.hasWritten ? await this.host.end(this.by, kind) : this.by
    this.state = 'ended'
    this.host.ended(next)
  }

  /** What failed may be tried again, or be aborted; unless the producer itself is done for. */
  private goOn(error: unknown): void {
    this.state = 'open'
    this.reportBroken(error)
  }

  private reportBroken(error: unknown): void {
    if (endsProducer(error)) this.host.broken(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ending.catch(ignore)
    if (this.state !== 'open') return
    await this.abort().catch((error: unknown) => {
      // Who has taken over has aborted it.
      if (!(error instanceof MillraceError) || error.outcome !== 'fenced') throw error
    })
  }

  private assertWritable(): void {
    this.assertNotEnded()
    if (this.failure !== null) throw this.mustAbort(this.failure)
  }

  private assertNotEnded(): void {
    if (this.state === 'open') return
    throw coreError('TRANSACTION_ENDED', {
      what: this.state === 'ended' ? 'the transaction was committed or aborted' : 'the transaction is being committed or aborted',
      where: this.host.id,
    })
  }

  /** What ended the producer is told as it was; everything else only ends this transaction. */
  private mustAbort(cause: Error): Error {
    if (endsProducer(cause)) return cause
    return coreError('TRANSACTION_MUST_ABORT', {
      what: `a write of the transaction failed (${cause.message})`,
      where: this.host.id,
      cause,
    })
  }
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
