import { DiskError, type Disk } from '../base/disk.ts'
import { partitionName } from '../base/ids.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { checkBatch } from '../record/batch-validation.ts'
import { readCheckpoint, type Checkpoint, type PartitionCheckpoint } from './checkpoint.ts'
import { readEntries, type JournalEntry } from './journal-frame.ts'
import { readJournals, scanJournal } from './journal-scan.ts'
import { readStranded, strandedPath, type StrandedFile } from './stranded-file.ts'
import { PartitionVerification } from './verify-partition.ts'
import type { ProducerReplay } from './verify-producers.ts'

/**
 * Reads everything in a data directory that nobody has open, and reports what is damaged, without changing anything. After a crash
 * the part of a segment beyond its checkpoint is a copy of the journal: the journal is looked at in its place.
 */
export interface Finding {
  /** The file, below the directory. */
  readonly where: string
  /** Null where it concerns no partition. */
  readonly topic: string | null
  readonly partition: number | null
  /** From which offset on it is damaged, or misleads; null where it concerns no offset. */
  readonly offset: number | null
  readonly what: string
  /** Opening the log makes it right by itself, and no record is lost. */
  readonly heals: boolean
}

export interface Verification {
  readonly findings: readonly Finding[]
  readonly partitions: number
  readonly batches: number
  readonly records: number
  readonly bytes: number
}

export interface VerifyOptions {
  /** Makes what producer snapshots are compared with; without it only their checksums are looked at. */
  readonly newProducers?: () => ProducerReplay
}

export async function verifyDirectory(disk: Disk, folder: string, options: VerifyOptions = {}): Promise<Verification> {
  const directory = new DirectoryVerification(disk, folder, options)
  await directory.run()
  const { findings, partitions, batches, records, bytes } = directory
  return { findings, partitions, batches, records, bytes }
}

class DirectoryVerification {
  readonly findings: Finding[] = []
  partitions = 0
  batches = 0
  records = 0
  bytes = 0
  private readonly disk: Disk
  private readonly folder: string
  private readonly options: VerifyOptions

  constructor(disk: Disk, folder: string, options: VerifyOptions) {
    this.disk = disk
    this.folder = folder
    this.options = options
  }

  async run(): Promise<void> {
    const checkpoint = this.attempt('millrace-checkpoint', () => readCheckpoint(this.disk, this.folder))
    if (checkpoint === null)
      this.find('millrace-checkpoint', 'there is none: this is no data directory, or one that was never opened')
    const clean = !!checkpoint && this.verifyJournal(checkpoint)
    const stranded = new Set(checkpoint?.stranded?.map(({ topicId, partition }) => `${topicId}/${partition}`))
    const rows = new Map(checkpoint?.partitions.map((row) => [partitionName(row), row]))
    const names = new Set([...rows.keys(), ...this.partitionFolders()])
    for (const name of [...names].sort()) {
      const row = rows.get(name)
      if (checkpoint && row === undefined) continue // of a topic that was made or deleted since, or no topic's at all
      await this.verifyPartition(name, row, clean && !(row && stranded.has(`${row.topicId}/${row.partition}`)))
    }
  }

  private partitionFolders(): readonly string[] {
    const { disk, folder } = this
    return disk.list(folder).filter((name) => /-\d+$/.test(name) && disk.stat(`${folder}/${name}`)?.kind === 'folder')
  }

  private find(where: string, what: string): void {
    this.findings.push({ where, topic: null, partition: null, offset: null, what, heals: false })
  }

  private attempt<T>(where: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      this.find(where, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  /** Whether nothing stands in it. */
  private verifyJournal(checkpoint: Checkpoint): boolean {
    const { journal, salt, epoch } = checkpoint
    const ends = new Map(checkpoint.partitions.map((row) => [`${row.topicId}/${row.partition}`, row]))
    const seen = new Map<string, number>()
    let frames = 0
    for (const file of checkpoint.stranded ?? []) this.verifyStranded(file, ends, seen)
    this.attempt('millrace-journal', () => {
      const journals = readJournals(this.disk, this.folder, journal)
      scanJournal(journals, salt, journal.blockBytes, { ...journal, epoch }, ({ file, position, header }) => {
        frames++
        for (const entry of readEntries(journals[file]!, position, header))
          this.verifyEntry(`millrace-journal-${file}`, entry, ends, seen, `the frame at byte ${position}`)
      })
    })
    return checkpoint.clean && frames === 0
  }

  private verifyStranded(file: StrandedFile, rows: ReadonlyMap<string, PartitionCheckpoint>, seen: Map<string, number>): void {
    const name = strandedPath('', file).slice(1)
    this.attempt(name, () => {
      for (const batch of readStranded(this.disk, this.folder, file)) this.verifyEntry(name, { ...file, batch }, rows, seen)
    })
  }

  private verifyEntry(
    file: string,
    { topicId, partition, batch }: JournalEntry,
    rows: ReadonlyMap<string, PartitionCheckpoint>,
    seen: Map<string, number>,
    place = 'a batch',
  ): void {
    const key = `${topicId}/${partition}`
    const row = rows.get(key)
    const next = seen.get(key) ?? row?.recoveryOffset ?? 0
    this.attempt(file, () => {
      checkBatch(batch, 0, batch.length)
      const { baseOffset, lastOffsetDelta } = readBatchHeader(batch, 0)
      seen.set(key, Math.max(next, baseOffset + lastOffsetDelta + 1))
      if (baseOffset > next)
        throw new Error(
          `${place} goes on at offset ${baseOffset} of ${row === undefined ? key : partitionName(row)}, which ends at ${next}`,
        )
    })
  }

  private async verifyPartition(name: string, row: PartitionCheckpoint | undefined, clean: boolean): Promise<void> {
    const [, topic, digits] = /^(.*)-(\d+)$/.exec(name)!
    const place = { topic: topic!, partition: Number(digits) }
    const newProducers = this.options.newProducers ?? null
    const path = `${this.folder}/${name}`
    const one = new PartitionVerification(this.disk, { ...place, path, row, clean, newProducers })
    try {
      await one.run()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      one.flaws.push({
        file: error.path.slice(path.length + 1),
        offset: null,
        what: `it cannot be read: ${error.message}`,
        heals: false,
      })
    }
    this.partitions++
    this.batches += one.batches
    this.records += one.records
    this.bytes += one.bytes
    for (const { file, ...flaw } of one.flaws)
      this.findings.push({ where: file === '' ? name : `${name}/${file}`, ...place, ...flaw })
  }
}
