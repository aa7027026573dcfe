/**
 * Room for small immutable copies. An allocation outside the heap costs a microsecond whatever its size, and a simulated
 * disk makes several a write; out of a slab they cost a quarter. A slab lives as long as the last copy in it.
 */

const slabBytes = 32 * 1024
const alignment = 8

let slab = new ArrayBuffer(0)
let used = 0

/** `length` bytes at a multiple of eight of their buffer, with whatever was there before. */
export function takeBytes(length: number): Uint8Array {
  if (length > slabBytes / 4) return uninitialized(length)
  if (used + length > slab.byteLength) {
    slab = uninitialized(slabBytes).buffer
    used = 0
  }
  const bytes = new Uint8Array(slab, used, length)
  used += Math.ceil(length / alignment) * alignment
  return bytes
}

export function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = takeBytes(bytes.length)
  copy.set(bytes)
  return copy
}

/** A buffer of its own; the language has no way to leave out the zeros, Node does. */
export function uninitialized(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}
