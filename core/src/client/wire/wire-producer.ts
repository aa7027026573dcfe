import type { Bytes } from '../../base/bytes.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { readOptions } from '../../base/options.ts'
import type { GroupCommit, ProducerIdentity } from '../../broker/transaction-work.ts'
import { checkAppendOptions } from '../append-options.ts'
import { AwaitedTopics, type AwaitedTopicsHost } from '../awaited-topics.ts'
import { OpenTransaction, type TransactionHost } from '../open-transaction.ts'
import { PartedBatch } from '../parted-batch.ts'
import { Partitioner } from '../partitioner.ts'
import { noOffsets, producerRules, workRules, type ResolvedOptions } from '../producer-options.ts'
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
import { endsProducer, groupCommit, isWithoutEffect, takeAll, type TakenBatch } from '../taken-batches.ts'
import type { Transaction } from '../transaction.ts'
import type { Cluster } from './cluster.ts'
import { OpenBatches } from './open-batches.ts'
import { ProduceQueue } from './produce-queue.ts'
import { inTransaction, newProducerId, WireTransactions } from './wire-transactions.ts'

type WireTransaction = OpenTransaction<PartedBatch, readonly TakenBatch[]>

const settled: Promise<unknown> = Promise.resolve()
const acknowledged: Promise<void> = Promise.resolve()

/** Record batches are closed at this size: below what any topic takes, unless it was set up otherwise. */
const targetBytes = 256 * 1024
/** Kafka's default of `max.request.size`, with the room that `max.message.bytes` leaves. */
const maxBatchBytes = 1_048_588

/**
 * The producer over the wire: idempotent, so that what is sent again is taken once. While a batch of a partition is under way the next
 * one gathers.
 */
export class WireProducer implements Producer {
  private readonly cluster: Cluster
  private readonly maxBufferedBytes: number
  private readonly transactionalId: string | null
  private readonly transactions: WireTransactions | null
  private identity: ProducerIdentity
  private readonly queue: ProduceQueue
  private readonly partitioner: Partitioner
  private readonly awaited: AwaitedTopics
  /** What was appended and not yet handed over. */
  private readonly open: OpenBatches
  private readonly onClose: (producer: WireProducer) => void
  private bufferedBytes = 0
  private gathering = false
  /** Settles, never fails, when all that was handed over so far has been answered. */
  private inFlight: Promise<unknown> = Promise.resolve()
  private unsettled = 0
  private failure: Error | null = null
  private waiting: (() => void)[] = []
  private closed = false
  /** The transaction handed over last, while it or one before it is not decided. */
  private lastTransaction: Promise<unknown> = settled
  /** The one that was begun and is not ended. */
  private transaction: WireTransaction | null = null
  /** Something of it was not written: sequence numbers may have holes. */
  private isTorn = false
  /** Why this producer can write no more transactions: it is fenced, or what became of one is unknown. */
  private broken: MillraceError | null = null

  private constructor(
    cluster: Cluster,
    { maxBufferedBytes, compression, transactionalId }: ResolvedOptions,
    identity: ProducerIdentity,
    transactions: WireTransactions | null,
    onClose: (producer: WireProducer) => void,
  ) {
    this.cluster = cluster
    this.maxBufferedBytes = maxBufferedBytes
    const parts = { targetBytes, maxBytes: maxBatchBytes, compression: { codec: compression }, appendClock: null }
    this.open = new OpenBatches(this, cluster, parts)
    this.identity = identity
    this.transactionalId = transactionalId
    this.transactions = transactions
    this.onClose = onClose
    const transactional = transactionalId !== null
    this.queue = new ProduceQueue(cluster, {
      transactionalId,
      stamp: () => ({ ...this.identity, transactional }),
      ...(transactional ? { means: inTransaction } : {}),
    })
    this.partitioner = new Partitioner((topic) => this.partitionsOf(topic), cluster.world.random)
    const make = (topic: string): Promise<unknown> => cluster.retrying(() => cluster.topic(topic))
    this.awaited = new AwaitedTopics({ has: (topic) => cluster.known(topic) !== undefined, make }, this.awaitedHost())
  }

  static async open(cluster: Cluster, given: ProducerOptions, onClose: (producer: WireProducer) => void): Promise<WireProducer> {
    const options = readOptions<ResolvedOptions>('a producer', given, producerRules)
    const { transactionalId, transactionTimeoutMs } = options
    if (transactionalId === null) return new WireProducer(cluster, options, await newProducerId(cluster), null, onClose)
    const transactions = new WireTransactions(cluster, transactionalId, transactionTimeoutMs)
    return new WireProducer(cluster, options, await transactions.open(), transactions, onClose)
  }

  get waitingBytes(): number {
    return this.bufferedBytes
  }

  // Records

  /** A topic that nothing is known of yet is asked for: what is wrong with it comes out of `flush`. */
  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean {
    this.assertPlain()
    return this.appendRecord(topic, key, value, options)
  }

  private appendRecord(topic: string, key: Bytes, value: Bytes, options: AppendOptions | undefined): boolean {
    if (this.bufferedBytes >= 2 * this.maxBufferedBytes) {
      throw bufferFull(this.maxBufferedBytes, this.bufferedBytes)
    }
    if (options !== undefined) checkAppendOptions(options)
    if (this.awaited.isAwaited(topic)) this.bufferedBytes += this.awaited.add(topic, key, value, options)
    else this.encode(topic, key, value, options)
    return this.bufferedBytes < this.maxBufferedBytes
  }

  private encode(topic: string, key: Bytes, value: Bytes, options: AppendOptions | undefined): void {
    const batch = this.open.gathering({ topic, partition: options?.partition ?? this.partitioner.choose(topic, key) })
    const before = batch.sizeBytes
    try {
      batch.append(key, value, options?.timestamp ?? this.cluster.world.clock.now(), options?.headers)
    } finally {
      this.bufferedBytes += batch.sizeBytes - before
    }
    if (batch.sizeBytes >= targetBytes) this.submit(batch)
    else this.gatherSoon()
  }

  private awaitedHost(): AwaitedTopicsHost {
    return {
      now: () => this.cluster.world.clock.now(),
      write: (topic, key, value, options) => this.encode(topic, key, value, options),
      failed: (error) => this.appendFailed(error),
      release: (sizeBytes) => this.release(sizeBytes),
    }
  }

  private appendFailed(error: unknown): void {
    this.failure ??= error as Error
    this.transaction?.failed(error)
  }

  /** @throws UNKNOWN_TOPIC also for a topic that nobody has asked the server for yet */
  partitionOf(topic: string, key: Bytes): number {
    return this.partitioner.ofKey(topic, key)
  }

  private partitionsOf(topic: string): number {
    const known = this.cluster.known(topic)
    if (known !== undefined) return known.leaders.length
    throw coreError('UNKNOWN_TOPIC', { what: 'nothing is known of the topic', where: topic })
  }

  // On their way

  /** In a later turn: what is appended in this one goes together. */
  private gatherSoon(): void {
    if (this.gathering) return
    this.gathering = true
    void this.cluster.world.clock.turn().then(() => {
      this.gathering = false
      this.submitIdle()
    })
  }

  /** A partition that has something under way gathers on until that is answered. */
  private submitIdle(): void {
    if (this.transaction !== null) return this.submitAll()
    for (const batch of this.open.all) if (!this.queue.isBusy(batch)) this.submit(batch)
  }

  private submitAll(): void {
    for (const batch of this.open.all) this.submit(batch)
  }

  private handOver(batch: PartedBatch): Promise<unknown> {
    return this.transaction?.writeAll([batch]) ?? this.write(batch)
  }

  private submit(batch: PartedBatch): void {
    const { topic, partition, sizeBytes } = batch
    this.open.close(batch)
    this.partitioner.closed(topic, partition)
    const settle = (): void => {
      this.release(sizeBytes)
      this.submitIdle()
    }
    this.follow(
      this.handOver(batch).then(settle, (error: unknown) => {
        this.failure ??= error as Error
        settle()
      }),
    )
  }

  /** `flush` waits for it. */
  private follow(done: Promise<void>): void {
    const counted = done.finally(() => this.unsettled--)
    this.inFlight = this.unsettled++ === 0 ? counted : Promise.all([this.inFlight, counted])
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
    return this.open.make({ topic, partition })
  }

  async send(batch: OutgoingBatch): Promise<AppendResult> {
    this.assertPlain()
    const owned = this.own(batch)
    this.submitBefore(owned)
    const done = this.write(owned)
    this.follow(done.then(ignore, ignore)) // whoever sent it hears of its failure
    const baseOffset = await done
    return { topic: owned.topic, partition: owned.partition, baseOffset, count: owned.count }
  }

  /** What was appended before goes before. */
  private submitBefore(batch: PartedBatch): void {
    const appended = this.open.get(batch)
    if (appended !== undefined) this.submit(appended)
  }

  private async write(batch: PartedBatch): Promise<number> {
    const parts = batch.take()
    const written = await Promise.allSettled(parts.map((part) => this.queue.send(batch, part)))
    const failed = written.find((one) => one.status === 'rejected')
    if (failed !== undefined) {
      if (this.queue.failure === null && written.every((one) => one.status === 'rejected')) batch.giveBack(parts)
      throw failed.reason
    }
    const [first] = written
    return first?.status === 'fulfilled' ? first.value : -1
  }

  private own(batch: OutgoingBatch): PartedBatch {
    if (batch instanceof PartedBatch && batch.owner === this) return batch
    throw foreignBatch(batch)
  }

  ready(): Promise<void> {
    if (this.bufferedBytes < this.maxBufferedBytes) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  async flush(): Promise<void> {
    this.assertOpen()
    await this.finish()
  }

  private async finish(): Promise<void> {
    await this.awaited.settled()
    this.submitAll()
    await this.inFlight
    const { failure } = this
    this.failure = null
    if (failure !== null) throw failure
  }

  // Transactions

  async transact(work: TransactionWork): Promise<TransactionResult> {
    this.assertTransactional()
    const { batches, offsets } = readOptions<Required<TransactionWork>>('a transaction', work, workRules)
    const taken = takeAll(batches.map((batch) => this.own(batch)))
    try {
      return await this.inTurn(() => this.commitWork(taken, offsets === noOffsets ? null : groupCommit(offsets)))
    } catch (error) {
      if (isWithoutEffect(error)) for (const { batch, parts } of taken) batch.giveBack(parts)
      throw error
    }
  }

  private async commitWork(taken: readonly TakenBatch[], offsets: GroupCommit | null): Promise<TransactionResult> {
    const transactions = this.assertTransactional()
    const by = this.identity
    try {
      if (offsets !== null) await transactions.check(offsets)
      const offsetsOf = await this.whose(() => this.writeTaken(taken))
      if (offsets !== null) await this.whose(() => transactions.commitOffsets(by, offsets))
      if (taken.some(({ parts }) => parts.length > 0) || offsets !== null) await this.whose(() => transactions.end(by, 'commit'))
      const appended = taken.map(({ batch: { topic, partition, count } }, at) => ({
        topic,
        partition,
        baseOffset: offsetsOf[at]!,
        count,
      }))
      return { appended, ...by }
    } catch (error) {
      await this.takeBack(error)
      throw error
    }
  }

  /** Nothing of it is to be seen, and the next one begins anew. */
  private async takeBack(error: unknown): Promise<void> {
    if (this.noteBroken(error)) return
    try {
      await this.renew()
    } catch (worse) {
      this.noteBroken(worse)
    }
  }

  private noteBroken(error: unknown): boolean {
    if (this.queue.failure !== null) this.broken ??= this.queue.failure
    if (endsProducer(error)) this.broken ??= error
    return this.broken !== null
  }

  /** The epoch rises: what is still on its way is refused, and sequence numbers begin anew. */
  private async renew(): Promise<void> {
    this.identity = await this.transactions!.open(this.identity)
    this.queue.begin()
    this.isTorn = false
  }

  /** Resolves to the first offset of each. */
  private async writeTaken(taken: readonly TakenBatch[]): Promise<readonly number[]> {
    await this.transactions!.join(
      this.identity,
      taken.filter(({ parts }) => parts.length > 0).map(({ batch: { topic, partition } }) => ({ topic, partition })),
    )
    const written = taken.map(({ batch, parts }) => Promise.all(parts.map((part) => this.queue.send(batch, part))))
    const settledAll = await Promise.allSettled(written)
    const failed = settledAll.find((one) => one.status === 'rejected')
    if (failed !== undefined) {
      this.isTorn = true
      throw failed.reason
    }
    return settledAll.map((one) => (one.status === 'fulfilled' ? (one.value[0] ?? -1) : -1))
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
      this.assertTransactional()
      this.transaction = new OpenTransaction(this.transactionHost(this.transactionalId!), this.identity)
      return this.transaction
    })
  }

  private transactionHost(id: string): TransactionHost<PartedBatch, readonly TakenBatch[]> {
    return {
      id,
      append: (topic, key, value, options) => {
        this.assertOpen()
        return this.appendRecord(topic, key, value, options)
      },
      own: (batch) => {
        this.assertOpen()
        return this.own(batch)
      },
      framesOf: (taken) => (taken.every(({ parts }) => parts.length === 0) ? [] : [taken]),
      produce: async (_, frame) => ({ baseOffsets: await this.whose(() => this.writeTaken(frame)), durable: acknowledged }),
      commitOffsets: (by, offsets) => this.whose(() => this.transactions!.commitOffsets(by, offsets)),
      end: (by, kind) => this.whose(() => this.end(by, kind)),
      submit: (batch) => (batch === undefined ? this.submitAll() : this.submitBefore(batch)),
      awaited: () => this.awaited.settled(),
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

  /** What failed in between leaves holes in the numbers: then it is taken back by a new epoch. */
  private async end(by: ProducerIdentity, kind: 'commit' | 'abort'): Promise<ProducerIdentity> {
    if (kind === 'abort' && (this.isTorn || by !== this.identity)) await this.renew()
    else await this.transactions!.end(by, kind)
    return this.identity
  }

  /** The epoch has risen: by the server, which has aborted the transaction, or by a newer producer. Who asks for the next one knows. */
  private async whose<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'TRANSACTION_ABORTED') await this.renew()
      throw error
    }
  }

  private dropAppended(): void {
    this.partitioner.allClosed()
    this.release(this.open.drop() + this.awaited.drop())
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    try {
      await this.transaction?.[Symbol.asyncDispose]()
      await this.finish()
    } finally {
      await this.lastTransaction.catch(ignore)
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

  /** That a transaction may start now. */
  private assertTransactional(): WireTransactions {
    this.assertOpen()
    if (this.transactions === null) throw notTransactional()
    if (this.broken !== null) throw this.broken
    if (this.transaction === null) return this.transactions
    throw transactionOpen(this.transactionalId!)
  }

  private assertOpen(): void {
    if (this.closed) throw closedProducer()
    this.cluster.assertOpen()
  }
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
