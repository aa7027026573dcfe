import { coreError } from '../../base/error-catalogue.ts'
import type { ReadPartition } from '../assigned-partition.ts'
import { BATCH_MAGIC, BATCH_OVERHEAD_BYTES, batchSizeBytes, magicOf, type BatchHeader } from '../../record/batch-header.ts'
import { checkBatch } from '../../record/batch-validation.ts'
import { AbortedInFetch } from './aborted-in-fetch.ts'

/** A partition at a server: its ends as the last answer told them, and what that answer brought and nobody has read yet. */
export class WirePartition implements ReadPartition {
  readonly topic: string
  readonly partition: number
  readonly name: string
  highWatermark = -1
  lastStableOffset = -1
  /** What was fetched; null when all of it was read. */
  fetched: FetchedRecords | null = null
  /** The place that `seek` named, until it is known. */
  wanted: 'earliest' | 'latest' | null = null

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
    this.name = `${topic}-${partition}`
  }
}

/** The batches of one answer, read from where it was asked. */
export class FetchedRecords {
  private readonly bytes: Uint8Array
  private readonly aborted: AbortedInFetch
  private at = 0
  /** Where the reader has to stand to go on here: whoever moved it wants something else. */
  position: number

  constructor(position: number, bytes: Uint8Array, aborted: ConstructorParameters<typeof AbortedInFetch>[0]) {
    this.position = position
    this.bytes = bytes
    this.aborted = new AbortedInFetch(aborted)
  }

  /** The next whole batch that goes beyond the position; undefined behind the last one. @throws CORRUPT_BATCH, UNSUPPORTED_FORMAT */
  peek(where: string): BatchOfFetch | undefined {
    while (this.bytes.length - this.at >= BATCH_OVERHEAD_BYTES) {
      const sizeBytes = batchSizeBytes(this.bytes, this.at)
      if (magicOf(this.bytes, this.at) !== BATCH_MAGIC) throw oldFormat(where, magicOf(this.bytes, this.at))
      if (sizeBytes > this.bytes.length - this.at) return undefined
      const header = checkBatch(this.bytes, this.at, Infinity)
      const bytes = this.bytes.subarray(this.at, this.at + sizeBytes)
      const hidden = this.aborted.hides(bytes, header) || header.control
      if (header.baseOffset + header.lastOffsetDelta >= this.position) return { header, bytes, hidden }
      this.at += sizeBytes
    }
    return undefined
  }

  /** The reader stands at `position` now. */
  advance(batch: BatchOfFetch, position: number): void {
    this.position = position
    if (position > batch.header.baseOffset + batch.header.lastOffsetDelta) this.at += batch.bytes.length
  }
}

export interface BatchOfFetch {
  readonly header: BatchHeader
  readonly bytes: Uint8Array
  /** The reader does not see it: a marker, or of a transaction that was aborted. */
  readonly hidden: boolean
}

function oldFormat(where: string, magic: number): Error {
  return coreError('UNSUPPORTED_FORMAT', {
    what: 'the partition holds records of a format from before Kafka 0.11',
    where,
    expected: `magic ${BATCH_MAGIC}`,
    received: magic,
  })
}
