/** Values made of several others, as bytes: a version byte, then numbers and parts. For stores and topics of the application alone. */

const version = 1
const none = -1

export class Packer {
  readonly #chunks: Buffer[] = [Buffer.of(version)]

  byte(value: number): this {
    this.#chunks.push(Buffer.of(value))
    return this
  }

  int32(value: number): this {
    const chunk = Buffer.allocUnsafe(4)
    chunk.writeInt32BE(value)
    this.#chunks.push(chunk)
    return this
  }

  /** A whole number up to 2^53. */
  int64(value: number): this {
    return this.int32(Math.floor(value / 2 ** 32)).int32(value | 0)
  }

  /** Its length, then its bytes. */
  part(bytes: Uint8Array | string | null): this {
    if (bytes === null) return this.int32(none)
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    this.int32(chunk.length)
    this.#chunks.push(chunk as Buffer)
    return this
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }
}

/** Reads what a Packer wrote, in the same order. @throws RangeError when the bytes are of something else */
export class Unpacker {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  #at = 1

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#view.getUint8(0) !== version) throw new RangeError(`version ${bytes[0]} of a packed value is not known`)
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#view.getUint8(this.#skip(1))
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4))
  }

  int64(): number {
    return this.int32() * 2 ** 32 + (this.int32() >>> 0)
  }

  part(): Uint8Array | null {
    const length = this.int32()
    if (length === none) return null
    const from = this.#skip(length)
    if (length < 0 || this.#at > this.#bytes.length) throw new RangeError(`a part of ${length} bytes in ${this.#bytes.length}`)
    return this.#bytes.subarray(from, this.#at)
  }

  #skip(bytes: number): number {
    const from = this.#at
    this.#at += bytes
    return from
  }
}

/** As a serde that stands inside another one writes it. */
export function written<T>(
  serde: { readonly write: (value: T) => Uint8Array | string },
  value: T | null,
): Uint8Array | string | null {
  return value === null ? null : serde.write(value)
}

export function unwritten<T>(serde: { readonly read: (bytes: Uint8Array) => T }, bytes: Uint8Array | null): T | null {
  return bytes === null ? null : serde.read(bytes)
}
