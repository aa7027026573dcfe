import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'

import { frameHeaderBytes, readEntries, type JournalEntry } from '../storage/journal-frame.ts'

import { scanJournal, type ScanEnd } from '../storage/journal-scan.ts'
import { journalFiles, journalPath } from '../storage/journal.ts'
import { readWhole } from '../storage/whole-write.ts'
import type { Checkpoint } from '../storage/checkpoint.ts'

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
  if (checkpoint.clean && !(await mayHoldFrames(disk, folder, checkpoint))) return { ...start, unclean: false }
  const journals = readJournals(disk, folder, checkpoint)
  let frames = 0
  const end = scanJournal(journals, checkpoint.salt, checkpoint.journal.blockBytes, start, ({ file, position, header }) => {
    frames++
    // A copy, so that no batch keeps a whole journal file in memory.
    const frame = Buffer.from(journals[file]!.subarray(position, position + header.sizeBytes))
    for (const entry of readEntries(frame, 0, header)) visit(entry)
  })
  return { ...end, unclean: !checkpoint.clean || frames > 0 }
}

/** After a clean close nothing stands behind the checkpoint: looking at two headers spares reading both files. */
async function mayHoldFrames(disk: Disk, folder: string, { journal }: Checkpoint): Promise<boolean> {
  const header = Buffer.alloc(frameHeaderBytes)
  for (const [file, position] of [
    [journal.file, journal.position],
    [1 - journal.file, 0],
  ] as const) {
    if (disk.stat(journalPath(folder, file)) === null) continue
    const opened = disk.open(journalPath(folder, file))
    try {
      const read = await readWhole(opened, header, position)
      if (read === header.length && header.readUInt32BE(20) * 2 ** 32 + header.readUInt32BE(24) >= journal.sequence) return true
    } finally {
      opened.close()
    }
  }
  return false
}

function readJournals(disk: Disk, folder: string, { journal }: Checkpoint): Buffer[] {
  return Array.from({ length: journalFiles }, (_, file) => {
    const path = journalPath(folder, file)
    if (file >= journal.files && disk.stat(path) === null) return Buffer.alloc(0)
    const content = disk.readFile(path)
    if (content.length !== journal.fileBytes) {
      throw coreError('JOURNAL_DAMAGED', {
        what: 'a journal file has another size than its checkpoint says',
        where: path,
        expected: journal.fileBytes,
        received: content.length,
      })
    }
    return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  })
}
