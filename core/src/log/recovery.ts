import type { Disk } from '../base/disk.ts'
import type { World } from '../base/world.ts'
import type { Checkpoint } from '../storage/checkpoint.ts'
import { readEntries, type JournalEntry } from '../storage/journal-frame.ts'
import { checkJournalFiles, lookAhead, readJournals, scanJournal, type ScanEnd } from '../storage/journal-scan.ts'
import { readStranded, removeForgottenStranded } from '../storage/stranded-file.ts'
import { keyOf } from './partition-place.ts'

/**
 * Reading the journal back at open.
 *
 * Invariants
 *   V1  What is replayed is a prefix of what was written, and holds everything that was acknowledged.
 *   V2  Nothing that counts is changed on disk here: a second recovery of the same directory gives the same.
 */
interface Replayed extends ScanEnd {
  /** Whether the directory was left without a clean close. */
  readonly unclean: boolean
}

export interface Recovered extends Replayed {
  /** By the key of its partition, in order. */
  readonly batches: Map<string, Uint8Array[]>
}

/** What stands behind the checkpoint, and where the journal goes on; the epoch is that of this open. @throws JOURNAL_DAMAGED */
export async function recover({ disk }: Pick<World, 'disk'>, folder: string, checkpoint: Checkpoint): Promise<Recovered> {
  const { stranded = [] } = checkpoint
  const batches = new Map<string, Uint8Array[]>()
  for (const file of stranded) batches.set(keyOf(file), readStranded(disk, folder, file))
  const end = await replayJournal(disk, folder, checkpoint, ({ topicId, partition, batch }) => {
    const key = keyOf({ topicId, partition })
    const list = batches.get(key)
    if (list === undefined) batches.set(key, [batch])
    else list.push(batch)
  })
  if (end.unclean) removeForgottenStranded(disk, folder, stranded)
  return { ...end, epoch: end.epoch + (end.unclean ? 1 : 0), batches }
}

/** Visits every journal entry after the checkpoint, in the order of the journal. @throws JOURNAL_DAMAGED */
async function replayJournal(
  disk: Disk,
  folder: string,
  checkpoint: Checkpoint,
  visit: (entry: JournalEntry) => void,
): Promise<Replayed> {
  const start = { ...checkpoint.journal, epoch: checkpoint.epoch }
  checkJournalFiles(disk, folder, checkpoint.journal)
  if (checkpoint.clean && (await lookAhead(disk, folder, checkpoint.journal)) === checkpoint.journal.ahead) {
    return { ...start, unclean: false } // spares reading both files
  }
  const journals = readJournals(disk, folder, checkpoint.journal)
  let frames = 0
  const end = scanJournal(journals, checkpoint.salt, checkpoint.journal.blockBytes, start, ({ file, position, header }) => {
    frames++
    // A copy, so that no batch keeps a whole journal file in memory.
    const frame = Buffer.from(journals[file]!.subarray(position, position + header.sizeBytes))
    for (const entry of readEntries(frame, 0, header)) visit(entry)
  })
  return { ...end, unclean: !checkpoint.clean || frames > 0 }
}
