import { coreError } from '../base/error-catalogue.ts'

/**
 * Big-endian integers at a place in bytes, without a DataView in between: a header is read once a batch, from whatever array
 * holds it. The caller has made sure that the bytes are there.
 */

const twoTo32 = 2 ** 32

export function readInt16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16)) >> 16
}

export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0
}

/** Signed or unsigned: the lowest 32 bits. */
export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24
  bytes[at + 1] = value >> 16
  bytes[at + 2] = value >> 8
  bytes[at + 3] = value
}

/** @throws NUMBER_OUT_OF_RANGE beyond 2^53 */
export function readInt64(bytes: Uint8Array, at: number): number {
  const value = readInt32(bytes, at) * twoTo32 + readUint32(bytes, at + 4)
  if (Number.isSafeInteger(value)) return value
  const received = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigInt64(0)
  throw coreError('NUMBER_OUT_OF_RANGE', {
    what: 'a 64-bit number is too large',
    where: `byte ${at}`,
    received: received.toString(),
  })
}

/** @throws NUMBER_OUT_OF_RANGE when it is not a safe integer */
export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw coreError('NUMBER_OUT_OF_RANGE', { what: 'a 64-bit number is not a safe integer', received: value })
  }
  writeInt32(bytes, at, Math.floor(value / twoTo32))
  writeInt32(bytes, at + 4, value)
}
