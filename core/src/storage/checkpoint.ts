import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import { crc32c } from '../record/crc32c.ts'
import { replaceFile } from './atomic-file.ts'
import type { JournalEnd, JournalGeometry } from './journal.ts'
import type { FolderMark } from './partition-folder.ts'
import type { StrandedFile } from './stranded-file.ts'

/**
 * `millrace-checkpoint`: the one file that says how far each partition's folder can be trusted, and where the journal
 * goes on. Two lines: the CRC-32C of the second in hexadecimal, and JSON. It is replaced atomically, so that a crash
 * finds one checkpoint, whole; everything after it stands in the journal.
 */
export interface Checkpoint {
  readonly version: 1
  /** Marks this directory's journal frames. */
  readonly salt: number
  /** Of the log: it rises at every unclean open. */
  readonly epoch: number
  /** Nothing stood in the journal after it when it was written. */
  readonly clean: boolean
  readonly journal: JournalCheckpoint
  readonly partitions: readonly PartitionCheckpoint[]
  /** What the journal held of partitions that had failed; none without it. */
  readonly stranded?: readonly StrandedFile[]
}

/** Where the journal goes on, and its shape. */
export interface JournalCheckpoint extends JournalEnd, JournalGeometry {
  /** How many of its files must be there. */
  readonly files: number
  /** What `lookAhead` found at a clean close. While it finds the same, the journal has nothing after the checkpoint. */
  readonly ahead: number
}

export interface PartitionCheckpoint {
  readonly topic: string
  readonly partition: number
  readonly topicId: TopicId
  readonly startOffset: number
  /** Every batch below it stands in the folder; batches of the journal below it are skipped. */
  readonly recoveryOffset: number
  /** Whether `<recoveryOffset>.snapshot` holds the state of its producers; otherwise there is none. */
  readonly producers: boolean
  /** Whether producers may have been forgotten. */
  readonly forgets?: boolean
  readonly folder: FolderMark
  /** Compaction may have taken away offsets below it; 0 without it. */
  readonly gapsBelow?: number
  /** Where the part begins that compaction has not seen; 0 without it. */
  readonly cleanedTo?: number
}

export function checkpointPath(folder: string): string {
  return `${folder}/millrace-checkpoint`
}

export async function writeCheckpoint(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  const json = JSON.stringify(checkpoint)
  await replaceFile(disk, checkpointPath(folder), Buffer.from(`${crcOf(json)}\n${json}\n`))
}

/** Null when there is none. @throws CHECKPOINT_DAMAGED, UNSUPPORTED_FORMAT */
export function readCheckpoint(disk: Disk, folder: string): Checkpoint | null {
  const path = checkpointPath(folder)
  if (disk.stat(path) === null) return null
  const [crc, json] = Buffer.from(disk.readFile(path)).toString('utf8').split('\n')
  if (json === undefined || crc !== crcOf(json)) {
    throw coreError('CHECKPOINT_DAMAGED', { what: 'the checkpoint file is damaged', where: path, expected: 'a right CRC' })
  }
  const checkpoint = JSON.parse(json) as Checkpoint
  if (checkpoint.version !== 1) {
    throw coreError('UNSUPPORTED_FORMAT', {
      what: 'the checkpoint has another version',
      where: path,
      expected: 1,
      received: checkpoint.version,
    })
  }
  return checkpoint
}

function crcOf(text: string): string {
  return crc32c(Buffer.from(text)).toString(16).padStart(8, '0')
}
