import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import { partitionName } from '../base/ids.ts'
import { crc32c } from '../record/crc32c.ts'
import { replaceFile } from '../storage/atomic-file.ts'
import type { PartitionCheckpoint } from '../storage/checkpoint.ts'
import { takeFolder } from '../storage/folder-files.ts'
import { epochCheckpoint } from '../storage/leader-epochs.ts'
import { encodeProducerSnapshot } from '../storage/producer-snapshot.ts'
import { SegmentIndexes } from '../storage/segment-indexes.ts'
import { segmentPath, type SegmentMark } from '../storage/segment.ts'
import type { TransactionIndexMark } from '../storage/transaction-indexes.ts'
import { transactionIndexOf } from '../storage/transaction-indexes.ts'
import { CopyFiles } from './copy-files.ts'
import type { KafkaPartition, KafkaSegment } from './kafka-partition.ts'

/** What a checkpoint says of a partition that was taken over. */
export type AdoptedRow = PartitionCheckpoint

/** Index entries as Kafka writes them by default. */
const indexIntervalBytes = 4096

/**
 * Copies a Kafka's partition into its place in a data directory, durably. The batches are copied as they are; what can be made of them
 * (indexes, epochs, transaction indexes) is made anew. Leftovers of an attempt that was cut off go: the folder names the topic's id.
 * Null for one that never held anything. @throws FOLDER_UNKNOWN, SEGMENT_DAMAGED, DiskError
 */
export async function adoptPartition(
  disk: Disk,
  directory: string,
  partition: KafkaPartition,
  isCancelled: () => boolean,
): Promise<AdoptedRow | null> {
  if (partition.endOffset === 0) return null
  const path = `${directory}/${partitionName(partition)}`
  await takeFolder(disk, path, partition.topicId)
  for (const name of disk.list(path)) if (name !== 'partition.metadata') disk.remove(`${path}/${name}`)
  const marks: SegmentMark[] = []
  const transactionIndexes: TransactionIndexMark[] = []
  for (const segment of segmentsOf(partition)) {
    marks.push(await copySegment(disk, path, segment, isCancelled))
    if (segment.aborted.length > 0) transactionIndexes.push(await writeAborted(disk, path, segment))
  }
  await replaceFile(disk, `${path}/leader-epoch-checkpoint`, Buffer.from(epochCheckpoint(partition.epochs)))
  const { topic, partition: index, topicId, startOffset, endOffset, producers, gapsBelow, epochs } = partition
  if (producers.length > 0) await replaceFile(disk, segmentPath(path, endOffset, 'snapshot'), encodeProducerSnapshot(producers))
  disk.syncFolder(path)
  return {
    topic,
    partition: index,
    topicId,
    startOffset,
    recoveryOffset: endOffset,
    producers: producers.length > 0,
    forgets: true,
    folder: { active: marks.at(-1)!, epochs, transactionIndexes },
    gapsBelow,
    cleanedTo: 0,
  }
}

/** One that lost all its records goes on with an empty segment at its end. */
function segmentsOf({ segments, endOffset }: KafkaPartition): readonly KafkaSegment[] {
  if (segments.length > 0) return segments
  return [{ path: '', baseOffset: endOffset, logBytes: 0, firstTimestamp: -1, aborted: [] }]
}

async function copySegment(disk: Disk, folder: string, segment: KafkaSegment, isCancelled: () => boolean): Promise<SegmentMark> {
  const { path, baseOffset, logBytes, firstTimestamp } = segment
  const to = segmentPath(folder, baseOffset, 'log')
  if (logBytes === 0) disk.create(to).close()
  else await new CopyFiles(disk, [], isCancelled).takeCopy(path, to, logBytes)
  const indexes = SegmentIndexes.empty(baseOffset, indexIntervalBytes)
  const log = disk.open(to)
  try {
    if ((await indexes.addFrom(log, 0, logBytes)) < logBytes)
      throw coreError('SEGMENT_DAMAGED', { what: 'a copied segment differs from what was read before', where: path })
  } finally {
    log.close()
  }
  const { timestamp, offset } = indexes.greatestTime
  indexes.finish()
  await indexes.replace(disk, (suffix) => segmentPath(folder, baseOffset, suffix))
  return {
    baseOffset,
    logBytes,
    indexBytes: indexes.offsets.entries.sizeBytes,
    timeIndexBytes: indexes.times.entries.sizeBytes,
    maxTimestamp: timestamp,
    maxTimestampOffset: offset,
    firstTimestamp,
  }
}

async function writeAborted(disk: Disk, folder: string, { baseOffset, aborted }: KafkaSegment): Promise<TransactionIndexMark> {
  const content = transactionIndexOf(aborted)
  await replaceFile(disk, segmentPath(folder, baseOffset, 'txnindex'), content)
  return [baseOffset, content.length, crc32c(content)]
}
