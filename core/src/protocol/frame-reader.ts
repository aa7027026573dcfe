import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import { readInt16, readInt32 } from '../record/big-endian.ts'
import { isExactUtf8, readText } from './wire-text.ts'

/**
 * Reads a frame that anybody may have sent.
 *
 * Invariants
 *   R1  Nothing is read behind the end, whatever a length says; `at` never passes `end`.
 *   R2  Every failure is FRAME_INVALID, with the field and the byte.
 *   R3  Nothing is allocated because a number says so: a count is refused unless as many of the smallest elements would fit into
 *       the bytes that are left, and a frame has at most `maxElements` of them, since an object takes more memory than its bytes.
 *   R4  Bytes are views of the frame.
 */

const twoTo32 = 2 ** 32
const longMaxHigh = 0x7fff_ffff

/** Of all arrays of a frame together, at most: some 100 MB. */
const mostElements = 1_000_000

export class FrameReader {
  readonly bytes: Uint8Array
  at: number
  /** Tagged fields have bounds of their own within the frame. */
  end: number
  /** The field that is read, for a message. */
  place: string
  private readonly maxElements: number
  private elements: number

  constructor(bytes: Uint8Array, place: string, maxElements: number = mostElements) {
    this.maxElements = maxElements
    this.elements = maxElements
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
    this.place = place
  }

  get left(): number {
    return this.end - this.at
  }

  /** Moves over bytes; answers where they begin. */
  take(sizeBytes: number): number {
    const from = this.at
    if (sizeBytes > this.end - from) throw this.tooShort(sizeBytes)
    this.at = from + sizeBytes
    return from
  }

  bool(): boolean {
    return this.bytes[this.take(1)] !== 0
  }

  int8(): number {
    return (this.bytes[this.take(1)]! << 24) >> 24
  }

  int16(): number {
    return readInt16(this.bytes, this.take(2))
  }

  uint16(): number {
    return readInt16(this.bytes, this.take(2)) & 0xffff
  }

  int32(): number {
    return readInt32(this.bytes, this.take(4))
  }

  uint32(): number {
    return readInt32(this.bytes, this.take(4)) >>> 0
  }

  int64(): number {
    const at = this.take(8)
    const value = readInt32(this.bytes, at) * twoTo32 + (readInt32(this.bytes, at + 4) >>> 0)
    if (Number.isSafeInteger(value)) return value
    throw this.invalid('a 64-bit number is too large', 'a safe integer (below 2^53)', value)
  }

  /** Long.MAX is Infinity. */
  int64OrUnlimited(): number {
    const { at, bytes } = this
    if (this.end - at < 8 || readInt32(bytes, at) !== longMaxHigh || readInt32(bytes, at + 4) !== -1) return this.int64()
    this.at = at + 8
    return Infinity
  }

  float64(): number {
    const at = this.take(8)
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0)
  }

  /** At most 32 bits, lowest seven first. */
  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.take(1)]!
      if (shift === 28 && byte > 15) break
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw this.invalid('a number of variable length has more than 32 bits')
  }

  uuid(): string {
    const at = this.take(16)
    let text = ''
    for (let i = at; i < at + 16; i++) text += hexOf[this.bytes[i]!]!
    return text
  }

  /** Bytes that are not UTF-8 are refused: what Java would put in their place would make one name of two. */
  text(sizeBytes: number): string {
    const from = this.take(sizeBytes)
    const text = readText(this.bytes, from, this.at)
    if (isExactUtf8(text, this.bytes, from, this.at)) return text
    this.at = from
    throw this.invalid('a text is not UTF-8')
  }

  view(sizeBytes: number): Uint8Array {
    const from = this.take(sizeBytes)
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + from, sizeBytes)
  }

  /** -1 for null. */
  int16Size(): number {
    return this.size(this.int16())
  }

  /** -1 for null. */
  int32Size(): number {
    return this.size(this.int32())
  }

  /** One more than the size, so that 0 says null: -1 here. */
  compactSize(): number {
    return this.unsignedVarint() - 1
  }

  /** Before the elements of an array are read. */
  expectElements(count: number, leastSizeBytes: number): void {
    if (count * leastSizeBytes > this.left) {
      const fitting = Math.floor(this.left / leastSizeBytes)
      throw this.invalid('an array is longer than its frame', `at most ${fitting} elements`, count)
    }
    this.elements -= count
    if (this.elements < 0) throw this.invalid('a frame has too many elements', `at most ${this.maxElements}`)
  }

  /** @throws FRAME_INVALID when bytes are left */
  finish(): void {
    if (this.at !== this.end) throw this.invalid('bytes stand behind the end of the message', 0, this.left)
  }

  invalid(what: string, expected?: string | number, received?: string | number): MillraceError {
    const where = `${this.place}, byte ${this.at}`
    return coreError('FRAME_INVALID', {
      what,
      where,
      ...(expected === undefined ? {} : { expected }),
      ...(received === undefined ? {} : { received }),
    })
  }

  private size(value: number): number {
    if (value < -1) throw this.invalid('a size is negative', 'at least -1', value)
    return value
  }

  private tooShort(sizeBytes: number): MillraceError {
    return this.invalid('the frame ends too early', `${sizeBytes} bytes`, this.left)
  }
}

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
