import type { Bytes, Header } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { coreError } from '../../base/error-catalogue.ts'
import type { BatchTerms } from '../../broker/batch-terms.ts'
import type { Partition } from '../../broker/partition.ts'
import { isSuspect, recordFlaw, recordRules, type RecordRules } from '../../broker/record-rules.ts'
import { topicCompression } from '../../broker/topic-compression.ts'
import { BatchBuilder } from '../../record/batch-builder.ts'
import type { Compression } from '../../record/compression.ts'
import type { OutgoingBatch } from '../producer.ts'
import { BatchPart } from './batch-part.ts'

/** Record batches are closed at this size, so that a reader never has to fetch much more than it wants. */
const targetBytes = 64 * 1024
/** A slab has room for the record that goes over the target, so that it is not copied for its sake. */
const fullSlabBytes = targetBytes + 4 * 1024

/** Of the first batch for a partition. */
const firstSlabBytes = 512
/** What a batch may have over the one before it without growing. */
const slackBytes = 64

/** How large the last batch for a partition became: the next one begins with that much, instead of growing into it. */
export interface SizeHint {
  bytes: number
}

/**
 * Records for one partition, encoded straight into the slabs of record batches. Large ones become several record batches
 * with consecutive offsets.
 */
export class EmbeddedBatch implements OutgoingBatch {
  readonly log: Partition
  /** Of whom: a batch is only taken by the producer that gave it. */
  readonly owner: object
  private readonly terms: BatchTerms
  private readonly compression: Compression
  private readonly appendClock: Clock | null
  private rules: RecordRules
  private readonly hint: SizeHint
  private full: BatchPart[] = []
  private open: BatchBuilder | null = null
  private fullBytes = 0
  private records = 0
  /** Sealed: it takes no more records; taken: it is on its way, or written. */
  private state: 'open' | 'sealed' | 'taken' = 'open'

  constructor(owner: object, log: Partition, terms: BatchTerms, hint: SizeHint) {
    const { settings, clock } = terms
    this.hint = hint
    this.owner = owner
    this.log = log
    this.terms = terms
    this.compression = topicCompression(settings) ?? terms.compression
    this.appendClock = settings.timestampType === 'LogAppendTime' ? clock : null
    this.rules = recordRules(settings, clock.now())
  }

  get topic(): string {
    return this.log.topic
  }

  get partition(): number {
    return this.log.partition
  }

  get count(): number {
    return this.records
  }

  get sizeBytes(): number {
    return this.fullBytes + (this.open?.sizeBytes ?? 0)
  }

  append(key: Bytes, value: Bytes, timestamp: number, headers?: readonly Header[]): void {
    if (this.state !== 'open') throw this.wasConsumed()
    if (isSuspect(this.rules, key, timestamp)) this.checkRecord(key, timestamp)
    this.open ??= this.builder(this.hint.bytes)
    if (this.open.sizeBytes >= targetBytes || !this.open.append(key, value, timestamp, headers)) {
      this.close(this.open)
      this.open = this.builder(fullSlabBytes)
      this.open.append(key, value, timestamp, headers)
    }
    this.records++
  }

  /** By the time that it is now: the batch may have been begun long ago. */
  private checkRecord(key: Bytes, timestamp: number): void {
    const { settings, clock } = this.terms
    this.rules = recordRules(settings, clock.now())
    const flaw = recordFlaw(this.rules, { key, timestamp }, this.log.name, this.records)
    if (flaw !== null) throw flaw
  }

  private builder(initialBytes: number): BatchBuilder {
    return new BatchBuilder({
      maxBytes: this.terms.maxBytes,
      compression: this.compression,
      initialBytes: Math.min(initialBytes === 0 ? firstSlabBytes : initialBytes + slackBytes, fullSlabBytes),
    })
  }

  private close(builder: BatchBuilder): void {
    const part = new BatchPart(builder, this.appendClock)
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
    return coreError('BATCH_CONSUMED', { what: 'the batch was handed over already', where: this.log.name })
  }
}
