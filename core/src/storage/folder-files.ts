import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import { replaceFile } from './atomic-file.ts'
import { segmentPath, type SegmentMark } from './segment.ts'

/** The names in a partition's folder, and whose the folder is. */

/** The base offsets of the segments, ascending; none where there is no folder. */
export function segmentBases(disk: Disk, path: string): number[] {
  if (disk.stat(path) === null) return []
  return disk
    .list(path)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .map((name) => Number(name.slice(0, 20)))
}

export function removeSegment(disk: Disk, path: string, baseOffset: number): void {
  for (const suffix of ['log', 'index', 'timeindex', 'txnindex']) {
    const file = segmentPath(path, baseOffset, suffix)
    if (disk.stat(file) !== null) disk.remove(file)
  }
}

/** Cuts off what the growing segment's files hold beyond the mark. False when its log file is shorter: then it is damaged. */
export function cutTo(disk: Disk, path: string, mark: SegmentMark): boolean {
  const isThere = cut(disk, segmentPath(path, mark.baseOffset, 'log'), mark.logBytes)
  cut(disk, segmentPath(path, mark.baseOffset, 'index'), mark.indexBytes)
  cut(disk, segmentPath(path, mark.baseOffset, 'timeindex'), mark.timeIndexBytes)
  return isThere
}

function cut(disk: Disk, path: string, sizeBytes: number): boolean {
  const found = disk.stat(path)?.sizeBytes ?? -1
  if (found > sizeBytes) disk.truncate(path, sizeBytes)
  return found >= sizeBytes
}

/**
 * Makes the folder, which says first whose it is: only in one that names this topic id leftovers (of a run that crashed before
 * its checkpoint) are removed or written over. @throws FOLDER_UNKNOWN
 */
export async function takeFolder(disk: Disk, path: string, topicId: TopicId): Promise<void> {
  const foreign = foreignFolder(disk, path, topicId)
  if (foreign !== null) throw foreign
  disk.makeFolder(path)
  if (disk.stat(metadataPath(path)) === null) await replaceFile(disk, metadataPath(path), Buffer.from(partitionMetadata(topicId)))
}

/** Why the partition cannot be written at its path; null when it can. */
export function foreignFolder(disk: Disk, path: string, topicId: TopicId): MillraceError | null {
  const found = disk.stat(path)
  if (found === null) return null
  if (found.kind !== 'folder') return unknownFolder(path, `a ${found.kind}`)
  const metadata = disk.stat(metadataPath(path))
  if (metadata === null) {
    const names = disk.list(path).filter((name) => name !== 'partition.metadata.tmp')
    return names.length === 0 ? null : unknownFolder(path, `a folder with ${names[0]}`)
  }
  const isOurs = metadata.kind === 'file' && textOf(disk, metadataPath(path)) === partitionMetadata(topicId)
  return isOurs ? null : unknownFolder(path, 'the folder of another topic')
}

function metadataPath(path: string): string {
  return `${path}/partition.metadata`
}

function textOf(disk: Disk, path: string): string {
  return Buffer.from(disk.readFile(path)).toString('utf8')
}

function partitionMetadata(topicId: TopicId): string {
  return `version: 0\ntopic_id: ${Buffer.from(topicId, 'hex').toString('base64url')}`
}

function unknownFolder(path: string, received: string): MillraceError {
  return coreError('FOLDER_UNKNOWN', {
    what: 'something else stands where a partition would be written',
    where: path,
    expected: 'nothing, or the folder of this topic',
    received,
  })
}
