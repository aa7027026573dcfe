import { DiskError, type Disk } from '../base/disk.ts'
import { coreError } from '../base/error-catalogue.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import type { PartitionCheckpoint } from '../storage/checkpoint.ts'
import { replaceFile } from '../storage/atomic-file.ts'
import { segmentBases } from '../storage/folder-files.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot, type ProducerSnapshotEntry } from '../storage/producer-snapshot.ts'
import { segmentPath } from '../storage/segment.ts'
import type { PartitionLog } from './partition-log.ts'
import { ProducerStates } from './producer-states.ts'
import type { WriteBehind } from './write-behind.ts'

/** A partition as it stood in one turn: producers and offsets that belong together while appends go on. */
export interface PartitionMoment {
  readonly log: PartitionLog
  readonly recoveryOffset: number
  readonly startOffset: number
  readonly producers: readonly ProducerSnapshotEntry[] | null
  readonly forgets: boolean
}

export function momentOf(log: PartitionLog): PartitionMoment {
  return {
    log,
    recoveryOffset: log.highWatermark,
    startOffset: Math.min(log.wantedStart, log.highWatermark),
    producers: log.producers.isEmpty ? null : log.producers.snapshot(),
    forgets: log.forgets,
  }
}

/**
 * Brings one partition's folder up to a moment that lies not before what it holds, durably, and says so in a row. Runs inside
 * `WriteBehind.run`. The order matters: segments are synced before the row that trusts them is written.
 */
export async function checkpointPartition(
  disk: Disk,
  { log, recoveryOffset, startOffset, producers, forgets }: PartitionMoment,
  writeBehind: WriteBehind,
  final: boolean,
): Promise<PartitionCheckpoint | null> {
  await writeBehind.flush(log, recoveryOffset)
  try {
    if (final) await log.folder.finishIndexes()
    const folder = await log.folder.checkpoint()
    if (folder === null) return null
    if (producers !== null)
      await replaceFile(disk, segmentPath(log.folder.path, recoveryOffset, 'snapshot'), encodeProducerSnapshot(producers))
    const { topic, partition, topicId, gapsBelow, cleanedTo } = log
    return {
      topic,
      partition,
      topicId,
      startOffset,
      recoveryOffset,
      producers: producers !== null,
      forgets,
      gapsBelow,
      cleanedTo,
      folder,
    }
  } catch (cause) {
    throw writeBehind.judge(log, cause)
  }
}

/**
 * Removes the producer snapshots that no checkpoint needs: older than the row before the newest one. Only once that newest
 * checkpoint is durable; an attempt that failed must not take away what the last good one stands on.
 */
export function removeOldSnapshots(disk: Disk, path: string, before: PartitionCheckpoint | undefined): void {
  if (before === undefined) return
  for (const name of disk.list(path)) {
    if (/^\d{20}\.snapshot$/.test(name) && Number(name.slice(0, 20)) < before.recoveryOffset) disk.remove(`${path}/${name}`)
  }
}

/**
 * The producers as they were at the row's offset. A snapshot that is missing or damaged is made up for by reading all that it
 * sums up. @throws SEGMENT_DAMAGED when that is damaged too
 */
export function readProducers(disk: Disk, path: string, row: PartitionCheckpoint): ProducerStates {
  if (!row.producers) return new ProducerStates()
  const file = segmentPath(path, row.recoveryOffset, 'snapshot')
  try {
    return ProducerStates.from(decodeProducerSnapshot(disk.readFile(file), file))
  } catch (cause) {
    if (cause instanceof DiskError && cause.code !== 'ENOENT' && cause.code !== 'EISDIR') throw cause
    return replayProducers(disk, path, row, cause)
  }
}

function replayProducers(disk: Disk, path: string, row: PartitionCheckpoint, cause: unknown): ProducerStates {
  const states = new ProducerStates()
  let next = segmentBases(disk, path)[0] ?? row.startOffset
  for (const bytes of segmentsBelow(disk, path, row)) {
    for (let at = 0; at < bytes.length;) {
      if (!isBatchIntact(bytes, at)) throw unsure(path, next, cause)
      const header = readBatchHeader(bytes, at)
      if (header.baseOffset !== next && !isGap(next, header.baseOffset, row)) throw unsure(path, next, cause)
      states.apply(header, bytes.subarray(at, at + header.sizeBytes))
      next = header.baseOffset + header.lastOffsetDelta + 1
      at += header.sizeBytes
    }
  }
  if (next !== row.recoveryOffset) throw unsure(path, next, cause)
  return states
}

/** Whether compaction may have left out the offsets. */
function isGap(from: number, to: number, { gapsBelow = 0 }: PartitionCheckpoint): boolean {
  return to > from && to <= gapsBelow
}

function* segmentsBelow(disk: Disk, path: string, { folder: { active } }: PartitionCheckpoint): Generator<Uint8Array> {
  for (const base of segmentBases(disk, path)) {
    if (base > active.baseOffset) return
    const bytes = disk.readFile(segmentPath(path, base, 'log'))
    yield base === active.baseOffset ? bytes.subarray(0, active.logBytes) : bytes
  }
}

function unsure(path: string, offset: number, cause: unknown): Error {
  return coreError('SEGMENT_DAMAGED', {
    what: 'a producer snapshot is damaged, and so is the segment that could make up for it',
    where: path,
    received: `no batch at offset ${offset}`,
    cause,
  })
}
