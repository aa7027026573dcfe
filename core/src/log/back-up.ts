import { posix } from 'node:path'
import { coreError } from '../base/error-catalogue.ts'
import { DiskError, type Disk } from '../base/disk.ts'
import { partitionName } from '../base/ids.ts'
import type { World } from '../base/world.ts'
import type { PartitionCheckpoint } from '../storage/checkpoint.ts'
import { segmentBases } from '../storage/folder-files.ts'
import type { JournalGeometry } from '../storage/journal.ts'
import { segmentPath, type SegmentMark } from '../storage/segment.ts'
import { strandedPath } from '../storage/stranded-file.ts'
import { attempt, type Checkpoints } from './checkpoints.ts'
import { CopyFiles } from './copy-files.ts'
import { beginJournal } from './create-directory.ts'
import { makeDurably } from './directory-door.ts'

/**
 * A copy of a directory that is in use, which opens as a log of its own.
 *
 *      a checkpoint with all partitions at one place of the journal
 *   →  nothing is written to segments or removed:   names in TO.incomplete
 *   →  everything goes on:                          copies of what grows, an empty journal, the checkpoint that calls it clean
 *   →  TO.incomplete → TO
 *
 * Invariants
 *   B1  The copy holds one prefix over all partitions, with everything that was acknowledged before the call.
 *   B2  It shares only files that the newest durable checkpoint of the original calls complete: no recovery cuts such a one.
 *   B3  No journal frame of the original counts in it: its journal is a new one, of another salt.
 *   B4  What bears the name TO is whole and durable. What a crash leaves bears another name, and the next back-up to TO removes it.
 *   B5  The copy is of the next epoch, since the original goes on from the same place in its own.
 */
export interface BackUpReport {
  readonly partitions: number
  /** Of files that have a second name now, and take no room while the original has them. */
  readonly linkedBytes: number
  readonly copiedBytes: number
}

export interface BackUpSource {
  readonly world: World
  readonly folder: string
  readonly epoch: number
  readonly geometry: JournalGeometry
  readonly checkpoints: Checkpoints
  readonly isCancelled: () => boolean
}

/** @throws BACK_UP_PLACE_TAKEN, BACK_UP_FAILED, DISK_FULL, CLOSED, and what a checkpoint throws */
export async function backUp(source: BackUpSource, to: string): Promise<BackUpReport> {
  const { disk } = source.world
  const target = posix.normalize(to).replace(/(?<=.)\/$/, '')
  const building = `${target}.incomplete`
  try {
    refuseTaken(disk, source.folder, target)
    removeIncomplete(disk, building)
    makeDurably(disk, building)
    return await build(source, building, target)
  } catch (cause) {
    throw backUpError(cause, target)
  }
}

async function build(source: BackUpSource, building: string, target: string): Promise<BackUpReport> {
  const { world, geometry, checkpoints } = source
  const files = new CopyFiles(world.disk, [building, source.folder], source.isCancelled)
  try {
    const { partitions, stranded } = await checkpoints.writeAtOnePlace(async (rows) => {
      for (const row of rows) await takePartition(source, building, files, row)
      for (const file of checkpoints.stranded) await files.take(strandedPath(source.folder, file), strandedPath(building, file))
      return { partitions: rows, stranded: checkpoints.stranded }
    })
    const copied = await files.finish()
    for (const row of partitions) world.disk.syncFolder(`${building}/${partitionName(row)}`)
    await beginJournal(world, building, geometry, { epoch: source.epoch + 1, partitions, stranded })
    takeName(world.disk, building, target)
    return { partitions: partitions.length, ...copied }
  } catch (error) {
    files.letGo()
    attempt(() => removeIncomplete(world.disk, building))
    throw error
  }
}

/** Its segments from the one that holds the start, and the small files that belong to the row. */
async function takePartition(source: BackUpSource, building: string, files: CopyFiles, row: PartitionCheckpoint): Promise<void> {
  const { disk } = source.world
  const [from, to] = [source.folder, building].map((folder) => `${folder}/${partitionName(row)}`) as [string, string]
  if (source.isCancelled()) throw coreError('CLOSED', { what: 'the log is being closed', where: source.folder })
  disk.makeFolder(to)
  if (disk.stat(from) === null) return
  const names = new Set(disk.list(from))
  const { active } = row.folder
  for (const path of namesOf(disk, from, row)) {
    const name = path.slice(from.length + 1)
    if (names.has(name)) await files.take(path, `${to}/${name}`)
  }
  for (const [suffix, sizeBytes] of growingFiles(active)) {
    const path = segmentPath(from, active.baseOffset, suffix)
    if (names.has(path.slice(from.length + 1))) await files.takeCopy(path, segmentPath(to, active.baseOffset, suffix), sizeBytes)
  }
}

/** The files that stay as they are, whether they are there or not. */
function namesOf(
  disk: Disk,
  path: string,
  { folder: { active }, startOffset, recoveryOffset, producers }: PartitionCheckpoint,
): string[] {
  const bases = segmentBases(disk, path).filter((base) => base <= active.baseOffset)
  const complete = bases.filter(
    (base, index) => base < active.baseOffset && (bases[index + 1] ?? active.baseOffset) > startOffset,
  )
  return [
    `${path}/partition.metadata`,
    `${path}/leader-epoch-checkpoint`,
    ...complete.flatMap((base) => ['log', 'index', 'timeindex', 'txnindex'].map((suffix) => segmentPath(path, base, suffix))),
    segmentPath(path, active.baseOffset, 'txnindex'),
    ...(producers ? [segmentPath(path, recoveryOffset, 'snapshot')] : []),
  ]
}

function growingFiles({ logBytes, indexBytes, timeIndexBytes }: SegmentMark): readonly (readonly [string, number])[] {
  return [
    ['log', logBytes],
    ['index', indexBytes],
    ['timeindex', timeIndexBytes],
  ]
}

/** @throws BACK_UP_PLACE_TAKEN */
function refuseTaken(disk: Disk, folder: string, target: string): void {
  const found = disk.stat(target)
  if (`${target}/`.startsWith(`${folder}/`)) throw taken(target, 'a place in the directory that is to be backed up')
  if (found !== null && found.kind !== 'folder') throw taken(target, `a ${found.kind}`)
  const [name] = found === null ? [] : disk.list(target)
  if (name !== undefined) throw taken(target, `a directory with ${name}`)
}

/** What is left of a back-up that was cut off. @throws BACK_UP_PLACE_TAKEN when there is anything in it that a back-up does not make */
function removeIncomplete(disk: Disk, path: string): void {
  const found = disk.stat(path)
  if (found === null) return
  if (found.kind !== 'folder') throw taken(path, `a ${found.kind}`)
  const names = disk.list(path)
  const foreign = names.find((name) => !/^millrace-|-\d+$/.test(name))
  if (foreign !== undefined) throw taken(path, `a directory with ${foreign}`)
  for (const name of names) {
    const inside = `${path}/${name}`
    if (disk.stat(inside)?.kind === 'folder') for (const file of disk.list(inside)) disk.remove(`${inside}/${file}`)
    disk.remove(inside)
  }
  disk.remove(path)
}

/** From here on it is a back-up. */
function takeName(disk: Disk, building: string, target: string): void {
  if (disk.stat(target) !== null) disk.remove(target)
  disk.rename(building, target)
  disk.syncFolder(posix.dirname(target))
}

function taken(where: string, received: string): Error {
  return coreError('BACK_UP_PLACE_TAKEN', {
    what: 'a back-up cannot be made there',
    where,
    expected: 'nothing, or an empty directory',
    received,
  })
}

function backUpError(cause: unknown, target: string): unknown {
  if (!(cause instanceof DiskError)) return cause
  const code = cause.code === 'ENOSPC' ? 'DISK_FULL' : 'BACK_UP_FAILED'
  return coreError(code, { what: 'the back-up could not be written', where: `${target}: ${cause.message}`, cause })
}
