import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import type { JournalCheckpoint } from './checkpoint.ts'
import { crc32c } from '../record/crc32c.ts'
import { frameHeaderBytes, readFrameHeader, type FrameHeader } from './journal-frame.ts'
import { journalFiles, journalPath, type JournalEnd, type JournalPosition } from './journal.ts'
import { readWhole } from './whole-write.ts'

/**
 * Reading a journal back: from the checkpoint's position, frame by frame, to the first that does not count.
 *
 * Invariants
 *   R1  Only the last frame can be torn, since one round is in flight at a time. A bad frame whose successor says that it
 *       was durable is damage: opening refuses and says what would be lost.
 *   R2  Under durability 'os' frames after an unsynced one prove nothing (`durable` tells), and the log is cut there.
 */
export interface ScannedFrame {
  readonly file: number
  readonly position: number
  readonly header: FrameHeader
}

export interface ScanStart extends JournalEnd {
  readonly epoch: number
}

export interface ScanEnd extends JournalEnd {
  /** Of the last frame, or of the start when there is none. */
  readonly epoch: number
}

/** Compares the files with what the checkpoint says of them. @throws JOURNAL_DAMAGED */
export function checkJournalFiles(disk: Disk, folder: string, { files, fileBytes }: JournalCheckpoint): void {
  for (let file = 0; file < journalFiles; file++) {
    const path = journalPath(folder, file)
    const found = disk.stat(path)
    if (found === null && file >= files) continue
    if (found?.kind === 'file' && found.sizeBytes === fileBytes) continue
    throw coreError('JOURNAL_DAMAGED', {
      what: 'a journal file is not as its checkpoint says',
      where: path,
      expected: `a file of ${fileBytes} bytes`,
      received: found === null ? 'nothing' : `a ${found.kind} of ${found.sizeBytes} bytes`,
    })
  }
}

/** Both files, whole; an empty one for the second while it has not been made. @throws JOURNAL_DAMAGED */
export function readJournals(disk: Disk, folder: string, checkpoint: JournalCheckpoint): Buffer[] {
  checkJournalFiles(disk, folder, checkpoint)
  return Array.from({ length: journalFiles }, (_, file) => {
    const path = journalPath(folder, file)
    if (disk.stat(path) === null) return Buffer.alloc(0)
    const content = disk.readFile(path)
    return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  })
}

/** A checksum of what stands in the two places where the next frame may go: the first frame that is written changes it. */
export async function lookAhead(disk: Disk, folder: string, { file, position }: JournalPosition): Promise<number> {
  const ahead = Buffer.alloc(2 * frameHeaderBytes)
  await readThere(disk, journalPath(folder, file), position, ahead.subarray(0, frameHeaderBytes))
  await readThere(disk, journalPath(folder, 1 - file), 0, ahead.subarray(frameHeaderBytes))
  return crc32c(ahead)
}

/** Where there is nothing the bytes stay zero, as in a file that was just made. */
async function readThere(disk: Disk, path: string, position: number, into: Uint8Array): Promise<void> {
  if (disk.stat(path) === null) return
  const file = disk.open(path)
  try {
    await readWhole(file, into, position)
  } finally {
    file.close()
  }
}

/** Visits the frames that count, in order; returns where the next one goes. @throws JOURNAL_DAMAGED */
export function scanJournal(
  journals: readonly Buffer[],
  salt: number,
  blockBytes: number,
  start: ScanStart,
  visit: (frame: ScannedFrame) => void,
): ScanEnd {
  let { file, position, sequence, epoch } = start
  let turned = false
  for (;;) {
    let header = frameOf(journals[file]!, position, salt, sequence, epoch)
    if (header === null && !turned) {
      header = frameOf(journals[1 - file]!, 0, salt, sequence, epoch)
      if (header !== null) {
        turned = true
        file = 1 - file
        position = 0
      }
    }
    if (header === null) break
    visit({ file, position, header })
    position += Math.ceil(header.sizeBytes / blockBytes) * blockBytes
    sequence++
    epoch = header.epoch
  }
  const end = { file, position, sequence, epoch }
  refuseDamage(journals, salt, blockBytes, end)
  return end
}

function frameOf(journal: Buffer, position: number, salt: number, sequence: number, epoch: number): FrameHeader | null {
  const header = readFrameHeader(journal, position, salt)
  return header !== null && header.sequence === sequence && header.epoch >= epoch ? header : null
}

/** Looks for a frame that claims that the one missing at the end had been durable. */
function refuseDamage(journals: readonly Buffer[], salt: number, blockBytes: number, end: ScanEnd): void {
  let lost = 0
  for (const journal of journals) {
    for (let at = 0; at + blockBytes <= journal.length; at += blockBytes) {
      const header = readFrameHeader(journal, at, salt)
      if (header !== null && header.durableSequence >= end.sequence && header.epoch >= end.epoch) {
        lost = Math.max(lost, header.sequence)
      }
    }
  }
  if (lost === 0) return
  throw coreError('JOURNAL_DAMAGED', {
    what: `the journal frame ${end.sequence} is damaged, and frames up to ${lost} behind it are intact; cutting here would lose them`,
    where: `millrace-journal-${end.file} at byte ${end.position}`,
    expected: `frame ${end.sequence}`,
    received: 'no intact frame',
  })
}
