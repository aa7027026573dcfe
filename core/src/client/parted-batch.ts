import type { Bytes, Header } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import type { Compression } from '../record/compression.ts'
import { BatchPart } from './batch-part.ts'
import type { OutgoingBatch } from './producer.ts'

/** Of the first batch for a partition. */
const firstSlabBytes = 512
/** What a batch may have over the one before it without growing. */
const slackBytes = 64
/** A slab has room for the record that goes over the target, so that it is not copied for its sake. */
const overTargetBytes = 4 * 1024

/** How large the last batch for a partition became: the next one begins with that much, instead of growing into it. */
export interface SizeHint {
  bytes: number
}

export interface PartTerms {
  /** A record batch is closed at this size. */
  readonly targetBytes: number
  /** No record batch may be larger. */
  readonly maxBytes: number
  readonly compression: Compression
  /** With it, its time is the time of every record. */
  readonly appendClock: Clock | null
}

/**
 * Records for one partition, encoded straight into the slabs of record batches. Large ones become several record batches
 * with consecutive offsets.
 */
export class PartedBatch implements OutgoingBatch {
  readonly topic: string
  readonly partition: number
  /** Of whom: a batch is only taken by the producer that gave it. */
  readonly owner: object
  private readonly parts: PartTerms
  private readonly hint: SizeHint
  private full: BatchPart[] = []
  private open: BatchBuilder | null = null
  private fullBytes = 0
  private records = 0
  /** Sealed: it takes no more records; taken: it is on its way, or written. */
  private state: 'open' | 'sealed' | 'taken' = 'open'

  constructor(owner: object, { topic, partition }: TopicPartition, parts: PartTerms, hint: SizeHint) {
    this.owner = owner
    this.topic = topic
    this.partition = partition
    this.parts = parts
    this.hint = hint
  }

  get count(): number {
    return this.records
  }

  get sizeBytes(): number {
    return this.fullBytes + (this.open?.sizeBytes ?? 0)
  }

  append(key: Bytes, value: Bytes, timestamp: number, headers?: readonly Header[]): void {
    this.assertTakes()
    this.open ??= this.builder(this.hint.bytes)
    if (this.open.sizeBytes >= this.parts.targetBytes || !this.open.append(key, value, timestamp, headers)) {
      this.close(this.open)
      this.open = this.builder(this.fullSlabBytes)
      this.open.append(key, value, timestamp, headers)
    }
    this.records++
  }

  protected assertTakes(): void {
    if (this.state !== 'open') throw this.wasConsumed()
  }

  private get fullSlabBytes(): number {
    return this.parts.targetBytes + overTargetBytes
  }

  private builder(initialBytes: number): BatchBuilder {
    const { maxBytes, compression } = this.parts
    const wanted = initialBytes === 0 ? firstSlabBytes : initialBytes + slackBytes
    return new BatchBuilder({ maxBytes, compression, initialBytes: Math.min(wanted, this.fullSlabBytes) })
  }

  private close(builder: BatchBuilder): void {
    const part = new BatchPart(builder, this.parts.appendClock)
    this.fullBytes += part.sizeBytes
    this.full.push(part)
  }

  /** The record batches in order, for one attempt to write them. @throws BATCH_CONSUMED */
  take(): readonly BatchPart[] {
    if (this.state === 'taken') throw this.wasConsumed()
    if (this.open !== null && this.open.count > 0) this.close(this.open)
    this.open = null
    this.state = 'taken'
    this.hint.bytes = this.sizeBytes
    const parts = this.full
    this.full = []
    return parts
  }

  /** Nothing was written: the same batch may be handed over again. */
  giveBack(parts: readonly BatchPart[]): void {
    this.full = [...parts]
    this.state = 'sealed'
  }

  private wasConsumed(): Error {
    return coreError('BATCH_CONSUMED', { what: 'the batch was handed over already', where: partitionName(this) })
  }
}
