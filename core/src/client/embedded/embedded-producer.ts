import type { Bytes } from '../../base/bytes.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { isIntegerFrom, isText, readOptions, type OptionRules } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Partition } from '../../broker/partition.ts'
import type { GroupCommit, ProducerIdentity, TransactionBatch } from '../../broker/transactions.ts'
import { partitionForKey } from '../../record/murmur2.ts'
import type {
  AppendOptions,
  AppendResult,
  OutgoingBatch,
  Producer,
  ProducerOptions,
  TransactionResult,
  TransactionWork,
} from '../producer.ts'
import { EmbeddedBatch, type SizeHint } from './embedded-batch.ts'

/**
 * The producer of the embedded log: records go from the caller straight into the slab of a record batch, and the round of
 * the journal is the linger.
 *
 * Plain appends carry no producer id: nothing is ever sent twice inside one process, so there is nothing to recognise.
 */
interface ResolvedOptions {
  readonly transactionalId: string | null
  readonly maxBufferedBytes: number
}

const rules: OptionRules<ResolvedOptions> = {
  transactionalId: {
    check: (value): value is string | null => isText(value),
    expected: 'a text that is not empty',
    default: null,
  },
  maxBufferedBytes: { check: isIntegerFrom(1), expected: 'a number of bytes above 0', default: 32 << 20 },
}

/** An open batch is submitted at this size without waiting for the next round. */
const submitBytes = 1 << 20

export class EmbeddedProducer implements Producer {
  private readonly broker: Broker
  private readonly maxBufferedBytes: number
  private readonly transactionalId: string | null
  private identity: ProducerIdentity | null
  private readonly open = new Map<string, (EmbeddedBatch | undefined)[]>()
  private readonly sticky = new Map<string, number>()
  private readonly hints = new WeakMap<Partition, SizeHint>()
  private scratch = Buffer.allocUnsafeSlow(256)
  private bufferedBytes = 0
  private gathering = false
  private inFlight: Promise<void> = Promise.resolve()
  private failure: Error | null = null
  private waiting: (() => void)[] = []
  private closed = false

  private constructor(broker: Broker, options: ResolvedOptions, identity: ProducerIdentity | null) {
    this.broker = broker
    this.maxBufferedBytes = options.maxBufferedBytes
    this.transactionalId = options.transactionalId
    this.identity = identity
  }

  static async open(broker: Broker, given: ProducerOptions): Promise<EmbeddedProducer> {
    const options = readOptions<ResolvedOptions>('a producer', given, rules)
    const identity = options.transactionalId === null ? null : await broker.transactions.open(options.transactionalId)
    return new EmbeddedProducer(broker, options, identity)
  }

  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean {
    this.assertPlain()
    if (this.bufferedBytes >= 2 * this.maxBufferedBytes) {
      throw coreError('BUFFER_FULL', {
        what: 'the producer holds twice what it may',
        expected: this.maxBufferedBytes,
        received: this.bufferedBytes,
      })
    }
    const batch = this.openBatch(topic, options?.partition ?? this.choose(topic, key))
    const before = batch.sizeBytes
    batch.append(key, value, options?.timestamp ?? this.broker.directory.world.clock.now(), options?.headers)
    this.bufferedBytes += batch.sizeBytes - before
    if (batch.sizeBytes >= submitBytes) this.submitOpen(batch)
    else this.gatherSoon()
    return this.bufferedBytes < this.maxBufferedBytes
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
    const log = this.broker.topics.log({ topic, partition })
    let hint = this.hints.get(log)
    if (hint === undefined) {
      hint = { bytes: 0 }
      this.hints.set(log, hint)
    }
    return new EmbeddedBatch(this, log, this.broker.topics.maxMessageBytes(topic), hint)
  }

  private choose(topic: string, key: Bytes): number {
    if (key !== null) return this.partitionOf(topic, key)
    let partition = this.sticky.get(topic)
    if (partition === undefined) {
      const random = Buffer.from(this.broker.directory.world.random.bytes(4)).readUInt32BE(0)
      partition = random % this.broker.topics.get(topic).partitions
      this.sticky.set(topic, partition)
    }
    return partition
  }

  partitionOf(topic: string, key: Bytes): number {
    const { partitions } = this.broker.topics.get(topic)
    if (partitions === 1 || key === null) return 0
    return partitionForKey(typeof key === 'string' ? this.utf8(key) : key, partitions)
  }

  private utf8(text: string): Uint8Array {
    if (text.length * 3 > this.scratch.length) this.scratch = Buffer.allocUnsafeSlow(text.length * 6)
    return this.scratch.subarray(0, this.scratch.write(text, 0))
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
    for (const batches of this.open.values()) for (const batch of batches) if (batch !== undefined) this.submitOpen(batch)
  }

  private submitOpen(batch: EmbeddedBatch): void {
    this.open.get(batch.topic)![batch.partition] = undefined
    this.sticky.delete(batch.topic)
    const { sizeBytes } = batch
    const done = this.write(batch).then(
      () => this.release(sizeBytes),
      (error: unknown) => {
        this.failure ??= error as Error
        this.release(sizeBytes)
      },
    )
    this.inFlight = this.inFlight.then(() => done)
  }

  private release(sizeBytes: number): void {
    this.bufferedBytes -= sizeBytes
    if (this.bufferedBytes >= this.maxBufferedBytes) return
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }

  /** Stages the batch at once, so that the order of calls is the order of the log; resolves when it is durable. */
  private async write(batch: EmbeddedBatch): Promise<AppendResult> {
    const { log, count } = batch
    const entries = batch.consume().map((builder) => ({ log, batch: builder.build() }))
    const { baseOffsets, durable } = this.broker.directory.append(entries)
    await durable
    return { topic: log.topic, partition: log.partition, baseOffset: baseOffsets[0] ?? -1, count }
  }

  batch(topic: string, partition: number): OutgoingBatch {
    this.assertOpen()
    return this.newBatch(topic, partition)
  }

  async send(batch: OutgoingBatch): Promise<AppendResult> {
    this.assertPlain()
    return this.write(this.own(batch))
  }

  private own(batch: OutgoingBatch): EmbeddedBatch {
    if (batch instanceof EmbeddedBatch && batch.owner === this) return batch
    throw coreError('INVALID_OPTION', {
      what: 'the batch was not made by this producer',
      where: `${batch.topic}-${batch.partition}`,
    })
  }

  async transact(work: TransactionWork): Promise<TransactionResult> {
    this.assertOpen()
    const { transactionalId, identity } = this
    if (transactionalId === null || identity === null) {
      throw coreError('NOT_TRANSACTIONAL', { what: 'the producer has no transactional id' })
    }
    const owned = work.batches.map((batch) => this.own(batch))
    const parts = owned.map((batch) => partsOf(batch))
    const offsets = work.offsets === undefined ? null : groupCommit(work.offsets)
    const { baseOffsets, by, next } = await this.broker.transactions.commit(transactionalId, identity, parts.flat(), offsets)
    this.identity = next
    let part = 0
    const appended = owned.map((batch, index) => {
      const baseOffset = parts[index]!.length === 0 ? -1 : baseOffsets[part]!
      part += parts[index]!.length
      return { topic: batch.topic, partition: batch.partition, baseOffset, count: batch.count }
    })
    return { appended, producerId: by.producerId, producerEpoch: by.producerEpoch }
  }

  ready(): Promise<void> {
    if (this.bufferedBytes < this.maxBufferedBytes) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  async flush(): Promise<void> {
    this.submitAll()
    await this.inFlight
    const { failure } = this
    this.failure = null
    if (failure !== null) throw failure
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private assertPlain(): void {
    this.assertOpen()
    if (this.transactionalId === null) return
    throw coreError('TRANSACTIONAL_ONLY', {
      what: 'a transactional producer writes inside transactions only',
      where: this.transactionalId,
    })
  }

  private assertOpen(): void {
    if (this.closed) throw coreError('CLOSED', { what: 'the producer is closed' })
  }
}

function partsOf(batch: EmbeddedBatch): TransactionBatch[] {
  const { log } = batch
  return batch.consume().map((builder) => ({
    log,
    count: builder.count,
    sizeBytes: builder.sizeBytes,
    build: ({ producerId, producerEpoch }, baseSequence) =>
      builder.build({ producerId, producerEpoch, baseSequence, transactional: true }),
  }))
}

function groupCommit({ group, positions }: NonNullable<TransactionWork['offsets']>): GroupCommit {
  return {
    group,
    positions: positions.map(({ topic, partition, offset, metadata = '' }) => ({ topic, partition, offset, metadata })),
  }
}
