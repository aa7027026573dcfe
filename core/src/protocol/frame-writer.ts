import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import { writeInt16, writeInt32 } from '../record/big-endian.ts'
import { textSize, writeText } from './wire-text.ts'

/**
 * Writes a frame as chunks: pieces of slabs of its own, and between them views of records that somebody else holds.
 *
 *      ┌──────── slab ────────┐   ┌── records ──┐   ┌─── slab, on ───┐   ┌── next slab ──
 *      │ size, header, fields │   │ not copied  │   │ fields         │   │ fields …
 *      └──────────────────────┘   └─────────────┘   └────────────────┘   └───────────────
 *
 * Invariants
 *   W1  What was written is never moved: a slab that is full stays as a chunk, and the next one begins.
 *   W2  Every number is in the range of its type, every text is well-formed and fits its length, else MESSAGE_INVALID: nothing is
 *       cut off in silence.
 *   W3  Chunks belong to the frame alone; those of records are the caller's, who changes nothing until the frame is sent.
 */
export interface EncodedFrame {
  /** To be sent one after the other. */
  readonly chunks: readonly Uint8Array[]
  /** Of all chunks. */
  readonly sizeBytes: number
}

const twoTo32 = 2 ** 32
const largestSlabBytes = 1 << 20
/** Fewer bytes are copied: a chunk of its own costs more. */
const viewBytes = 512
const maxShortSize = 0x7fff

export class FrameWriter {
  /** The field that is written, for a message. */
  place: string
  private slab: Uint8Array
  /** Where the chunk begins that is being written. */
  private start = 0
  private at = 0
  private readonly chunks: Uint8Array[] = []
  private closedBytes = 0
  private passedBytes = 0

  constructor(slabBytes: number, place: string) {
    this.slab = Buffer.allocUnsafe(slabBytes)
    this.place = place
  }

  get sizeBytes(): number {
    return this.closedBytes + this.at - this.start
  }

  /** Without what was passed on as a view. */
  get ownBytes(): number {
    return this.sizeBytes - this.passedBytes
  }

  bool(value: boolean): void {
    const at = this.take(1)
    this.slab[at] = value ? 1 : 0
  }

  int8(value: number): void {
    if (value !== (value << 24) >> 24) throw this.outOfRange('int8', value)
    const at = this.take(1)
    this.slab[at] = value
  }

  int16(value: number): void {
    if (value !== (value << 16) >> 16) throw this.outOfRange('int16', value)
    const at = this.take(2)
    writeInt16(this.slab, at, value)
  }

  uint16(value: number): void {
    if (value !== (value & 0xffff)) throw this.outOfRange('uint16', value)
    const at = this.take(2)
    writeInt16(this.slab, at, value)
  }

  int32(value: number): void {
    if (value !== (value | 0)) throw this.outOfRange('int32', value)
    const at = this.take(4)
    writeInt32(this.slab, at, value)
  }

  uint32(value: number): void {
    if (value !== value >>> 0) throw this.outOfRange('uint32', value)
    const at = this.take(4)
    writeInt32(this.slab, at, value)
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw this.outOfRange('a safe integer', value)
    const at = this.take(8)
    writeInt32(this.slab, at, Math.floor(value / twoTo32))
    writeInt32(this.slab, at + 4, value)
  }

  /** Infinity is Long.MAX. */
  int64OrUnlimited(value: number): void {
    if (value !== Infinity) return this.int64(value)
    const at = this.take(8)
    writeInt32(this.slab, at, 0x7fff_ffff)
    writeInt32(this.slab, at + 4, -1)
  }

  float64(value: number): void {
    const at = this.take(8)
    new DataView(this.slab.buffer, this.slab.byteOffset + at, 8).setFloat64(0, value)
  }

  unsignedVarint(value: number): void {
    const from = this.take(5)
    let at = from
    let rest = value
    while (rest > 127) {
      this.slab[at++] = rest | 128
      rest >>>= 7
    }
    this.slab[at++] = rest
    this.at = at
  }

  uuid(value: string): void {
    if (!uuidPattern.test(value)) throw this.invalid('a uuid is not 32 hexadecimal digits', value)
    const at = this.take(16)
    for (let i = 0; i < 16; i++) this.slab[at + i] = Number.parseInt(value.slice(2 * i, 2 * i + 2), 16)
  }

  /** With its size in two bytes. */
  string(value: string): void {
    const sizeBytes = this.sizeOf(value)
    this.int16(sizeBytes)
    const at = this.take(sizeBytes)
    writeText(this.slab, at, value, sizeBytes)
  }

  /** With one more than its size as a varint. */
  compactString(value: string): void {
    const sizeBytes = this.sizeOf(value)
    this.unsignedVarint(sizeBytes + 1)
    const at = this.take(sizeBytes)
    writeText(this.slab, at, value, sizeBytes)
  }

  copy(bytes: Uint8Array): void {
    const at = this.take(bytes.length)
    this.slab.set(bytes, at)
  }

  /** As they are, and not copied when they are many. */
  pass(bytes: Uint8Array): void {
    if (bytes.length < viewBytes) return this.copy(bytes)
    this.closeChunk()
    this.chunks.push(bytes)
    this.closedBytes += bytes.length
    this.passedBytes += bytes.length
  }

  /** Takes over what another writer wrote. */
  append(frame: EncodedFrame): void {
    for (const chunk of frame.chunks) this.pass(chunk)
  }

  /** The writer is of no use afterwards. */
  finish(): EncodedFrame {
    this.closeChunk()
    return { chunks: this.chunks, sizeBytes: this.closedBytes }
  }

  invalid(what: string, received?: string | number): MillraceError {
    return coreError('MESSAGE_INVALID', { what, where: this.place, ...(received === undefined ? {} : { received }) })
  }

  /** Moves over room for bytes; answers where it is in `slab`, which may be a new one: look at it afterwards. */
  private take(sizeBytes: number): number {
    if (this.at + sizeBytes > this.slab.length) this.nextSlab(sizeBytes)
    const from = this.at
    this.at = from + sizeBytes
    return from
  }

  private nextSlab(sizeBytes: number): void {
    this.closeChunk()
    this.slab = Buffer.allocUnsafe(Math.max(sizeBytes, Math.min(largestSlabBytes, 2 * this.slab.length)))
    this.start = 0
    this.at = 0
  }

  private closeChunk(): void {
    if (this.at === this.start) return
    this.chunks.push(this.slab.subarray(this.start, this.at))
    this.closedBytes += this.at - this.start
    this.start = this.at
  }

  private sizeOf(text: string): number {
    const sizeBytes = textSize(text)
    if (sizeBytes < 0) throw this.invalid('a text has half a surrogate pair')
    if (sizeBytes > maxShortSize) throw this.invalid(`a text takes more than ${maxShortSize} bytes`, sizeBytes)
    return sizeBytes
  }

  private outOfRange(type: string, value: number): MillraceError {
    return this.invalid(`a number is not ${type}`, String(value))
  }
}

const uuidPattern = /^[0-9a-f]{32}$/i
