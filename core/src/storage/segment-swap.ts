import type { Disk } from '../base/disk.ts'
import { coreError } from '../base/error-catalogue.ts'
import { BATCH_OVERHEAD_BYTES, batchSizeBytes, lastOffsetOf } from '../record/batch-header.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import { segmentPath } from './segment.ts'

/**
 * Puts a cleaned segment in the place of those that it was made from, so that a crash at any step, whatever names survive it, leaves
 * the old ones or the new one after the next open.
 *
 *      1  <base>.log.cleaned → <base>.log.swap      the decision; the content is durable before
 *      2  the other segments go, the cleaned indexes take the place of the old
 *      3  <base>.log.swap → <base>.log
 *
 * The folder is synced after each. At open a `.swap` says that the decision stands: what it covers can be seen in it, since no
 * segment loses its last batch. All of it is synchronous: no reader gets between.
 */
const suffixes = ['log', 'index', 'timeindex', 'txnindex'] as const
const indexSuffixes = suffixes.slice(1)

export function cleanedPath(folder: string, baseOffset: number, suffix: (typeof suffixes)[number]): string {
  return `${segmentPath(folder, baseOffset, suffix)}.cleaned`
}

/** The cleaned files bear the name of the first of the segments. @throws DiskError; the segments are as before if nothing was decided */
export function swapSegments(disk: Disk, folder: string, bases: readonly number[]): void {
  const base = bases[0]!
  decide(disk, folder, base)
  try {
    const others = new Set(bases.slice(1))
    removeFiles(disk, folder, (offset, suffix) => others.has(offset) && isOf(suffix, suffixes))
    for (const suffix of indexSuffixes) takePlace(disk, folder, base, suffix)
    finish(disk, folder, base)
  } catch (cause) {
    throw coreError('SWAP_UNFINISHED', { what: 'a compacted segment could not be put in its place', where: folder, cause })
  }
}

/** Until its name is durable the decision can be taken back, and is when the disk fails. */
function decide(disk: Disk, folder: string, base: number): void {
  const swap = swapPath(folder, base)
  disk.rename(cleanedPath(folder, base, 'log'), swap)
  try {
    disk.syncFolder(folder)
  } catch (error) {
    disk.rename(swap, cleanedPath(folder, base, 'log'))
    throw error
  }
}

function takePlace(disk: Disk, folder: string, base: number, suffix: (typeof suffixes)[number]): void {
  const [cleaned, place] = [cleanedPath(folder, base, suffix), segmentPath(folder, base, suffix)]
  if (disk.stat(cleaned) !== null) disk.rename(cleaned, place)
  else if (disk.stat(place) !== null) disk.remove(place)
}

function finish(disk: Disk, folder: string, base: number): void {
  disk.syncFolder(folder)
  disk.rename(swapPath(folder, base), segmentPath(folder, base, 'log'))
  disk.syncFolder(folder)
}

/** At open: ends what a crash has interrupted, and removes what was not decided. Idempotent. @throws SEGMENT_DAMAGED, DiskError */
export function finishSwaps(disk: Disk, folder: string): void {
  if (disk.stat(folder) === null) return
  for (const name of disk.list(folder)) if (/^\d{20}\.log\.swap$/.test(name)) finishSwap(disk, folder, Number(name.slice(0, 20)))
  removeUndecided(disk, folder)
}

/** Indexes are made again from the log when they are wanted. */
function finishSwap(disk: Disk, folder: string, base: number): void {
  const end = endOfSwap(disk, folder, base)
  removeFiles(disk, folder, (offset, suffix) => {
    if (offset === base) return isOf(suffix, indexSuffixes)
    return offset > base && offset < end && isOf(suffix, suffixes)
  })
  finish(disk, folder, base)
}

/** The offset behind its last batch. */
function endOfSwap(disk: Disk, folder: string, base: number): number {
  const bytes = disk.readFile(swapPath(folder, base))
  let end = base
  let at = 0
  for (; at + BATCH_OVERHEAD_BYTES <= bytes.length && isBatchIntact(bytes, at); at += batchSizeBytes(bytes, at))
    end = lastOffsetOf(bytes, at) + 1
  if (at === bytes.length && at > 0) return end
  throw coreError('SEGMENT_DAMAGED', { what: 'a compacted segment is damaged', where: `${swapPath(folder, base)}, byte ${at}` })
}

/** Removes what a compaction has left that did not come to its decision, and what another program has marked as deleted. */
export function removeUndecided(disk: Disk, folder: string): void {
  const left = disk.list(folder).filter((name) => /^\d{20}\..*\.(cleaned|deleted)$/.test(name))
  for (const name of left) disk.remove(`${folder}/${name}`)
  if (left.length > 0) disk.syncFolder(folder)
}

function removeFiles(disk: Disk, folder: string, goes: (baseOffset: number, suffix: string) => boolean): void {
  for (const name of disk.list(folder)) {
    if (/^\d{20}\.[a-z]+$/.test(name) && goes(Number(name.slice(0, 20)), name.slice(21))) disk.remove(`${folder}/${name}`)
  }
}

function isOf(suffix: string, among: readonly string[]): boolean {
  return among.includes(suffix)
}

function swapPath(folder: string, baseOffset: number): string {
  return `${segmentPath(folder, baseOffset, 'log')}.swap`
}
