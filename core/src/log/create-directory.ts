import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import type { World } from '../base/world.ts'
import { checkpointPath, writeCheckpoint, type Checkpoint } from '../storage/checkpoint.ts'
import { frameHeaderBytes } from '../storage/journal-frame.ts'
import { lookAhead } from '../storage/journal-scan.ts'
import { createJournalFile, journalPath, type JournalGeometry } from '../storage/journal.ts'
import type { LogGeometry } from './log-options.ts'

/**
 * Makes an empty log in a directory without checkpoint. The checkpoint is written last: a crash before it leaves a directory
 * that is made again. @throws CHECKPOINT_DAMAGED when there was a log, so that nothing of it is written over
 */
export async function createDirectory({ disk, random }: World, folder: string, geometry: LogGeometry): Promise<Checkpoint> {
  const found = formerLog(disk, folder)
  if (found !== null) {
    throw coreError('CHECKPOINT_DAMAGED', {
      what: `the checkpoint file is missing, though there is ${found}`,
      where: checkpointPath(folder),
    })
  }
  return beginJournal({ disk, random }, folder, geometry.journal, { epoch: 0, partitions: [] })
}

/** Gives partitions that stand in the folder a journal of their own, and says so in a checkpoint, which is written last. */
export async function beginJournal(
  { disk, random }: Pick<World, 'disk' | 'random'>,
  folder: string,
  geometry: JournalGeometry,
  state: Pick<Checkpoint, 'epoch' | 'partitions' | 'stranded'>,
): Promise<Checkpoint> {
  await createJournalFile(disk, folder, 0, geometry)
  const journal = { file: 0, position: 0, sequence: 1, files: 1, ...geometry }
  const ahead = await lookAhead(disk, folder, journal)
  const salt = Buffer.from(random.bytes(4)).readUInt32BE(0)
  const checkpoint: Checkpoint = { version: 1, salt, ...state, clean: true, journal: { ...journal, ahead } }
  await writeCheckpoint(disk, folder, checkpoint)
  return checkpoint
}

/** What only a log that had a checkpoint leaves behind; null when there is nothing of the kind. */
function formerLog(disk: Disk, folder: string): string | null {
  if (disk.stat(journalPath(folder, 1)) !== null) return 'a second journal file'
  if (disk.stat(journalPath(folder, 0)) !== null && isWritten(disk, journalPath(folder, 0))) return 'a journal with frames'
  const partition = disk
    .list(folder)
    .find((name) => /-\d+$/.test(name) && disk.stat(`${folder}/${name}/partition.metadata`) !== null)
  return partition === undefined ? null : `the partition ${partition}`
}

/** Frames stand at the beginning from the first one on. */
function isWritten(disk: Disk, path: string): boolean {
  return disk
    .readFile(path)
    .subarray(0, frameHeaderBytes)
    .some((byte) => byte !== 0)
}
