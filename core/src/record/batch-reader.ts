import { noHeaders, type Header } from '../base/bytes.ts'
import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import { BATCH_OVERHEAD_BYTES, readBatchHeader, type BatchHeader } from './batch-header.ts'
import { decompressRecords, defaultMaxContentBytes } from './compression.ts'
import { readVarint, readVarlong, type Cursor } from './varint.ts'

/**
 * Records out of a batch, without a copy: key, value and header values are views into its bytes, or, where it is compressed, into
 * what its block became: one piece of memory for all records of the batch.
 *
 * Invariants
 *   R1  Every length is checked against the record it stands in, every record against the batch: no view reaches further.
 *   R2  Offsets rise, and end with the batch's last offset at the latest.
 *   R3  A batch that breaks R1 or R2 is CORRUPT_BATCH at the record that does; records before it have been visited.
 *
 * The checksum is not looked at: `checkBatch` did, where the bytes came in.
 */
export interface RecordView {
  readonly offset: number
  /** Milliseconds since 1970; the time of the append for topics that are so configured. -1 where there is none. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}

/** A record that may be kept. */
export type RecordObject = RecordView

/**
 * Visits the records of one batch. The view is the same object each time, valid during the call; its key and value may be kept.
 * @throws CORRUPT_BATCH; CONTENT_TOO_LARGE for a compressed batch that becomes more than `maxContentBytes`; CODEC_MISSING
 */
export function forEachRecord(
  batch: Uint8Array,
  visit: (record: RecordView) => void,
  maxContentBytes: number = defaultMaxContentBytes,
): void {
  const header = readBatchHeader(batch, 0)
  const reader = readerOf(batch, header, maxContentBytes)
  const record = new RecordFields()
  for (let i = 0; i < header.count; i++) {
    reader.readInto(record)
    visit(record)
  }
  reader.expectEnd()
}

/** The records of one batch, each an object of its own. @throws as `forEachRecord` */
export function toRecords(batch: Uint8Array, maxContentBytes: number = defaultMaxContentBytes): RecordObject[] {
  const header = readBatchHeader(batch, 0)
  const reader = readerOf(batch, header, maxContentBytes)
  const records: RecordFields[] = []
  for (let i = 0; i < header.count; i++) {
    const record = new RecordFields()
    reader.readInto(record)
    records.push(record)
  }
  reader.expectEnd()
  return records
}

/**
 * The encoded records of a batch, one behind the other, out of its block where it is compressed: a view into the batch otherwise.
 * @throws CORRUPT_BATCH, CONTENT_TOO_LARGE, CODEC_MISSING
 */
export function encodedRecords(
  batch: Uint8Array,
  header: BatchHeader,
  maxContentBytes: number = defaultMaxContentBytes,
): Uint8Array {
  if (header.sizeBytes > batch.length) throw cutOff(batch, header)
  const records = batch.subarray(BATCH_OVERHEAD_BYTES, header.sizeBytes)
  if (header.compression === 0 || records.length === 0) return records
  return decompressRecords(records, header.compression, `batch at offset ${header.baseOffset}`, maxContentBytes)
}

function readerOf(batch: Uint8Array, header: BatchHeader, maxContentBytes: number): RecordReader {
  if (header.compression !== 0) return new RecordReader(encodedRecords(batch, header, maxContentBytes), 0, header)
  if (header.sizeBytes > batch.length) throw cutOff(batch, header)
  return new RecordReader(batch, BATCH_OVERHEAD_BYTES, header)
}

function cutOff(batch: Uint8Array, { sizeBytes, baseOffset }: BatchHeader): MillraceError {
  const where = `batch at offset ${baseOffset}`
  return coreError('CORRUPT_BATCH', { what: 'the batch is cut off', where, expected: sizeBytes, received: batch.length })
}

/** One class, its fields always in the same order: callers' property reads stay monomorphic. */
class RecordFields {
  offset = 0
  timestamp = 0
  key: Buffer | null = null
  value: Buffer | null = null
  headers: readonly Header[] = noHeaders
}

/**
 * The class that Buffer's own `subarray` makes (Node gives it as Buffer's species): its constructor makes the same view
 * without checking and clamping what is checked here, in a third of the time.
 */
const View = (
  Buffer as unknown as { readonly [Symbol.species]: new (buffer: ArrayBufferLike, at: number, length: number) => Buffer }
)[Symbol.species]

/** Node's own name for reading UTF-8 is not in the types; it saves the choice of an encoding. */
type TextReader = Buffer & { utf8Slice(from: number, to: number): string }

class RecordReader implements Cursor {
  at: number
  private readonly bytes: TextReader
  private readonly memory: ArrayBufferLike
  private readonly memoryAt: number
  private readonly end: number
  private readonly baseOffset: number
  private readonly lastOffsetDelta: number
  private readonly baseTimestamp: number
  /** Of all records, where the log and not the producer gave the time. */
  private readonly appendTime: number | null
  private offsetDelta = -1

  /** Of records that begin at `at`: up to the end of the batch where they stand in it, of the bytes where they came out of a block. */
  constructor(bytes: Uint8Array, at: number, header: BatchHeader) {
    this.at = at
    this.bytes = new View(bytes.buffer, bytes.byteOffset, bytes.length) as TextReader
    this.memory = bytes.buffer
    this.memoryAt = bytes.byteOffset
    this.end = at === 0 ? bytes.length : header.sizeBytes
    this.baseOffset = header.baseOffset
    this.lastOffsetDelta = header.lastOffsetDelta
    this.baseTimestamp = header.baseTimestamp
    this.appendTime = header.timestampType === 'append' ? header.maxTimestamp : null
  }

  readInto(record: RecordFields): void {
    const recordEnd = this.readLength(this.end)
    this.at++ // the attributes: no bit of them is in use
    const timestamp = this.baseTimestamp + readVarlong(this.bytes, this)
    record.timestamp = this.appendTime ?? timestamp
    record.offset = this.baseOffset + this.readOffsetDelta()
    record.key = this.readField(recordEnd)
    record.value = this.readField(recordEnd)
    record.headers = this.readHeaders(recordEnd)
    if (this.at !== recordEnd) throw this.corrupt('a record does not end where its length says', recordEnd, this.at)
  }

  expectEnd(): void {
    if (this.at !== this.end) throw this.corrupt('the batch does not end with its last record', this.end, this.at)
  }

  /** The end of what a length in front of it says, which lies before `limit`. */
  private readLength(limit: number): number {
    const length = readVarint(this.bytes, this)
    const end = this.at + length
    if (length < 0 || end > limit) throw this.corrupt('a length reaches too far', `0 to ${limit - this.at}`, length)
    return end
  }

  private readOffsetDelta(): number {
    const delta = readVarint(this.bytes, this)
    const { offsetDelta, lastOffsetDelta } = this
    if (delta <= offsetDelta || delta > lastOffsetDelta) {
      throw this.corrupt('an offset delta is out of order', `${offsetDelta + 1} to ${lastOffsetDelta}`, delta)
    }
    this.offsetDelta = delta
    return delta
  }

  private readField(limit: number): Buffer | null {
    const length = readVarint(this.bytes, this)
    if (length < 0) return this.readNull(length)
    const start = this.at
    if (start + length > limit) throw this.corrupt('a length reaches too far', `-1 to ${limit - start}`, length)
    this.at = start + length
    return new View(this.memory, this.memoryAt + start, length)
  }

  private readNull(length: number): null {
    if (length !== -1) throw this.corrupt('a length is negative', '-1 or more', length)
    return null
  }

  private readHeaders(limit: number): readonly Header[] {
    const count = readVarint(this.bytes, this)
    if (count === 0) return noHeaders
    // A header takes two bytes at least: what cannot be there is not gathered.
    if (count < 0 || count * 2 > limit - this.at)
      throw this.corrupt('headers reach out of their record', `0 to ${limit - this.at}`, count)
    const headers: Header[] = []
    for (let i = 0; i < count; i++) headers.push([this.readName(limit), this.readField(limit)])
    return headers
  }

  private readName(limit: number): string {
    const end = this.readLength(limit)
    const name = this.bytes.utf8Slice(this.at, end)
    this.at = end
    return name
  }

  private corrupt(what: string, expected: string | number, received: string | number): MillraceError {
    return coreError('CORRUPT_BATCH', { what, where: `batch at offset ${this.baseOffset}, byte ${this.at}`, expected, received })
  }
}
