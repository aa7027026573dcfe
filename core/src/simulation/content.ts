import { hashBytes, mix, type Hash } from './hash.ts'
import { copyOf, uninitialized } from './slab.ts'

/**
 * The bytes of a file at one moment, immutable.
 *
 *   chunks   [ 1 KiB ][ 1 KiB ][ hole ] …    the last one is filled up with zeros beyond `sizeBytes`
 *
 * Invariants
 *   C1  A chunk never changes once it is in a content; contents share the chunks in which they agree.
 *   C2  Bytes beyond `sizeBytes` are zero, so that extending reads zeros.
 *   C3  A hole takes no room. It is filled by the first write into it, and never made again except by cutting.
 */
export const chunkBytes = 1024

class Chunk {
  readonly bytes: Uint8Array
  #hash: Hash | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  hash(): Hash {
    return (this.#hash ??= hashBytes(this.bytes))
  }
}

const hole = new Chunk(new Uint8Array(chunkBytes))

export class Content {
  static readonly empty: Content = new Content(0, [], 0)

  readonly sizeBytes: number
  /** Chunks that take room on the disk. */
  readonly filledChunks: number
  readonly #chunks: readonly Chunk[]
  #hash: Hash | undefined

  private constructor(sizeBytes: number, chunks: readonly Chunk[], filledChunks: number) {
    this.sizeBytes = sizeBytes
    this.#chunks = chunks
    this.filledChunks = filledChunks
  }

  write(position: number, bytes: Uint8Array): Content {
    if (bytes.length === 0) return this
    const end = position + bytes.length
    const chunks = resized(this.#chunks, Math.max(this.sizeBytes, end))
    let filled = this.filledChunks
    for (let at = position; at < end;) {
      const index = Math.floor(at / chunkBytes)
      const upTo = Math.min(end, (index + 1) * chunkBytes)
      if (chunks[index] === hole) filled += 1
      chunks[index] = overwritten(chunks[index]!, at - index * chunkBytes, bytes.subarray(at - position, upTo - position))
      at = upTo
    }
    return new Content(Math.max(this.sizeBytes, end), chunks, filled)
  }

  resize(sizeBytes: number): Content {
    if (sizeBytes === this.sizeBytes) return this
    const chunks = resized(this.#chunks, sizeBytes)
    const inLast = sizeBytes % chunkBytes
    const last = chunks.length - 1
    if (sizeBytes < this.sizeBytes && inLast > 0 && chunks[last] !== hole) chunks[last] = cut(chunks[last]!, inLast)
    return new Content(sizeBytes, chunks, countFilled(chunks))
  }

  /** The bytes read, fewer than asked at the end of the file. */
  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.sizeBytes, position + into.length)
    for (let at = position; at < end;) {
      const index = Math.floor(at / chunkBytes)
      const upTo = Math.min(end, (index + 1) * chunkBytes)
      const { bytes } = this.#chunks[index]!
      const start = at - index * chunkBytes
      const whole = start === 0 && upTo - at === chunkBytes
      into.set(whole ? bytes : bytes.subarray(start, upTo - index * chunkBytes), at - position)
      at = upTo
    }
    return Math.max(0, end - position)
  }

  toBytes(): Uint8Array {
    const bytes = uninitialized(this.sizeBytes)
    this.read(bytes, 0)
    return bytes
  }

  /** With bits of one byte flipped. */
  flip(position: number, bits: number): Content {
    if (position >= this.sizeBytes) return this
    const byte = new Uint8Array(1)
    this.read(byte, position)
    return this.write(
      position,
      byte.map((value) => value ^ bits),
    )
  }

  /** How many of `length` bytes at `position` can be written when only `freeChunks` may be filled. */
  room(position: number, length: number, freeChunks: number): number {
    let left = freeChunks
    const end = position + length
    for (let at = position; at < end; at = (Math.floor(at / chunkBytes) + 1) * chunkBytes) {
      const chunk = this.#chunks[Math.floor(at / chunkBytes)]
      if ((chunk === undefined || chunk === hole) && --left < 0) return at - position
    }
    return length
  }

  hash(): Hash {
    return (this.#hash ??= this.#computeHash())
  }

  #computeHash(): Hash {
    let a = this.sizeBytes | 0
    let b = mix(this.sizeBytes, 1)
    for (const [index, chunk] of this.#chunks.entries()) {
      if (chunk === hole) continue
      const hash = chunk.hash()
      if (hash.a === 0 && hash.b === 0) continue // H1: written zeros are like a hole
      a = (a + mix(hash.a, index)) | 0
      b = (b + mix(hash.b, index)) | 0
    }
    return { a, b }
  }
}

/** A copy with as many chunks as the size needs. */
function resized(chunks: readonly Chunk[], sizeBytes: number): Chunk[] {
  const count = Math.ceil(sizeBytes / chunkBytes)
  const copy = chunks.slice(0, count)
  while (copy.length < count) copy.push(hole)
  return copy
}

function overwritten(chunk: Chunk, at: number, bytes: Uint8Array): Chunk {
  if (bytes.length === chunkBytes) return new Chunk(copyOf(bytes))
  const copy = copyOf(chunk.bytes)
  copy.set(bytes, at)
  return new Chunk(copy)
}

function cut(chunk: Chunk, lengthBytes: number): Chunk {
  return new Chunk(copyOf(chunk.bytes).fill(0, lengthBytes))
}

function countFilled(chunks: readonly Chunk[]): number {
  return chunks.reduce((count, chunk) => (chunk === hole ? count : count + 1), 0)
}
