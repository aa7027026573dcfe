import type { Disk } from '../base/disk.ts'
import type { Checkpoint } from '../storage/checkpoint.ts'
import { readEntries, type JournalEntry } from '../storage/journal-frame.ts'
import { checkJournalFiles, lookAhead, readJournals, scanJournal, type ScanEnd } from '../storage/journal-scan.ts'

/**
 * Reading the journal back at open.
 *
 * Invariants
 *   V1  What is replayed is a prefix of what was written, and holds everything that was acknowledged.
 *   V2  Nothing is changed on disk here: a second recovery of the same directory gives the same.
 */
export interface Replayed extends ScanEnd {
  /** Whether the directory was left without a clean close. */
  readonly unclean: boolean
}

/** Visits every journal entry after the checkpoint, in the order of the journal. @throws JOURNAL_DAMAGED */
export async function replayJournal(
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
