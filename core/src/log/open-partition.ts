import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import { DiskError, type Disk } from '../base/disk.ts'
import { partitionName, type TopicId } from '../base/ids.ts'
import type { PartitionCheckpoint } from '../storage/checkpoint.ts'
import { foreignFolder } from '../storage/folder-files.ts'
import type { OpenSegments } from '../storage/open-segments.ts'
import { PartitionFolder, type FolderPlace, type PartitionFolderOptions } from '../storage/partition-folder.ts'
import { readProducers } from './checkpoint-partition.ts'
import { PartitionLog } from './partition-log.ts'
import { ProducerStates } from './producer-states.ts'

/** A partition as the caller knows it. */
export interface PartitionSpec {
  readonly topic: string
  readonly partition: number
  readonly topicId: TopicId
  readonly folder: PartitionFolderOptions
}

/** What it is opened with. */
interface OpenSpec extends PartitionSpec {
  readonly openSegments: OpenSegments
}

/**
 * A partition as its folder and the checkpoint have it; the journal's part comes on top. What is wrong with one concerns no other:
 * it answers with why. Fenced (readable, not writable) when something else stands in its place or its producers are not known;
 * condemned when its files cannot be opened at all.
 */
export function openPartition(
  disk: Disk,
  directory: string,
  spec: OpenSpec,
  row: PartitionCheckpoint | undefined,
  isClean: boolean,
): PartitionLog {
  const path = `${directory}/${partitionName(spec)}`
  return row === undefined ? openNew(disk, path, spec) : openKnown(disk, path, spec, row, isClean)
}

function openNew(disk: Disk, path: string, spec: OpenSpec): PartitionLog {
  const log = logOf(spec, new PartitionFolder(placeOf(disk, path, spec), spec.folder), 0, new ProducerStates())
  const foreign = lookForForeign(disk, path, spec.topicId)
  if (foreign !== null) log.fence(foreign)
  return log
}

/** So that nothing is taken that has no place to go; the first write looks again. */
function lookForForeign(disk: Disk, path: string, topicId: TopicId): MillraceError | null {
  try {
    return foreignFolder(disk, path, topicId)
  } catch (error) {
    if (error instanceof DiskError) return null
    throw error
  }
}

function openKnown(disk: Disk, path: string, spec: OpenSpec, row: PartitionCheckpoint, isClean: boolean): PartitionLog {
  try {
    const folder = PartitionFolder.open(placeOf(disk, path, spec), spec.folder, row.folder, {
      startOffset: row.startOffset,
      endOffset: row.recoveryOffset,
      isClean,
    })
    return withProducers(disk, path, spec, row, folder)
  } catch (cause) {
    const folder = new PartitionFolder(placeOf(disk, path, spec), spec.folder, row.recoveryOffset)
    const log = logOf(spec, folder, row.startOffset, new ProducerStates())
    log.condemn(openError(cause, path))
    return log
  }
}

function withProducers(
  disk: Disk,
  path: string,
  spec: OpenSpec,
  row: PartitionCheckpoint,
  folder: PartitionFolder,
): PartitionLog {
  try {
    return compacted(logOf(spec, folder, row.startOffset, readProducers(disk, path, row), row.forgets), row)
  } catch (cause) {
    const log = compacted(logOf(spec, folder, row.startOffset, new ProducerStates()), row)
    log.fence(openError(cause, path))
    return log
  }
}

function compacted(log: PartitionLog, { gapsBelow = 0, cleanedTo = 0 }: PartitionCheckpoint): PartitionLog {
  log.gapsBelow = gapsBelow
  log.cleanedTo = cleanedTo
  return log
}

function placeOf(disk: Disk, path: string, { topicId, openSegments }: OpenSpec): FolderPlace {
  return { disk, path, topicId, openSegments }
}

function logOf(
  { topic, partition, topicId }: PartitionSpec,
  folder: PartitionFolder,
  start: number,
  producers: ProducerStates,
  forgets = false,
): PartitionLog {
  return new PartitionLog(topic, partition, topicId, folder, start, producers, forgets)
}

function openError(cause: unknown, path: string): MillraceError {
  if (cause instanceof MillraceError) return cause
  if (!(cause instanceof DiskError)) throw cause
  return coreError('SEGMENT_DAMAGED', { what: 'the files of the partition cannot be opened', where: path, cause })
}
