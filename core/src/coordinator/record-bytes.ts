import { coreError } from '../base/error-catalogue.ts'
import type { TopicId } from '../base/ids.ts'

/** Writes the fields of Kafka's coordinator records, big-endian, one behind the other. */
export class RecordWriter {
  private buffer: Buffer = Buffer.allocUnsafe(256)
  private at = 0

  i8(value: number): this {
    this.reserve(1)
    this.at = this.buffer.writeInt8(value, this.at)
    return this
  }

  i16(value: number): this {
    this.reserve(2)
    this.at = this.buffer.writeInt16BE(value, this.at)
    return this
  }

  i32(value: number): this {
    this.reserve(4)
    this.at = this.buffer.writeInt32BE(value, this.at)
    return this
  }

  i64(value: number): this {
    this.reserve(8)
    this.at = this.buffer.writeBigInt64BE(BigInt(value), this.at)
    return this
  }

  /** Unsigned, seven bits a byte. */
  varint(value: number): this {
    let rest = value
    while (rest > 127) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    return this.byte(rest)
  }

  private byte(value: number): this {
    this.reserve(1)
    this.at = this.buffer.writeUInt8(value, this.at)
    return this
  }

  /** UTF-8 with its length as i16. */
  string(value: string): this {
    const size = Buffer.byteLength(value)
    this.i16(size)
    return this.text(value, size)
  }

  /** UTF-8 with its length + 1 as a varint (flexible versions). */
  compactString(value: string): this {
    const size = Buffer.byteLength(value)
    this.varint(size + 1)
    return this.text(value, size)
  }

  /** As `compactString`; null has length 0. */
  compactNullableString(value: string | null): this {
    return value === null ? this.varint(0) : this.compactString(value)
  }

  /** 16 bytes, given in hexadecimal digits. */
  uuid(value: TopicId): this {
    this.reserve(16)
    this.at += this.buffer.write(value, this.at, 'hex')
    return this
  }

  /** As `string`; null has length -1. */
  nullableString(value: string | null): this {
    return value === null ? this.i16(-1) : this.string(value)
  }

  /** Bytes with their length as i32; null has length -1. */
  nullableBytes(value: Uint8Array | null): this {
    if (value === null) return this.i32(-1)
    this.i32(value.length)
    this.reserve(value.length)
    this.buffer.set(value, this.at)
    this.at += value.length
    return this
  }

  private text(value: string, size: number): this {
    this.reserve(size)
    this.at += this.buffer.write(value, this.at)
    return this
  }

  private reserve(size: number): void {
    if (this.at + size <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + size))
    this.buffer.copy(larger, 0, 0, this.at)
    this.buffer = larger
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.at)
  }
}

/** Reads them back. @throws UNSUPPORTED_FORMAT when the bytes end early */
export class RecordReader {
  private readonly buffer: Buffer
  private readonly where: string
  private at = 0

  constructor(bytes: Uint8Array, where: string) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.where = where
  }

  i8(): number {
    return this.buffer.readInt8(this.take(1))
  }

  i16(): number {
    return this.buffer.readInt16BE(this.take(2))
  }

  i32(): number {
    return this.buffer.readInt32BE(this.take(4))
  }

  i64(): number {
    return Number(this.buffer.readBigInt64BE(this.take(8)))
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)]!
      value |= (byte & 127) << shift
      if (byte < 128) break
    }
    return value >>> 0
  }

  string(): string {
    return this.text(this.i16())
  }

  compactString(): string {
    return this.text(this.varint() - 1)
  }

  compactNullableString(): string | null {
    const size = this.varint()
    return size === 0 ? null : this.text(size - 1)
  }

  uuid(): TopicId {
    const start = this.take(16)
    return this.buffer.toString('hex', start, this.at)
  }

  /** What flexible versions add behind the fields, by tag. */
  tags(): ReadonlyMap<number, Uint8Array> {
    const found = new Map<number, Uint8Array>()
    for (let left = this.varint(); left > 0; left--) {
      const tag = this.varint()
      const start = this.take(this.varint())
      found.set(tag, this.buffer.subarray(start, this.at))
    }
    return found
  }

  nullableString(): string | null {
    const size = this.i16()
    return size < 0 ? null : this.text(size)
  }

  /** A view. */
  nullableBytes(): Uint8Array | null {
    const size = this.i32()
    if (size < 0) return null
    const start = this.take(size)
    return this.buffer.subarray(start, this.at)
  }

  get isAtEnd(): boolean {
    return this.at >= this.buffer.length
  }

  /** The count of an array in a flexible version, 0 for null. A count that cannot be true ends the reading. */
  compactCount(): number {
    const count = Math.max(0, this.varint() - 1)
    if (count > this.buffer.length - this.at) this.take(count)
    return count
  }

  /** The count of an array; -1 stands for null. A count that cannot be true ends the reading. */
  count(): number {
    const count = this.i32()
    if (count > this.buffer.length - this.at) this.take(count)
    return count
  }

  private text(size: number): string {
    const start = this.take(Math.max(size, 0))
    return this.buffer.toString('utf8', start, this.at)
  }

  private take(size: number): number {
    const start = this.at
    this.at += size
    if (this.at > this.buffer.length) throw coreError('UNSUPPORTED_FORMAT', { what: 'a record ends early', where: this.where })
    return start
  }
}
