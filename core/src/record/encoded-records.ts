import { coreError } from '../base/error-catalogue.ts'
import type { BatchHeader } from './batch-header.ts'
import { varintSize, varlongSize, readVarint, readVarlong, writeVarint, writeVarlong, type Cursor } from './varint.ts'

/**
 * Walks over the encoded records of a batch (`encodedRecords`) without taking them apart: who writes a batch anew copies their
 * bytes, so that nothing in them, valid UTF-8 or not, becomes something else.
 *
 *      ┌────────┬────────────┬─────────────────┬───────────────────────────────────────────────┐
 *      │ length │ attributes │ timestamp delta │ offset delta, key, value, headers             │
 *      └────────┴────────────┴─────────────────┴───────────────────────────────────────────────┘
 *      start                                   restAt                                          end
 *
 * Everything up to the length of the value is checked, what stands behind it is copied unseen.
 */
export class EncodedRecords implements Cursor {
  readonly bytes: Uint8Array
  at = 0
  start = 0
  restAt = 0
  end = 0
  timestampDelta = 0
  offsetDelta = -1
  key: Uint8Array | null = null
  hasValue = false
  private readonly header: BatchHeader
  private left: number

  constructor(bytes: Uint8Array, header: BatchHeader) {
    this.bytes = bytes
    this.header = header
    this.left = header.count
  }

  /** Moves to the next record; false behind the last. @throws CORRUPT_BATCH, NUMBER_OUT_OF_RANGE */
  next(): boolean {
    this.start = this.end
    if (this.left-- === 0) {
      if (this.end !== this.bytes.length) throw this.corrupt('the batch does not end with its last record', this.bytes.length)
      return false
    }
    this.at = this.start
    this.end = this.readEnd(this.bytes.length)
    this.at++ // the attributes
    this.timestampDelta = readVarlong(this.bytes, this)
    this.restAt = this.at
    this.readOffsetDelta()
    this.readKey()
    this.hasValue = readVarint(this.bytes, this) >= 0
    if (this.at > this.end) throw this.corrupt('a record does not end where its length says', this.end)
    return true
  }

  private readEnd(limit: number): number {
    const length = readVarint(this.bytes, this)
    const end = this.at + length
    if (length < 0 || end > limit) throw this.corrupt('a length reaches too far', `0 to ${limit - this.at}`)
    return end
  }

  private readOffsetDelta(): void {
    const delta = readVarint(this.bytes, this)
    const { lastOffsetDelta } = this.header
    if (delta <= this.offsetDelta || delta > lastOffsetDelta)
      throw this.corrupt('an offset delta is out of order', `${this.offsetDelta + 1} to ${lastOffsetDelta}`)
    this.offsetDelta = delta
  }

  private readKey(): void {
    const length = readVarint(this.bytes, this)
    if (length < -1 || this.at + length > this.end) throw this.corrupt('a length reaches too far', `-1 to ${this.end - this.at}`)
    this.key = length < 0 ? null : this.bytes.subarray(this.at, this.at + length)
    this.at += Math.max(length, 0)
  }

  private corrupt(what: string, expected: string | number): Error {
    return coreError('CORRUPT_BATCH', { what, where: `batch at offset ${this.header.baseOffset}, byte ${this.at}`, expected })
  }
}

/** The bytes that `copyRecord` writes. */
export function copiedSize({ start, restAt, end, timestampDelta }: EncodedRecords, shift: number): number {
  if (shift === 0) return end - start
  const body = 1 + varlongSize(timestampDelta + shift) + end - restAt
  return varintSize(body) + body
}

/** Writes the record with a timestamp delta that is higher by `shift`; returns the place behind it. */
export function copyRecord(into: Uint8Array, at: number, record: EncodedRecords, shift: number): number {
  const { bytes, start, restAt, end, timestampDelta } = record
  if (shift === 0) {
    into.set(bytes.subarray(start, end), at)
    return at + end - start
  }
  const body = 1 + varlongSize(timestampDelta + shift) + end - restAt
  let to = writeVarint(into, at, body)
  into[to++] = 0
  to = writeVarlong(into, to, timestampDelta + shift)
  into.set(bytes.subarray(restAt, end), to)
  return to + end - restAt
}
