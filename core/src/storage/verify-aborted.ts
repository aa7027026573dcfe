import { DiskError, type Disk } from '../base/disk.ts'
import { crc32c } from '../record/crc32c.ts'
import { segmentPath } from './segment.ts'
import { TransactionIndex, type AbortedTransaction } from './transaction-index.ts'
import type { TransactionIndexMark } from './transaction-indexes.ts'

export interface AbortedFlaw {
  readonly baseOffset: number
  readonly offset: number
  readonly what: string
  /** The log sees it by itself, and makes the file again or never reads it. */
  readonly heals: boolean
}

/** What is known of the partition. */
export interface AbortedContext {
  /** Where its first segment begins: of transactions that began before it nothing but their end can be seen. */
  readonly firstOffset: number
  /** Below it compaction may have taken the records of a transaction away, or moved its seeming start. */
  readonly gapsBelow: number
}

/**
 * Compares the transaction index of one segment with its mark in the checkpoint, and with what a replay of the partition has found in
 * it; null where that could not be read.
 */
export function verifyAborted(
  disk: Disk,
  folder: string,
  baseOffset: number,
  mark: TransactionIndexMark | undefined,
  replayed: readonly AbortedTransaction[] | null,
  context: AbortedContext,
): AbortedFlaw | null {
  const flaw = (offset: number, what: string): AbortedFlaw => ({ baseOffset, offset, what, heals: false })
  const healing = (what: string): AbortedFlaw => ({ baseOffset, offset: baseOffset, what, heals: true })
  const content = read(disk, segmentPath(folder, baseOffset, 'txnindex'))
  if (mark === undefined) {
    const [one] = replayed ?? []
    if (one !== undefined)
      return flaw(one.firstOffset, `the checkpoint knows of none, but a transaction of producer ${one.producerId} was aborted`)
    return content === null || content.length === 0 ? null : healing('the checkpoint knows of none')
  }
  if (content === null) return healing('it is missing')
  const [, sizeBytes, crc] = mark
  if (content.length < sizeBytes) return healing(`it has ${content.length} bytes, its checkpoint says ${sizeBytes}`)
  if (crc32c(content.subarray(0, sizeBytes)) !== crc) return healing('its checksum is not that of its checkpoint')
  if (replayed === null) return null
  return compare([...new TransactionIndex(content.subarray(0, sizeBytes))], replayed, context, flaw)
}

function compare(
  found: readonly AbortedTransaction[],
  replayed: readonly AbortedTransaction[],
  { firstOffset, gapsBelow }: AbortedContext,
  flaw: (offset: number, what: string) => AbortedFlaw,
): AbortedFlaw | null {
  const byMarker = new Map(found.map((one) => [one.lastOffset, one]))
  for (const wanted of replayed) {
    const one = byMarker.get(wanted.lastOffset)
    const covers = one?.producerId === wanted.producerId && one.firstOffset <= wanted.firstOffset
    if (!covers)
      return flaw(wanted.firstOffset, `it lacks the transaction of producer ${wanted.producerId} up to ${wanted.lastOffset}`)
  }
  const seen = new Map(replayed.map((one) => [one.lastOffset, one]))
  for (const one of found) {
    if (one.firstOffset < firstOffset || one.firstOffset < gapsBelow || one.lastOffset < gapsBelow) continue
    if (seen.get(one.lastOffset)?.firstOffset !== one.firstOffset)
      return flaw(one.firstOffset, `it has a transaction of producer ${one.producerId} up to ${one.lastOffset} that is not there`)
  }
  return null
}

function read(disk: Disk, path: string): Uint8Array | null {
  try {
    return disk.readFile(path)
  } catch (error) {
    if (error instanceof DiskError && (error.code === 'ENOENT' || error.code === 'EISDIR')) return null
    throw error
  }
}
