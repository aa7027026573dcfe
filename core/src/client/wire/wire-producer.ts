import type { Bytes } from '../../base/bytes.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { partitionName } from '../../base/ids.ts'
import { readOptions } from '../../base/options.ts'
import { checkAppendOptions } from '../append-options.ts'
import { AwaitedTopics, type AwaitedTopicsHost } from '../awaited-topics.ts'
import { PartedBatch, type PartTerms, type SizeHint } from '../parted-batch.ts'
import { Partitioner } from '../partitioner.ts'
import { producerRules, type ResolvedOptions } from '../producer-options.ts'
import type { AppendOptions, AppendResult, OutgoingBatch, Producer, ProducerOptions, TransactionResult } from '../producer.ts'
import type { Transaction } from '../transaction.ts'
import type { Cluster } from './cluster.ts'
import { ProduceQueue } from './produce-queue.ts'
import { checkCode } from './refusals.ts'

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
  private readonly parts: PartTerms
  private readonly identity: ProducerIdentity
  private readonly queue: ProduceQueue
  private readonly partitioner: Partitioner
  private readonly awaited: AwaitedTopics
  /** What was appended and not yet handed over. */
  private readonly open = new Map<string, PartedBatch>()
  private readonly hints = new Map<string, SizeHint>()
  private readonly onClose: (producer: WireProducer) => void
  private bufferedBytes = 0
  private gathering = false
  /** Settles, never fails, when all that was handed over so far has been answered. */
  private inFlight: Promise<unknown> = Promise.resolve()
  private unsettled = 0
  private failure: Error | null = null
  private waiting: (() => void)[] = []
  private closed = false

  private constructor(
    cluster: Cluster,
    { maxBufferedBytes, compression }: ResolvedOptions,
    identity: ProducerIdentity,
    onClose: (producer: WireProducer) => void,
  ) {
    this.cluster = cluster
    this.maxBufferedBytes = maxBufferedBytes
    this.parts = { targetBytes, maxBytes: maxBatchBytes, compression: { codec: compression }, appendClock: null }
    this.identity = identity
    this.onClose = onClose
    this.queue = new ProduceQueue(cluster, { transactionalId: null, stamp: () => ({ ...this.identity, transactional: false }) })
    this.partitioner = new Partitioner((topic) => this.partitionsOf(topic), cluster.world.random)
    const make = (topic: string): Promise<unknown> => cluster.retrying(() => cluster.topic(topic))
    this.awaited = new AwaitedTopics({ has: (topic) => cluster.known(topic) !== undefined, make }, this.awaitedHost())
  }

  static async open(cluster: Cluster, given: ProducerOptions, onClose: (producer: WireProducer) => void): Promise<WireProducer> {
    const options = readOptions<ResolvedOptions>('a producer', given, producerRules)
    if (options.transactionalId !== null)
      throw coreError('EMBEDDED_ONLY', { what: 'there are no transactions over the wire yet', where: options.transactionalId })
    return new WireProducer(cluster, options, await newIdentity(cluster), onClose)
  }

  get waitingBytes(): number {
    return this.bufferedBytes
  }

  // Records

  /** A topic that nothing is known of yet is asked for: what is wrong with it comes out of `flush`. */
  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean {
    this.assertOpen()
    if (this.bufferedBytes >= 2 * this.maxBufferedBytes) {
      throw coreError('BUFFER_FULL', {
        what: 'the producer holds twice what it may',
        expected: this.maxBufferedBytes,
        received: this.bufferedBytes,
      })
    }
    if (options !== undefined) checkAppendOptions(options)
    if (this.awaited.isAwaited(topic)) this.bufferedBytes += this.awaited.add(topic, key, value, options)
    else this.encode(topic, key, value, options)
    return this.bufferedBytes < this.maxBufferedBytes
  }

  private encode(topic: string, key: Bytes, value: Bytes, options: AppendOptions | undefined): void {
    const batch = this.openBatch(topic, options?.partition ?? this.partitioner.choose(topic, key))
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
      write: ({ topic, key, value, options, sizeBytes }) => {
        try {
          this.encode(topic, key, value, options)
        } catch (error) {
          this.failure ??= error as Error
        }
        this.release(sizeBytes)
      },
      failed: (error, records) => {
        this.failure ??= error as Error
        this.release(records.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
      },
    }
  }

  private openBatch(topic: string, partition: number): PartedBatch {
    const name = partitionName({ topic, partition })
    let batch = this.open.get(name)
    if (batch === undefined) {
      this.checkPartition(topic, partition)
      batch = this.newBatch(topic, partition)
      this.open.set(name, batch)
    }
    return batch
  }

  private newBatch(topic: string, partition: number): PartedBatch {
    const name = partitionName({ topic, partition })
    let hint = this.hints.get(name)
    if (hint === undefined) this.hints.set(name, (hint = { bytes: 0 }))
    return new PartedBatch(this, { topic, partition }, this.parts, hint)
  }

  /** @throws UNKNOWN_PARTITION */
  private checkPartition(topic: string, partition: number): void {
    const known = this.cluster.known(topic)
    if (known === undefined || (Number.isInteger(partition) && partition >= 0 && partition < known.leaders.length)) return
    throw coreError('UNKNOWN_PARTITION', { what: 'there is no such partition', where: partitionName({ topic, partition }) })
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
    for (const batch of this.open.values()) if (!this.queue.isBusy(batch)) this.submit(batch)
  }

  private submitAll(): void {
    for (const batch of this.open.values()) this.submit(batch)
  }

  private submit(batch: PartedBatch): void {
    const { topic, partition, sizeBytes } = batch
    this.open.delete(partitionName(batch))
    this.partitioner.closed(topic, partition)
    const settle = (): void => {
      this.release(sizeBytes)
      this.submitIdle()
    }
    this.follow(
      this.write(batch).then(settle, (error: unknown) => {
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
    this.checkPartition(topic, partition)
    return this.newBatch(topic, partition)
  }

  async send(batch: OutgoingBatch): Promise<AppendResult> {
    this.assertOpen()
    const owned = this.own(batch)
    const appended = this.open.get(partitionName(owned))
    if (appended !== undefined) this.submit(appended) // what was appended before goes before
    const done = this.write(owned)
    this.follow(done.then(ignore, ignore)) // whoever sent it hears of its failure
    const baseOffset = await done
    return { topic: owned.topic, partition: owned.partition, baseOffset, count: owned.count }
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
    const where = typeof batch === 'object' && batch !== null ? `${batch.topic}-${batch.partition}` : 'batch'
    throw coreError('INVALID_OPTION', { what: 'the batch was not made by this producer', where })
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

  async transact(): Promise<TransactionResult> {
    this.assertOpen()
    throw notTransactional()
  }

  async begin(): Promise<Transaction> {
    this.assertOpen()
    throw notTransactional()
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    try {
      await this.finish()
    } finally {
      this.onClose(this)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private assertOpen(): void {
    if (this.closed) throw coreError('CLOSED', { what: 'the producer is closed' })
    this.cluster.assertOpen()
  }
}

interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Any broker gives out producer ids that stand for no transactional id. */
async function newIdentity(cluster: Cluster): Promise<ProducerIdentity> {
  return cluster.retrying(async () => {
    const connection = await cluster.any()
    const request = { transactionalId: null, transactionTimeoutMs: 0x7fff_ffff }
    const { errorCode, producerId, producerEpoch } = await connection.ask('initProducerId', request)
    checkCode(errorCode, { where: 'InitProducerId' })
    return { producerId, producerEpoch }
  })
}

function notTransactional(): Error {
  return coreError('NOT_TRANSACTIONAL', { what: 'the producer has no transactional id' })
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
