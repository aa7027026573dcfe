import { EntryBuffer } from './entry-buffer.ts'

/** A transaction that was aborted, as one partition saw it. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the marker. */
  readonly lastOffset: number
  /** The last stable offset once it was decided. */
  readonly lastStableOffset: number
}

const version = 0

/**
 * Kafka's transaction index of one segment, `.txnindex`: the transactions whose abort marker stands in it, in the order of the
 * markers. Entries of 34 bytes, big-endian:
 *
 *   version i16 = 0 | producer id i64 | first offset i64 | last offset i64 | last stable offset i64
 */
export class TransactionIndex {
  readonly entries: EntryBuffer

  constructor(content?: Uint8Array) {
    this.entries = new EntryBuffer(34, content)
  }

  append({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): void {
    const at = this.entries.grow()
    const { bytes } = this.entries
    bytes.writeInt16BE(version, at)
    bytes.writeBigInt64BE(BigInt(producerId), at + 2)
    bytes.writeBigInt64BE(BigInt(firstOffset), at + 10)
    bytes.writeBigInt64BE(BigInt(lastOffset), at + 18)
    bytes.writeBigInt64BE(BigInt(lastStableOffset), at + 26)
  }

  at(index: number): AbortedTransaction {
    const at = index * this.entries.entryBytes
    const { bytes } = this.entries
    return {
      producerId: Number(bytes.readBigInt64BE(at + 2)),
      firstOffset: Number(bytes.readBigInt64BE(at + 10)),
      lastOffset: Number(bytes.readBigInt64BE(at + 18)),
      lastStableOffset: Number(bytes.readBigInt64BE(at + 26)),
    }
  }

  *[Symbol.iterator](): Generator<AbortedTransaction> {
    for (let index = 0; index < this.entries.count; index++) yield this.at(index)
  }

  /** What the file holds. */
  get content(): Uint8Array {
    return this.entries.bytes.subarray(0, this.entries.sizeBytes)
  }
}
