import { coreError } from '../base/error-catalogue.ts'
import { readFrameHeader, type FrameHeader } from './journal-frame.ts'
import type { JournalPosition } from './journal.ts'

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

export interface ScanStart extends JournalPosition {
  readonly sequence: number
  readonly epoch: number
}

export interface ScanEnd extends JournalPosition {
  /** Of the next frame to be written. */
  readonly sequence: number
  /** Of the last frame, or of the start when there is none. */
  readonly epoch: number
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
