import { createRequire } from 'node:module'
import { crc32cByTable } from './crc32c-table.ts'

type Crc32c = (bytes: Uint8Array, previous?: number) => number

/**
 * The native checksum, null where its package is missing or has no binary for this machine. Loaded by `require` because that
 * may fail without a top-level await, which would keep CommonJS programs from requiring us.
 */
export const nativeCrc32c: Crc32c | null = loadNative()

function loadNative(): Crc32c | null {
  try {
    return (createRequire(import.meta.url)('@node-rs/crc32') as { readonly crc32c: Crc32c }).crc32c
  } catch {
    return null
  }
}

/**
 * CRC-32C (Castagnoli), as an unsigned number. With `previous` it goes on from there:
 * `crc32c(b, crc32c(a))` is the checksum of a and b behind one another.
 */
export const crc32c: Crc32c = nativeCrc32c ?? crc32cByTable
