import {
  attributesOf,
  APPEND_TIME_BIT,
  COMPRESSION_BITS,
  compressionNames,
  CONTROL_BIT,
  HORIZON_BIT,
  readBatchHeader,
  stampBatch,
  TRANSACTIONAL_BIT,
  type BatchHeader,
} from '../record/batch-header.ts'
import { encodedRecords } from '../record/batch-reader.ts'
import { sealRecords } from '../record/batch-seal.ts'
import { copiedSize, copyRecord, EncodedRecords } from '../record/encoded-records.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { OffsetMap } from './offset-map.ts'
import type { Pace } from './pace.ts'

/**
 * What compaction makes of one batch: the same bytes, a batch with fewer records, an empty one, or nothing.
 *
 * Invariants
 *   B1  A record stays if its offset is the latest of its key or lies beyond what the map knows. Its offset and time never change.
 *   B2  A tombstone, and a marker whose transaction is gone, stays until the delete horizon of its batch, which the first cleaning
 *       sets (KIP-534): who begins to read before the horizon sees every deletion that concerns it.
 *   B3  The last batch of a producer stays, if need be without records: it holds the last sequence number, or, where only a marker
 *       is left, the epoch. So does the last batch of a segment: it holds where the segment ends.
 *   B4  A batch that is written anew keeps base offset, last offset, leader epoch, producer and sequence.
 */

/** What must not be lost of a producer that may still write: its last batch with data or, where there is none, its epoch. */
export type LastOfProducer =
  | { readonly kind: 'data'; readonly lastOffset: number }
  | { readonly kind: 'marker'; readonly producerEpoch: number }

export interface CleaningRules {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
  /** By producer id: those that may still write. */
  readonly producers: ReadonlyMap<number, LastOfProducer>
  /** Wall clock at the beginning of this pass. */
  readonly now: number
  readonly deleteRetentionMs: number
  readonly pace: Pace
}

/**
 * Batches are given in the order of the log, each once: the rules follow its transactions. `isLast`: of its segment. Null when
 * nothing stays. @throws CORRUPT_BATCH, CONTENT_TOO_LARGE, CODEC_MISSING
 */
export async function cleanBatch(batch: Uint8Array, isLast: boolean, rules: CleaningRules): Promise<Uint8Array | null> {
  const header = readBatchHeader(batch, 0)
  const mustStay = isLast || isLastOfProducer(header, rules)
  const cleaned = header.control ? cleanMarker(batch, header, rules) : await cleanData(batch, header, rules)
  return cleaned ?? (mustStay ? emptied(batch, header) : null)
}

function isLastOfProducer(header: BatchHeader, { producers }: CleaningRules): boolean {
  const last = header.producerId < 0 ? undefined : producers.get(header.producerId)
  if (last === undefined) return false
  if (last.kind === 'data') return header.baseOffset + header.lastOffsetDelta === last.lastOffset
  return header.control && header.producerEpoch === last.producerEpoch
}

function cleanMarker(batch: Uint8Array, header: BatchHeader, rules: CleaningRules): Uint8Array | null {
  const isAlone = rules.transactions.onMarker(header, batch)
  if (header.count === 0) return null
  if (!isAlone) return batch
  const horizon = horizonOf(header)
  if (horizon !== null) return horizon <= rules.now ? null : batch
  return rewritten(batch, header, everything, rules.now + rules.deleteRetentionMs)
}

async function cleanData(batch: Uint8Array, header: BatchHeader, rules: CleaningRules): Promise<Uint8Array | null> {
  if (rules.transactions.onBatch(header) || header.count === 0) return null
  const horizon = horizonOf(header)
  const kept: number[] = []
  let hasTombstone = false
  const records = new EncodedRecords(encodedRecords(batch, header), header)
  while (records.next()) {
    if (rules.pace.isDue(0)) await rules.pace.turn()
    if (!stays(records, header.baseOffset, horizon, rules)) continue
    kept.push(records.offsetDelta)
    hasTombstone ||= !records.hasValue
  }
  const needsHorizon = hasTombstone && horizon === null && header.baseOffset + header.lastOffsetDelta <= rules.map.latestOffset
  if (kept.length === header.count && !needsHorizon) return batch
  if (kept.length === 0) return null
  return rewritten(batch, header, kept, needsHorizon ? rules.now + rules.deleteRetentionMs : null)
}

function horizonOf({ hasHorizon, baseTimestamp }: BatchHeader): number | null {
  return hasHorizon ? baseTimestamp : null
}

/** The map comes first: while it does not know of a tombstone, older records of its key may still be there. */
function stays(record: EncodedRecords, baseOffset: number, horizon: number | null, { map, now }: CleaningRules): boolean {
  const { key, hasValue } = record
  const offset = baseOffset + record.offsetDelta
  if (offset > map.latestOffset) return true
  if (key === null) return false
  return offset >= map.offsetOf(key) && (hasValue || horizon === null || horizon > now)
}

const everything: readonly number[] | null = null

/** The batch with the records of these offset deltas, ascending; `horizon` is set where it is not null. */
function rewritten(batch: Uint8Array, header: BatchHeader, kept: readonly number[] | null, horizon: number | null): Uint8Array {
  const shift = horizon === null ? 0 : header.baseTimestamp - horizon
  const content = encodedRecords(batch, header)
  const { sizeBytes, count, maxTimestamp } = measure(content, header, kept, shift)
  const records = Buffer.allocUnsafeSlow(sizeBytes)
  let end = 0
  forEachKept(content, header, kept, (record) => (end = copyRecord(records, end, record, shift)))
  const attributes = attributesOf(batch, 0) | (horizon === null ? 0 : HORIZON_BIT)
  return sealed(header, records, {
    attributes,
    count,
    baseTimestamp: horizon ?? header.baseTimestamp,
    maxTimestamp: header.timestampType === 'append' ? header.maxTimestamp : maxTimestamp,
  })
}

function measure(content: Uint8Array, header: BatchHeader, kept: readonly number[] | null, shift: number): Measure {
  let [sizeBytes, count, maxTimestamp] = [0, 0, -1]
  forEachKept(content, header, kept, (record) => {
    sizeBytes += copiedSize(record, shift)
    count++
    maxTimestamp = Math.max(maxTimestamp, header.baseTimestamp + record.timestampDelta)
  })
  return { sizeBytes, count, maxTimestamp }
}

interface Measure {
  readonly sizeBytes: number
  readonly count: number
  readonly maxTimestamp: number
}

function forEachKept(
  content: Uint8Array,
  header: BatchHeader,
  kept: readonly number[] | null,
  visit: (record: EncodedRecords) => void,
): void {
  const records = new EncodedRecords(content, header)
  for (let index = 0; records.next();) {
    if (kept !== null && kept[index] !== records.offsetDelta) continue
    visit(records)
    index++
  }
}

/** As Kafka's: without compression and horizon, both times those of the latest record that was in it. */
function emptied(batch: Uint8Array, header: BatchHeader): Uint8Array {
  if (header.count === 0) return batch
  return sealed(header, noRecords, {
    attributes: attributesOf(batch, 0) & (APPEND_TIME_BIT | TRANSACTIONAL_BIT | CONTROL_BIT),
    count: 0,
    baseTimestamp: header.maxTimestamp,
    maxTimestamp: header.maxTimestamp,
  })
}

const noRecords = new Uint8Array(0)

interface Content {
  readonly attributes: number
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

/** With the codec of the original, at its own level: the level that the producer took is not known. */
function sealed(header: BatchHeader, records: Uint8Array, content: Content): Uint8Array {
  const { producerId, producerEpoch, baseSequence, lastOffsetDelta, baseOffset, leaderEpoch } = header
  const codec = compressionNames[content.attributes & COMPRESSION_BITS]!
  const seal = { ...content, producerId, producerEpoch, baseSequence, lastOffsetDelta }
  const written = sealRecords(records, seal, { codec })
  stampBatch(written, 0, baseOffset, leaderEpoch)
  return written
}
