import type { Bytes } from '../../base/bytes.ts'
import type { MillraceError } from '../../base/errors.ts'
import { readOptions } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Partition } from '../../broker/partition.ts'
import type { GroupCommit, ProducerIdentity, TransactionBatch } from '../../broker/transaction-work.ts'
import type { Compression } from '../../record/compression.ts'
import {
  bufferFull,
  closedProducer,
  foreignBatch,
  notTransactional,
  transactionalOnly,
  transactionOpen,
} from '../producer-refusals.ts'
import type {
  AppendOptions,
  AppendResult,
  OutgoingBatch,
  Producer,
  ProducerOptions,
  TransactionResult,
  TransactionWork,
} from '../producer.ts'
import type { Transaction } from '../transaction.ts'
import type { SizeHint } from '../parted-batch.ts'
import { checkAppendOptions } from '../append-options.ts'
import { endsProducer, groupCommit, isWithoutEffect, takeAll, type TakenBatch as Taken } from '../taken-batches.ts'
import { AppendFrames, submitBytes } from './append-frames.ts'
import { AwaitedTopics, type AwaitedTopicsHost } from '../awaited-topics.ts'
import { EmbeddedBatch } from './embedded-batch.ts'
import { OpenTransaction, type TransactionHost } from '../open-transaction.ts'
import { Partitioner } from '../partitioner.ts'
import { noOffsets, producerRules, workRules, type ResolvedOptions } from '../producer-options.ts'
import { transactionBatches } from './transaction-batches.ts'

/**
 * The producer of the embedded log: records go from the caller straight into the slab of a record batch, and the round of
 * the journal is the linger.
 *
 * Plain appends carry no producer id: nothing is ever sent twice inside one process, so there is nothing to recognise.
 */
type TakenBatch = Taken<EmbeddedBatch>
type EmbeddedTransaction = OpenTransaction<EmbeddedBatch, readonly TransactionBatch[]>

const settled: Promise<unknown> = Promise.resolve()

export class EmbeddedProducer implements Producer {
  private readonly broker: Broker
  private readonly maxBufferedBytes: number
  private readonly compression: Compression
  private readonly transactionalId: string | null
  private identity: ProducerIdentity | null
  private readonly open = new Map<string, (EmbeddedBatch | undefined)[]>()
  private readonly partitioner: Partitioner
  private readonly frames: AppendFrames
  /** Null where topics are not made by being used. */
  private readonly awaited: AwaitedTopics | null
  private readonly hints = new WeakMap<Partition, SizeHint>()
  private bufferedBytes = 0
  private gathering = false
  /** Settles, never fails, when all that was handed over so far has been answered. */
  private inFlight: Promise<void> = Promise.resolve()
  /** What `inFlight` waits for. */
  private unsettled = 0
  /** The transaction handed over last, while it or one before it is not decided. */
  private lastTransaction: Promise<unknown> = settled
  private failure: Error | null = null
  /** The one that was begun and is not ended. */
  private transaction: EmbeddedTransaction | null = null
  /** Why this producer can write no more transactions: it is fenced, or what became of one is unknown. */
  private broken: MillraceError | null = null
  private waiting: (() => void)[] = []
  private closed = false

  private readonly onClose: (producer: EmbeddedProducer) => void

  private constructor(
    broker: Broker,
    options: ResolvedOptions,
    identity: ProducerIdentity | null,
    onClose: (producer: EmbeddedProducer) => void,
  ) {
    this.broker = broker
    this.partitioner = new Partitioner((topic) => broker.topics.get(topic).partitions, broker.directory.world.random)
    this.frames = new AppendFrames(broker.directory)
    this.awaited = broker.autoCreation === null ? null : new AwaitedTopics(broker.autoCreation, this.awaitedTopicsHost())
    this.onClose = onClose
    this.maxBufferedBytes = options.maxBufferedBytes
    this.compression = { codec: options.compression }
    this.transactionalId = options.transactionalId
    this.identity = identity
    if (this.transactionalId !== null) broker.transactions.expiry.hold(this.transactionalId)
  }

  static async open(
    broker: Broker,
    given: ProducerOptions,
    onClose: (producer: EmbeddedProducer) => void,
  ): Promise<EmbeddedProducer> {
    const options = readOptions<ResolvedOptions>('a producer', given, producerRules)
    const { transactionalId, transactionTimeoutMs } = options
    const identity = transactionalId === null ? null : await broker.transactions.open(transactionalId, transactionTimeoutMs)
    return new EmbeddedProducer(broker, options, identity, onClose)
  }

  /** What was appended and is not acknowledged. */
  get waitingBytes(): number {
    return this.bufferedBytes
  }

  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean {
    this.assertPlain()
    return this.appendRecord(topic, key, value, options)
  }

  private appendRecord(topic: string, key: Bytes, value: Bytes, options: AppendOptions | undefined): boolean {
    if (this.bufferedBytes >= 2 * this.maxBufferedBytes) {
      throw bufferFull(this.maxBufferedBytes, this.bufferedBytes)
    }
    if (options !== undefined) checkAppendOptions(options)
    if (this.awaited?.isAwaited(topic) === true) this.bufferedBytes += this.awaited.add(topic, key, value, options)
    else this.encode(topic, key, value, options)
    return this.bufferedBytes < this.maxBufferedBytes
  }

  private encode(topic: string, key: Bytes, value: Bytes, options: AppendOptions | undefined): void {
    const batch = this.openBatch(topic, options?.partition ?? this.partitioner.choose(topic, key))
    const before = batch.sizeBytes
    try {
      batch.append(key, value, options?.timestamp ?? this.broker.directory.world.clock.now(), options?.headers)
    } finally {
      this.bufferedBytes += batch.sizeBytes - before
    }
    if (batch.sizeBytes >= submitBytes) this.submitOpen(batch)
    else this.gatherSoon()
  }

  private awaitedTopicsHost(): AwaitedTopicsHost {
    return {
      now: () => this.broker.directory.world.clock.now(),
      write: (topic, key, value, options) => this.encode(topic, key, value, options),
      failed: (error) => {
        this.failure ??= error as Error
        this.transaction?.failed(error)
      },
      release: (sizeBytes) => this.release(sizeBytes),
    }
  }

  private openBatch(topic: string, partition: number): EmbeddedBatch {
    let batches = this.open.get(topic)
    if (batches === undefined) {
      this.broker.topics.get(topic)
      batches = []
      this.open.set(topic, batches)
    }
    return (batches[partition] ??= this.newBatch(topic, partition))
  }

  private newBatch(topic: string, partition: number): EmbeddedBatch {
    const log = this.broker.topics.logToWrite({ topic, partition })
    let hint = this.hints.get(log)
    if (hint === undefined) {
      hint = { bytes: 0 }
      this.hints.set(log, hint)
    }
    const { topics, directory } = this.broker
    const terms = {
      settings: topics.settings(topic),
      maxBytes: topics.maxMessageBytes(topic),
      compression: this.compression,
      clock: directory.world.clock,
    }
    return new EmbeddedBatch(this, log, terms, hint)
  }

  partitionOf(topic: string, key: Bytes): number {
    return this.partitioner.ofKey(topic, key)
  }

  private gatherSoon(): void {
    if (this.gathering) return
    this.gathering = true
    this.broker.directory.gatherBefore(() => {
      this.gathering = false
      this.submitAll()
    })
  }

  private submitAll(): void {
    if (this.transaction !== null) return this.submitTogether(this.transaction)
    for (const batches of this.open.values()) for (const batch of batches) if (batch !== undefined) this.submitOpen(batch)
  }

  /** In a transaction all partitions go in the same frames, so that they join it with one record. */
  private submitTogether(transaction: EmbeddedTransaction): void {
    const batches = [...this.open.values()].flat().filter((batch) => batch !== undefined)
    this.open.clear()
    this.partitioner.allClosed()
    if (batches.length > 0) this.follow(transaction.writeAll(batches), totalBytes(batches))
  }

  private submitOpen(batch: EmbeddedBatch): void {
    const { topic, partition, sizeBytes } = batch
    this.open.get(topic)![partition] = undefined
    this.partitioner.closed(topic, partition)
    this.follow(this.transaction?.writeAll([batch]) ?? this.frames.write(batch), sizeBytes)
  }

  private follow(written: Promise<unknown>, sizeBytes: number): void {
    this.waitFor(
      written.then(
        () => this.settle(sizeBytes),
        (error: unknown) => {
          this.failure ??= error as Error
          this.settle(sizeBytes)
        },
      ),
    )
  }

  /** `flush` waits for it. What is alone under way needs no chain. It ends with `settle`, however it ends. */
  private waitFor(done: Promise<void>): void {
    this.inFlight = this.unsettled++ === 0 ? done : this.inFlight.then(() => done)
  }

  private settle(sizeBytes: number): void {
    this.unsettled--
    this.release(sizeBytes)
  }

  private release(sizeBytes: number): void {
    this.bufferedBytes -= sizeBytes
    if (this.bufferedBytes >= this.maxBufferedBytes) return
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }

  batch(topic: string, partition: number): OutgoingBatch {
    this.assertOpen()
    return this.newBatch(topic, partition)
  }

  async send(batch: OutgoingBatch): Promise<AppendResult> {
    this.assertPlain()
    const owned = this.own(batch)
    this.submitBefore(owned)
    const done = this.write(owned)
    const settle = (): void => this.settle(0)
    this.waitFor(done.then(settle, settle)) // whoever sent it hears of its failure
    return done
  }

  /** What was appended before goes before. */
  private submitBefore({ topic, partition }: EmbeddedBatch): void {
    this.awaited?.isAwaited(topic)
    const appended = this.open.get(topic)?.[partition]
    if (appended !== undefined) this.submitOpen(appended)
  }

  /** Stages the batch at once, so that the order of calls is the order of the log; resolves when it is durable. */
  private async write(batch: EmbeddedBatch): Promise<AppendResult> {
    const { log, count } = batch
    const parts = batch.take()
    try {
      const { baseOffsets, durable } = this.broker.directory.append(parts.map((part) => ({ log, batch: part.build() })))
      await durable
      return { topic: log.topic, partition: log.partition, baseOffset: baseOffsets[0] ?? -1, count }
    } catch (error) {
      if (isWithoutEffect(error)) batch.giveBack(parts)
      throw error
    }
  }

  private own(batch: OutgoingBatch): EmbeddedBatch {
    if (batch instanceof EmbeddedBatch && batch.owner === this) return batch
    throw foreignBatch(batch)
  }

  async transact(work: TransactionWork): Promise<TransactionResult> {
    const transactionalId = this.assertTransactional()
    const { batches, offsets } = readOptions<Required<TransactionWork>>('a transaction', work, workRules)
    const taken = takeAll(batches.map((batch) => this.own(batch)))
    try {
      return await this.inTurn(() => this.commit(transactionalId, taken, offsets === noOffsets ? null : groupCommit(offsets)))
    } catch (error) {
      if (isWithoutEffect(error)) for (const { batch, parts } of taken) batch.giveBack(parts)
      throw error
    }
  }

  /** One after the other, in the order of the calls. When one fails, those that wait behind it fail with it. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.lastTransaction.then(work)
    this.lastTransaction = mine
    const forget = (): void => {
      if (this.lastTransaction === mine) this.lastTransaction = settled
    }
    mine.then(forget, forget)
    return mine
  }

  begin(): Promise<Transaction> {
    return this.inTurn(async () => {
      const id = this.assertTransactional()
      this.transaction = new OpenTransaction(this.transactionHost(id), this.identity!)
      return this.transaction
    })
  }

  private transactionHost(id: string): TransactionHost<EmbeddedBatch, readonly TransactionBatch[]> {
    const { transactions } = this.broker
    return {
      id,
      produce: (by, frame) => transactions.produce(id, by, frame),
      commitOffsets: (by, offsets) => transactions.commitOffsets(id, by, offsets),
      end: (by, kind) => transactions.end({ id, by, kind }),
      append: (topic, key, value, options) => {
        this.assertOpen()
        return this.appendRecord(topic, key, value, options)
      },
      own: (batch) => {
        this.assertOpen()
        return this.own(batch)
      },
      framesOf: (taken) => this.frames.of(taken.flatMap(transactionBatches)),
      submit: (batch) => (batch === undefined ? this.submitAll() : this.submitBefore(batch)),
      awaited: () => this.awaited?.settled() ?? null,
      drop: () => this.dropAppended(),
      ended: (next) => {
        this.identity = next
        this.transaction = null
        this.failure = null // it was told by the transaction
      },
      broken: (error) => {
        this.broken ??= error
      },
    }
  }

  private dropAppended(): void {
    const dropped = [...this.open.values()].flat().filter((batch) => batch !== undefined)
    this.open.clear()
    this.partitioner.allClosed()
    this.release(totalBytes(dropped) + (this.awaited?.drop() ?? 0))
  }

  private async commit(
    transactionalId: string,
    taken: readonly TakenBatch[],
    offsets: GroupCommit | null,
  ): Promise<TransactionResult> {
    this.assertNoneOpen(transactionalId)
    const parts = taken.flatMap(transactionBatches)
    const { baseOffsets, by, next } = await this.committed(transactionalId, parts, offsets)
    this.identity = next
    let at = 0
    const appended = taken.map(({ batch: { topic, partition, count }, parts: { length } }) => {
      const baseOffset = length === 0 ? -1 : baseOffsets[at]!
      at += length
      return { topic, partition, baseOffset, count }
    })
    return { appended, producerId: by.producerId, producerEpoch: by.producerEpoch }
  }

  private async committed(
    id: string,
    parts: readonly TransactionBatch[],
    offsets: GroupCommit | null,
  ): ReturnType<Broker['transactions']['commit']> {
    try {
      return await this.broker.transactions.commit(id, this.identity!, parts, offsets)
    } catch (error) {
      if (endsProducer(error)) this.broken ??= error
      throw error
    }
  }

  ready(): Promise<void> {
    if (this.bufferedBytes < this.maxBufferedBytes) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  flush(): Promise<void> {
    return this.closed ? Promise.reject(closedProducer()) : this.finish()
  }

  private async finish(): Promise<void> {
    const awaited = this.awaited?.settled() ?? null
    if (awaited !== null) await awaited
    this.submitAll()
    await this.inFlight
    const { failure } = this
    this.failure = null
    if (failure !== null) throw failure
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    try {
      await this.transaction?.[Symbol.asyncDispose]()
      await this.finish()
    } finally {
      await this.lastTransaction.catch(ignore)
      if (this.transactionalId !== null) this.broker.transactions.expiry.release(this.transactionalId)
      this.onClose(this)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private assertPlain(): void {
    this.assertOpen()
    if (this.transactionalId === null) return
    throw transactionalOnly(this.transactionalId)
  }

  /** That a transaction may start now. Returns the transactional id. */
  private assertTransactional(): string {
    this.assertOpen()
    const { transactionalId } = this
    if (transactionalId === null) throw notTransactional()
    this.assertNoneOpen(transactionalId)
    return transactionalId
  }

  private assertNoneOpen(transactionalId: string): void {
    if (this.broken !== null) throw this.broken
    if (this.transaction === null) return
    throw transactionOpen(transactionalId)
  }

  private assertOpen(): void {
    if (this.closed) throw closedProducer()
  }
}

function totalBytes(batches: readonly EmbeddedBatch[]): number {
  return batches.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
