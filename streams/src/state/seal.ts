/**
 * The seal of a row: a CRC-32C over key, timestamp and value, so that a value under a wrong key is found as well as a changed
 * one. LevelDB does not check what it reads (reliability.md, F3).
 *
 *   ┌──────────────┬───────────┬────────┐
 *   │ timestamp, 8 │ value     │ CRC, 4 │     the CRC stands last, so that all it covers lies in one piece behind the key
 *   └──────────────┴───────────┴────────┘
 *
 * Invariant R1: no value leaves the engine without its seal having been checked.
 */
import { crc32c } from '@millrace/core'
import type { Scratch } from './scratch.ts'

const timestampSize = 8
const crcSize = 4

/** Below this a loop in JavaScript is quicker than the call to native code and the view that it needs (70 ns to 300 at 32 bytes). */
const shortBytes = 96

/** Puts timestamp, value and CRC behind the key that ends at `keyEnd` in the scratch; returns the end. */
export function seal(scratch: Scratch, keyEnd: number, timestamp: number, value: Uint8Array | string): number {
  const end = scratch.write(value, scratch.writeInt64(timestamp, keyEnd))
  return scratch.writeUint32(end <= shortBytes ? finish(update(-1, scratch.whole, end)) : crc32c(scratch.bytes(0, end)), end)
}

/** Whether the seal belongs to the row whose key ends at `keyEnd` in the scratch. */
export function isSealed(scratch: Scratch, keyEnd: number, sealed: Uint8Array): boolean {
  const end = sealed.length - crcSize
  return end >= timestampSize && crcOf(scratch, keyEnd, sealed) === readUint32(sealed, end)
}

export function sealedTimestamp(sealed: Uint8Array): number {
  return (readUint32(sealed, 0) | 0) * 0x1_0000_0000 + readUint32(sealed, 4)
}

/** A view into what the engine gave. */
export function sealedValue(sealed: Uint8Array): Uint8Array {
  return new Uint8Array(sealed.buffer, sealed.byteOffset + timestampSize, sealed.length - timestampSize - crcSize)
}

function crcOf(scratch: Scratch, keyEnd: number, sealed: Uint8Array): number {
  const size = sealed.length - crcSize
  if (keyEnd + size <= shortBytes) return finish(update(update(-1, scratch.whole, keyEnd), sealed, size))
  return crc32c(scratch.bytes(0, scratch.write(sealed, keyEnd) - crcSize))
}

function update(crc: number, bytes: Uint8Array, end: number): number {
  let rest = crc
  for (let i = 0; i < end; i++) rest = table[(rest ^ bytes[i]!) & 0xff]! ^ (rest >>> 8)
  return rest
}

function finish(crc: number): number {
  return ~crc >>> 0
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

const table: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  return crc
})
