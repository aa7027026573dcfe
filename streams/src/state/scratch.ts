/**
 * One growing buffer in which the key and the value of a row are put together, reused for every row: engines copy (N4).
 * What `bytes` gives is valid until the next write.
 */
export class Scratch {
  #buffer: Buffer = Buffer.allocUnsafeSlow(4_096)
  #view: DataView = new DataView(this.#buffer.buffer)

  /** Everything, whatever it holds. */
  get whole(): Uint8Array {
    return this.#buffer
  }

  bytes(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, from, to - from)
  }

  writeByte(byte: number, at: number): number {
    this.#reserve(at, 1)
    this.#buffer[at] = byte
    return at + 1
  }

  /** A signed 64-bit integer, big-endian. */
  writeInt64(value: number, at: number): number {
    this.#reserve(at, 8)
    this.#view.setInt32(at, Math.floor(value / 0x1_0000_0000))
    this.#view.setInt32(at + 4, value | 0)
    return at + 8
  }

  /** Turns the sign of the integer that begins here, which makes the order of the bytes the order of the numbers. */
  flipSign(at: number): void {
    this.#view.setUint8(at, this.#view.getUint8(at) ^ 0x80)
  }

  writeUint32(value: number, at: number): number {
    this.#reserve(at, 4)
    this.#view.setUint32(at, value)
    return at + 4
  }

  write(bytes: Uint8Array | string, at: number): number {
    return typeof bytes === 'string' ? this.#writeText(bytes, at) : this.#writeBytes(bytes, at)
  }

  /** The low byte of every character. */
  writeLatin1(text: string, at: number): number {
    this.#reserve(at, text.length)
    return at + this.#buffer.write(text, at, 'latin1')
  }

  #writeBytes(bytes: Uint8Array, at: number): number {
    this.#reserve(at, bytes.length)
    this.#buffer.set(bytes, at)
    return at + bytes.length
  }

  /** Short ASCII, which most keys are, is written here: that is quicker than a call out of JavaScript. */
  #writeText(text: string, at: number): number {
    this.#reserve(at, text.length * 3)
    if (text.length > 40) return at + this.#buffer.write(text, at)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return at + this.#buffer.write(text, at)
      this.#buffer[at + i] = code
    }
    return at + text.length
  }

  #reserve(at: number, count: number): void {
    if (at + count > this.#buffer.length) this.#grow(at + count)
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(size)))
    grown.set(this.#buffer)
    this.#buffer = grown
    this.#view = new DataView(grown.buffer)
  }
}
