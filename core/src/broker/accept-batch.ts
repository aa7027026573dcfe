import { coreError } from '../base/error-catalogue.ts'
import { compressionNames, type BatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { rewriteBatch, type BatchChanges } from '../record/batch-rewrite.ts'
import { checkBatch } from '../record/batch-validation.ts'
import type { TopicSettings } from '../coordinator/topic-settings.ts'
import { isSuspect, recordFlaw, recordRules } from './record-rules.ts'
import { topicCompression } from './topic-compression.ts'

/**
 * The door for batches from outside: Kafka's rules of validation (LogValidator), in one place.
 *
 *      bytes → frame, checksum, size → one batch of plain records → every record → rewritten where the topic says so
 *
 * Invariants
 *   A1  What is accepted can be read, whole: every record has been looked at, inside a compressed block too.
 *   A2  Offsets count up from 0 by one, one for each record; the greatest timestamp is the one in the header.
 *   A3  What was received is never changed in place: a batch that is refused later can be sent again.
 */
export interface BatchRules {
  /** The partition, for messages. */
  readonly where: string
  readonly settings: TopicSettings
  /** The largest batch, as received and as it is stored. */
  readonly maxBytes: number
  readonly now: number
}

export interface AcceptedBatch {
  /** As it is stored: what was received where nothing had to be changed. */
  readonly batch: Uint8Array
  readonly header: BatchHeader
  /** Of the batch as it was received: by it a batch that is sent again is recognised. */
  readonly receivedCrc: number
  /** The time that the log gave to its records; null where they have the producer's. */
  readonly appendedAt: number | null
}

/**
 * @throws CORRUPT_BATCH, RECORD_TOO_LARGE, CONTENT_TOO_LARGE, INVALID_RECORD, INVALID_TIMESTAMP (both with `recordIndex` where it
 * is about one record), CODEC_MISSING
 */
export function acceptBatch(received: Uint8Array, rules: BatchRules): AcceptedBatch {
  const header = checkBatch(received, 0, received.length)
  if (received.length > rules.maxBytes) throw tooLarge(rules, received.length)
  checkHeader(header, received, rules)
  const latest = checkRecords(received, rules)
  const changes = changesFor(header, latest, rules)
  const batch = changes === null ? received : rewriteBatch(received, header, changes)
  if (batch.length > rules.maxBytes) throw tooLarge(rules, batch.length)
  const appendedAt = rules.settings.timestampType === 'LogAppendTime' ? rules.now : null
  return { batch, header, receivedCrc: header.crc, appendedAt }
}

function checkHeader(header: BatchHeader, received: Uint8Array, { where, settings }: BatchRules): void {
  const { sizeBytes, count, lastOffsetDelta, producerId, baseSequence, producerEpoch } = header
  if (sizeBytes !== received.length) throw refused(where, 'more than one batch was sent', sizeBytes, received.length)
  if (count !== lastOffsetDelta + 1)
    throw refused(where, 'the count of records contradicts their offsets', lastOffsetDelta + 1, count)
  if (header.control) throw refused(where, 'control batches are written by the log alone', 'a data batch', 'a control batch')
  if (producerId >= 0 && (baseSequence < 0 || producerEpoch < 0)) {
    const found = `sequence ${baseSequence}, epoch ${producerEpoch}`
    throw refused(where, 'the batch of a producer lacks its sequence or epoch', 'both from 0', found)
  }
  if (header.timestampType === 'create' || settings.timestampType === 'LogAppendTime') return
  throw coreError('INVALID_TIMESTAMP', {
    what: 'a producer may not say that the log gave the time',
    where,
    expected: 'CreateTime',
    received: 'LogAppendTime',
  })
}

/** The greatest timestamp. */
function checkRecords(received: Uint8Array, { where, settings, now }: BatchRules): number {
  const rules = recordRules(settings, now)
  let latest = -1
  let index = 0
  forEachRecord(received, (record) => {
    if (record.timestamp > latest) latest = record.timestamp
    if (isSuspect(rules, record.key, record.timestamp)) {
      const flaw = recordFlaw(rules, record, where, index)
      if (flaw !== null) throw flaw
    }
    index++
  })
  return latest
}

/** Null: it is stored as it came. */
function changesFor(header: BatchHeader, latest: number, { settings, now }: BatchRules): BatchChanges | null {
  const wanted = topicCompression(settings)
  const compression = wanted === null || wanted.codec === compressionNames[header.compression] ? null : wanted
  if (settings.timestampType === 'LogAppendTime') return { compression, maxTimestamp: now, timestampType: 'append' }
  if (compression === null && latest === header.maxTimestamp) return null
  return { compression, maxTimestamp: latest, timestampType: 'create' }
}

function tooLarge({ where, maxBytes }: BatchRules, received: number): Error {
  return coreError('RECORD_TOO_LARGE', {
    what: 'a record batch is larger than the topic takes',
    where,
    expected: `at most ${maxBytes} bytes`,
    received: `${received} bytes`,
  })
}

function refused(where: string, what: string, expected: string | number, received: string | number): Error {
  return coreError('CORRUPT_BATCH', { what, where, expected, received })
}
