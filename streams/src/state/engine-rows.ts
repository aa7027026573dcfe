/**
 * What stands in an engine. All keys begin with one byte: 0 for the engine's own rows, else the number of a store.
 *
 *   ┌───┬─────┐              ┌──────────────────────────────────┐
 *   │ 0 │ 'm' │            → │ meta (state-meta.ts), sealed     │   one, written anew by every batch
 *   └───┴─────┘              └──────────────────────────────────┘
 *   ┌───┬─────┬──────┐       ┌──────────────────────────────────┐
 *   │ 0 │ 'b' │ n, 8 │     → │ empty                            │   chain markers (chain.ts): one for each of the last batches
 *   └───┴─────┴──────┘       └──────────────────────────────────┘
 *   ┌───────┬────────┐       ┌──────────────┬───────────┬───────┐
 *   │ store │ row    │     → │ timestamp, 8 │ value     │ CRC,4 │   a row (row-keys.ts), sealed
 *   └───────┴────────┘       └──────────────┴───────────┴───────┘
 *
 * Sealed: the CRC-32C runs over key, timestamp and value, so that a value under a wrong key is found as well as a changed
 * one. It stands last, so that all it covers lies in one piece. LevelDB does not check what it reads (reliability.md, F3).
 *
 * Invariant R1: no value leaves the engine without its seal having been checked.
 */
import { crc32c } from '@millrace/core'
import type { Scratch } from './scratch.ts'

const engineStore = 0
const metaLetter = 'm'.charCodeAt(0)
const chainLetter = 'b'.charCodeAt(0)
const timestampSize = 8
const sealSize = 12

export const metaKey: Uint8Array = Uint8Array.of(engineStore, metaLetter)

/** The keys of all chain markers lie from the first to before the second. */
export const chainRange: { readonly from: Uint8Array; readonly to: Uint8Array } = {
  from: Uint8Array.of(engineStore, chainLetter),
  to: Uint8Array.of(engineStore, chainLetter + 1),
}

/** All keys of an engine. */
export const wholeRange: { readonly from: Uint8Array; readonly to: Uint8Array } = {
  from: new Uint8Array(0),
  to: Uint8Array.of(0xff, 0xff),
}

export function storeRange(store: number): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return { from: Uint8Array.of(store), to: Uint8Array.of(store + 1) }
}

export function chainKey(batch: number): Uint8Array {
  const key = Buffer.alloc(10)
  key[1] = chainLetter
  key.writeUIntBE(batch, 4, 6)
  return key
}

export function chainNumber(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUIntBE(4, 6)
}

/** A row as the engine takes it; valid until the next use of the scratch. */
export interface SealedRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Puts timestamp, value and seal behind the key that ends at `keyEnd` in the scratch. */
export function seal(scratch: Scratch, keyEnd: number, timestamp: number, value: Uint8Array | string): SealedRow {
  const end = scratch.write(value, scratch.writeInt64(timestamp, keyEnd))
  const sealEnd = scratch.writeUint32(crc32c(scratch.bytes(0, end)), end)
  return { key: scratch.bytes(0, keyEnd), value: scratch.bytes(keyEnd, sealEnd) }
}

/** What was sealed: the value is a view into what the engine gave. Null when the seal is broken. */
export function unseal(scratch: Scratch, keyEnd: number, sealed: Uint8Array): { timestamp: number; value: Uint8Array } | null {
  if (sealed.length < sealSize) return null
  const end = scratch.write(sealed, keyEnd) - 4
  if (crc32c(scratch.bytes(0, end)) !== scratch.readUint32(end)) return null
  return { timestamp: scratch.readInt64(keyEnd), value: sealed.subarray(timestampSize, sealed.length - 4) }
}
