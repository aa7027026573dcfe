import { assert } from '../base/assert.ts'
import { noHeaders, type Bytes, type Header } from '../base/bytes.ts'
import { coreError } from '../base/error-catalogue.ts'
import { APPEND_TIME_BIT, BATCH_OVERHEAD_BYTES, TRANSACTIONAL_BIT } from './batch-header.ts'
import { sealBatch, sealRecords, type BatchSeal } from './batch-seal.ts'
import type { Compression } from './compression.ts'
import { checkFields } from './record-fields.ts'
import { recordBound, recordSize, writeRecord, type RecordDraft, type Slab } from './record-encoding.ts'

/**
 * A record batch in the making. With compression the records are gathered as they are, and become one block when it is built.
 *
 *      slab ┌──── header, 61 bytes, written by build ────┬─ record ─┬─ record ─┬─ … ─┬── free ──┐
 *           0                                            61                        end       ≤ maxBytes
 *
 * Invariants
 *   B1  The slab is never larger than `maxBytes`: what fits into it fits into the batch.
 *   B2  `append` changes nothing unless the record fits whole.
 *   B3  The slab leaves with `build` and is never written to again: views of it may be kept.
 */
export interface BatchBuilderOptions {
  /** Room to begin with; it doubles as needed. Default 512. */
  readonly initialBytes?: number
  /** Of the whole batch, header included. */
  readonly maxBytes: number
  /** Default none. The batch stays as it is where its block would go over `maxBytes`. */
  readonly compression?: Compression
}

/** An idempotent or transactional producer, as its batches name it. */
export interface ProducerStamp {
  readonly producerId: number
  readonly producerEpoch: number
  /** The sequence number of the first record. */
  readonly baseSequence: number
  readonly transactional: boolean
}

const noProducer: ProducerStamp = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false }

/** Kafka's default of `max.message.bytes`. */
const defaultMaxBytes = 1_048_588
const defaultInitialBytes = 512
const noCompression: Compression = { codec: 'none' }
const noTimestamp = -1
/** One less than what is safe, so that the difference of any two timestamps is a safe integer too. */
const lastTimestamp = Number.MAX_SAFE_INTEGER - 1
/** A batch that fills less than a quarter of a slab from this size on is copied out: it would keep the whole slab in memory. */
const largeSlab = 4096

export class BatchBuilder {
  private readonly maxBytes: number
  private readonly compression: Compression
  private slab: Slab
  private end = BATCH_OVERHEAD_BYTES
  private baseTimestamp = noTimestamp
  private latest = noTimestamp
  private built = false
  /** One for all records: none is allocated per record. */
  private readonly draft: RecordDraft = { timestampDelta: 0, offsetDelta: 0, key: null, value: null, headers: noHeaders }

  constructor(options: BatchBuilderOptions = { maxBytes: defaultMaxBytes }) {
    const { initialBytes = defaultInitialBytes, maxBytes, compression = noCompression } = options
    this.maxBytes = maxBytes
    this.compression = compression
    this.slab = newSlab(Math.min(Math.max(initialBytes, BATCH_OVERHEAD_BYTES), maxBytes))
  }

  /** Records in it. */
  get count(): number {
    return this.draft.offsetDelta
  }

  /** Of the batch as it would be built now, header included, before compression. */
  get sizeBytes(): number {
    return this.end
  }

  /** Whether it is compressed when it is built. */
  get isCompressing(): boolean {
    return this.compression.codec !== 'none'
  }

  /** -1 while there is no record. */
  get maxTimestamp(): number {
    return this.latest
  }

  /**
   * Encodes the record behind the others. False, and nothing changed, when a batch that is not empty has no room for it.
   * A timestamp is -1 (none) or milliseconds since 1970.
   * @throws RECORD_TOO_LARGE when no batch has room for it; NUMBER_OUT_OF_RANGE; INVALID_OPTION for what is no key, value or header;
   * BATCH_CONSUMED after `build`
   */
  append(key: Bytes, value: Bytes, timestamp: number, headers: readonly Header[] = noHeaders): boolean {
    if (this.built) throw consumed()
    if (!isTimestamp(timestamp)) throw badTimestamp(timestamp)
    const { draft } = this
    draft.timestampDelta = this.count === 0 ? 0 : timestamp - this.baseTimestamp
    draft.key = key
    draft.value = value
    draft.headers = headers
    checkFields(draft)
    if (this.end + recordBound(draft) > this.slab.length && !this.makeRoom()) return false
    this.end = writeRecord(this.slab, this.end, draft)
    if (draft.offsetDelta++ === 0) this.baseTimestamp = timestamp
    if (timestamp > this.latest) this.latest = timestamp
    return true
  }

  /** Room for the draft, counted exactly. The bound is too much for the last records of a slab and for long text. */
  private makeRoom(): boolean {
    const needed = this.end + recordSize(this.draft)
    if (needed > this.maxBytes) return this.refuse()
    if (needed > this.slab.length) this.grow(Math.min(Math.max(needed, 2 * this.slab.length), this.maxBytes))
    return true
  }

  private refuse(): false {
    const alone = BATCH_OVERHEAD_BYTES + recordSize({ ...this.draft, timestampDelta: 0, offsetDelta: 0 })
    if (alone <= this.maxBytes) return false
    throw coreError('RECORD_TOO_LARGE', {
      what: 'a record is larger than a batch may be',
      expected: `at most ${this.maxBytes} bytes`,
      received: `${alone} bytes`,
    })
  }

  private grow(bytes: number): void {
    const slab = newSlab(bytes)
    this.slab.copy(slab, BATCH_OVERHEAD_BYTES, BATCH_OVERHEAD_BYTES, this.end)
    this.slab = slab
  }

  /**
   * Finishes header and checksum; the builder takes nothing more. With `appendTime` that is the time of every record.
   * @throws BATCH_CONSUMED the second time
   */
  build(producer: ProducerStamp = noProducer, appendTime: number | null = null): Uint8Array {
    if (this.built) throw consumed()
    assert(this.count > 0, 'a batch has at least one record')
    const seal = this.sealFor(producer, appendTime)
    const compressed = this.compress(seal)
    const batch = this.takeSlab(compressed)
    if (compressed === null) sealBatch(batch, seal)
    return batch
  }

  private sealFor(producer: ProducerStamp, appendTime: number | null): BatchSeal {
    return {
      attributes: (producer.transactional ? TRANSACTIONAL_BIT : 0) | (appendTime === null ? 0 : APPEND_TIME_BIT),
      count: this.count,
      baseTimestamp: this.baseTimestamp,
      maxTimestamp: appendTime ?? this.latest,
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      baseSequence: producer.baseSequence,
    }
  }

  private compress(seal: BatchSeal): Uint8Array | null {
    if (this.compression.codec === 'none') return null
    const batch = sealRecords(this.slab.subarray(BATCH_OVERHEAD_BYTES, this.end), seal, this.compression)
    return batch.length <= this.maxBytes ? batch : null
  }

  private takeSlab(compressed: Uint8Array | null): Uint8Array {
    const { slab, end } = this
    this.built = true
    this.slab = noSlab
    this.draft.key = this.draft.value = null
    if (compressed !== null) return compressed
    const batch = slab.subarray(0, end)
    if (slab.length < largeSlab || end * 4 >= slab.length) return batch
    const copy = newSlab(end)
    copy.set(batch)
    return copy
  }
}

/**
 * A large one is of its own memory: a view that is kept keeps this batch and no stranger. Small ones share Node's pool: for a
 * thousand producers that send one record each, memory of their own would cost more than everything else.
 */
function newSlab(bytes: number): Slab {
  return (bytes < largeSlab ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes)) as Slab
}

const noSlab = newSlab(0)

function isTimestamp(timestamp: number): boolean {
  return timestamp >= noTimestamp && timestamp <= lastTimestamp && Number.isInteger(timestamp)
}

function badTimestamp(timestamp: number): Error {
  const expected = `a whole number from -1 to ${lastTimestamp}`
  return coreError('NUMBER_OUT_OF_RANGE', { what: 'a timestamp is out of range', expected, received: timestamp })
}

function consumed(): Error {
  return coreError('BATCH_CONSUMED', { what: 'the batch was built already' })
}
