import type { Disk } from '../base/disk.ts'
import type { PartitionCheckpoint } from '../storage/checkpoint.ts'
import { replaceFile } from '../storage/atomic-file.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../storage/producer-snapshot.ts'
import { segmentPath } from '../storage/segment.ts'
import type { PartitionLog } from './partition-log.ts'
import { ProducerStates } from './producer-states.ts'
import type { WriteBehind } from './write-behind.ts'

/**
 * Brings one partition's folder up to its high watermark, durably, and says so in a row. Runs inside `WriteBehind.run`.
 *
 * The order matters: watermark and producers are taken in the same turn, so that the snapshot is the state at exactly that
 * offset while appends go on; segments are synced before the row that trusts them is written.
 */
export async function checkpointPartition(
  disk: Disk,
  log: PartitionLog,
  writeBehind: WriteBehind,
  final: boolean,
): Promise<PartitionCheckpoint | null> {
  const recoveryOffset = log.highWatermark
  const producers = log.producers.isEmpty ? null : log.producers.snapshot()
  await writeBehind.flush(log, recoveryOffset)
  try {
    if (final) await log.folder.finishIndexes()
    const folder = await log.folder.checkpoint()
    if (folder === null) return null
    if (producers !== null)
      await replaceFile(disk, segmentPath(log.folder.path, recoveryOffset, 'snapshot'), encodeProducerSnapshot(producers))
    const { topic, partition, topicId, startOffset } = log
    return { topic, partition, topicId, startOffset, recoveryOffset, producers: producers !== null, folder }
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

/** The producers as they were at the row's offset. @throws SEGMENT_DAMAGED */
export function readProducers(disk: Disk, path: string, row: PartitionCheckpoint): ProducerStates {
  if (!row.producers) return new ProducerStates()
  const file = segmentPath(path, row.recoveryOffset, 'snapshot')
  return ProducerStates.from(decodeProducerSnapshot(disk.readFile(file), file))
}
