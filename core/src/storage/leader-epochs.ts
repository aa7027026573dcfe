import type { Disk } from '../base/disk.ts'
import { baseOffsetOf, leaderEpochOf } from '../record/batch-header.ts'
import { replaceHelper } from './atomic-file.ts'

export type EpochStart = readonly [epoch: number, startOffset: number]

/**
 * The epochs of the log that wrote a partition, and the offsets they start at: Kafka's `leader-epoch-checkpoint`. The checkpoint of the
 * directory holds them too; the file is for others.
 */
export class LeaderEpochs {
  private readonly disk: Disk
  private readonly folder: string
  private starts: EpochStart[]
  private unsaved = false

  constructor(disk: Disk, folder: string, starts: readonly EpochStart[] = []) {
    this.disk = disk
    this.folder = folder
    this.starts = [...starts]
  }

  get all(): readonly EpochStart[] {
    return [...this.starts]
  }

  /** A batch that is written at the end. */
  note(batch: Uint8Array): void {
    const epoch = leaderEpochOf(batch, 0)
    if (epoch === this.starts.at(-1)?.[0]) return
    this.starts.push([epoch, baseOffsetOf(batch, 0)])
    this.unsaved = true
  }

  /** The partition starts there now. As Kafka: the epoch that holds the offset begins there. */
  forgetBelow(startOffset: number): void {
    const holding = this.starts.findLastIndex(([, start]) => start <= startOffset)
    if (holding < 0 || (holding === 0 && this.starts[0]![1] === startOffset)) return
    this.starts = [[this.starts[holding]![0], startOffset], ...this.starts.slice(holding + 1)]
    this.unsaved = true
  }

  async save(): Promise<void> {
    if (!this.unsaved) return
    await replaceHelper(this.disk, `${this.folder}/leader-epoch-checkpoint`, Buffer.from(epochCheckpoint(this.starts)))
    this.unsaved = false
  }
}

/** Where the records of an epoch end, and the epoch that it is about: the newest that is not newer. */
export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

/** Kafka's rule (KIP-320); null when the epoch is newer than all of these. What is older than the first ends where that begins. */
export function endOfEpoch(starts: readonly EpochStart[], epoch: number, endOffset: number): EpochEnd | null {
  const next = starts.findIndex(([other]) => other > epoch)
  if (next === 0) return { epoch, endOffset: starts[0]![1] }
  const found = starts.at(next < 0 ? -1 : next - 1)
  if (found === undefined || (next < 0 && found[0] < epoch)) return null
  return { epoch: found[0], endOffset: next < 0 ? endOffset : starts[next]![1] }
}

/** What the file holds. */
export function epochCheckpoint(starts: readonly EpochStart[]): string {
  return `0\n${starts.length}\n${starts.map(([epoch, start]) => `${epoch} ${start}\n`).join('')}`
}
