import { coreError } from '../base/error-catalogue.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Duration, Metrics } from '../base/metrics.ts'
import type { World } from '../base/world.ts'
import { writeCheckpoint, type Checkpoint, type PartitionCheckpoint } from '../storage/checkpoint.ts'
import type { Journal, JournalEnd, JournalGeometry } from '../storage/journal.ts'
import { lookAhead } from '../storage/journal-scan.ts'
import type { StrandedFile } from '../storage/stranded-file.ts'
import { checkpointPartition, momentOf, removeOldSnapshots, type PartitionMoment } from './checkpoint-partition.ts'
import type { PartitionLog } from './partition-log.ts'
import { keyOf, type PartitionPlace } from './partition-place.ts'
import type { Rounds } from './rounds.ts'
import type { Stranded } from './stranded.ts'
import type { WriteBehind } from './write-behind.ts'

/**
 * The checkpoints of a directory: how far the folders can be trusted, and so where the journal must be read from.
 *
 * Invariants
 *   P1  A row is replaced only by one whose files are durable; a journal file is free only once the checkpoint that covers it is.
 *   P2  What a checkpoint allows to be removed (older snapshots, records before the start) is removed after it is durable.
 *   P3  The journal is durable as far as any row goes: under durability 'os' a partition that was taken later than another would
 *       otherwise stand, after a power cut, behind a frame that the other one has lost.
 *   P4  One checkpoint is written at a time.
 *   P5  A partition that fails stops none: its row stays, and what the journal has of it is kept elsewhere.
 */
/** At a time: threads of the pool that a checkpoint may occupy. */
const lanes = 2
/** Partitions between which other work on segments has its turn. */
const handful = 32

export class Checkpoints {
  private readonly world: World
  private readonly folder: string
  private readonly identity: Pick<Checkpoint, 'salt' | 'epoch'>
  private readonly geometry: JournalGeometry
  private readonly journal: Journal
  private readonly rounds: Rounds
  private readonly writeBehind: WriteBehind
  private readonly duration: Duration
  private readonly isCurrent: (log: PartitionLog) => boolean
  private readonly rows: Map<string, PartitionCheckpoint>
  private readonly kept: Stranded
  /** Written since the checkpoint that began last. */
  private dirty = new Set<PartitionLog>()
  /** Written since the directory was opened: their indexes want their last entry at a clean close. */
  private readonly touched = new Set<PartitionLog>()
  private running: Promise<void> | null = null

  constructor(options: {
    readonly world: World
    readonly folder: string
    readonly identity: Pick<Checkpoint, 'salt' | 'epoch'>
    readonly geometry: JournalGeometry
    readonly journal: Journal
    readonly rounds: Rounds
    readonly writeBehind: WriteBehind
    readonly metrics: Metrics<CoreMetrics>
    readonly rows: readonly PartitionCheckpoint[]
    readonly stranded: Stranded
    /** Not for a partition whose topic was deleted. */
    readonly isCurrent: (log: PartitionLog) => boolean
  }) {
    this.world = options.world
    this.folder = options.folder
    this.identity = options.identity
    this.geometry = options.geometry
    this.journal = options.journal
    this.rounds = options.rounds
    this.writeBehind = options.writeBehind
    this.duration = options.metrics.duration('millrace.checkpoint.duration')
    this.isCurrent = options.isCurrent
    this.rows = new Map(options.rows.map((row) => [keyOf(row), row]))
    this.kept = options.stranded
  }

  /** Of all partitions that a checkpoint knows. */
  get partitions(): Iterable<PartitionCheckpoint> {
    return this.rows.values()
  }

  /** What partitions that failed could not write. */
  get stranded(): readonly StrandedFile[] {
    return this.kept.list
  }

  row(of: PartitionPlace): PartitionCheckpoint | undefined {
    return this.rows.get(keyOf(of))
  }

  get isClean(): boolean {
    return this.dirty.size === 0
  }

  /** It must be looked at by the next checkpoint. */
  mark(log: PartitionLog): void {
    this.dirty.add(log)
  }

  /** It was written. */
  touch(log: PartitionLog): void {
    this.dirty.add(log)
    this.touched.add(log)
  }

  forget(of: PartitionPlace, log: PartitionLog | undefined): void {
    this.rows.delete(keyOf(of))
    this.kept.drop(of)
    if (log === undefined) return
    this.dirty.delete(log)
    this.touched.delete(log)
  }

  /** Takes over partitions whose files are durable already. Resolves when a checkpoint says so. */
  async adopt(rows: readonly PartitionCheckpoint[]): Promise<void> {
    for (const row of rows) this.rows.set(keyOf(row), row)
    await this.writeAfterNow()
  }

  /** Resolves when one that was begun already or now is durable. */
  write(): Promise<void> {
    this.running ??= this.writeOnce(false).finally(() => {
      this.running = null
    })
    return this.running
  }

  /** Resolves when one is durable that has seen everything marked so far. */
  async writeAfterNow(): Promise<void> {
    await this.running?.catch(ignore)
    await this.write()
  }

  /** Marks the partitions; resolves when what is wanted of them is durable. @throws why one of them failed, which a checkpoint survives */
  async writeWith(logs: readonly PartitionLog[]): Promise<void> {
    for (const log of logs) this.mark(log)
    await this.writeAfterNow()
    for (const log of logs) if (log.failed !== null) throw log.failed
  }

  /**
   * Writes one in which every partition stands at the same place of the journal, and does the work while the files stay as it says:
   * no segment is written or replaced, and nothing is removed. Whoever waits for a checkpoint waits for the work too, but hears nothing
   * of how it ended.
   */
  async writeAtOnePlace<T>(work: (rows: readonly PartitionCheckpoint[]) => Promise<T>): Promise<T> {
    await this.writeAfterNow() // most of it, while everything goes on
    while (this.running !== null) await this.running.catch(ignore)
    const worked = Promise.withResolvers<T>()
    worked.promise.catch(ignore)
    this.running = this.writeOnePlace(async (rows) => {
      await work(rows).then(worked.resolve, worked.reject)
    }).finally(() => {
      this.running = null
    })
    await this.running
    return worked.promise
  }

  /** The last one: the journal is empty behind it, and every index ends as Kafka's does. */
  async writeFinal(): Promise<void> {
    await this.running?.catch(ignore)
    await this.writeOnce(true)
  }

  /** All that was written since the open is looked at once more by the last checkpoint. */
  markTouched(): void {
    for (const log of this.touched) this.dirty.add(log)
  }

  private writeOnce(clean: boolean): Promise<void> {
    return this.writeDirty(async (dirty, save) => {
      await this.writeRows([...dirty], clean)
      await save(clean)
    })
  }

  /** Everything that removes or replaces files is a checkpoint or stands in the line of `WriteBehind`: both wait here. */
  private writeOnePlace(work: (rows: readonly PartitionCheckpoint[]) => Promise<void>): Promise<void> {
    return this.writeDirty((dirty, save) =>
      this.writeBehind.run(async () => {
        // In one turn: a round moves all its watermarks in one, so these are what one prefix of the journal gives.
        for (const log of this.takeDirty()) dirty.add(log)
        const moments = [...dirty].filter((log) => this.isCurrent(log)).map(momentOf)
        for (const moment of moments) await this.writeRow(moment, false)
        await save(false)
        await work([...this.rows.values()])
      }),
    )
  }

  private async writeDirty(
    writeRows: (dirty: Set<PartitionLog>, save: (clean: boolean) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    // Everything before this point of the journal is covered, since every partition is taken at a later watermark.
    const start = this.journal.end
    const startedAt = this.world.clock.monotonic()
    const dirty = this.takeDirty()
    try {
      await this.rounds.sync()
      const before = new Map(this.rows)
      await writeRows(dirty, async (clean) => {
        await this.rounds.sync() // P3
        await this.world.disk.syncNames(this.folder)
        await this.save(start, clean)
        this.journal.release(start.file)
        attempt(() => this.kept.removeStale())
        this.duration.recordMs(this.world.clock.monotonic() - startedAt)
      })
      this.tidy(dirty, before)
    } catch (error) {
      for (const log of dirty) if (this.isCurrent(log)) this.dirty.add(log)
      throw error
    }
  }

  private takeDirty(): Set<PartitionLog> {
    const { dirty } = this
    this.dirty = new Set()
    return dirty
  }

  /** A few partitions at a time. What else wants to touch segments comes between two handfuls. */
  private async writeRows(logs: readonly PartitionLog[], clean: boolean): Promise<void> {
    for (let at = 0; at < logs.length; at += handful) {
      const some = logs.slice(at, at + handful)
      await this.writeBehind.run(() => eachInLanes(some, lanes, (log) => this.writeRow(momentOf(log), clean)))
    }
  }

  private async writeRow(moment: PartitionMoment, clean: boolean): Promise<void> {
    const { log } = moment
    if (!this.isCurrent(log)) return
    if (log.failed === null) await this.replaceRow(moment, clean)
    if (log.failed !== null && this.isCurrent(log)) await this.keep(log)
  }

  /** @throws DISK_FULL; a partition that cannot be written fails */
  private async replaceRow(moment: PartitionMoment, clean: boolean): Promise<void> {
    const { log } = moment
    try {
      const row = await checkpointPartition(this.world.disk, moment, this.writeBehind, clean)
      if (row === null || !this.isCurrent(log)) return
      this.rows.set(keyOf(log), row)
      this.kept.drop(log)
    } catch (error) {
      if (log.failed === null) throw error
    }
  }

  /** @throws why the partition failed, where not all of it can be read; DISK_FULL, CHECKPOINT_FAILED */
  private async keep(log: PartitionLog): Promise<void> {
    await this.kept.keep(log, this.row(log)?.recoveryOffset ?? 0)
    if (!this.isCurrent(log)) this.kept.drop(log)
  }

  private async save(start: JournalEnd, clean: boolean): Promise<void> {
    const { disk } = this.world
    const ahead = clean ? await lookAhead(disk, this.folder, start) : 0
    await writeCheckpoint(disk, this.folder, {
      version: 1,
      ...this.identity,
      clean,
      journal: { ...start, ahead, files: this.journal.fileCount, ...this.geometry },
      partitions: [...this.rows.values()],
      stranded: this.kept.list,
    })
  }

  private tidy(logs: Iterable<PartitionLog>, before: ReadonlyMap<string, PartitionCheckpoint>): void {
    for (const log of logs) {
      if (!this.isCurrent(log)) continue
      attempt(() => log.advanceStart(this.row(log)?.startOffset ?? 0))
      attempt(() => removeOldSnapshots(this.world.disk, log.folder.path, before.get(keyOf(log))))
    }
  }
}

/** @throws DISK_FULL */
export function noRoom(folder: string): Error {
  return coreError('DISK_FULL', { what: 'both journal files are full, and the segments cannot be written', where: folder })
}

/** Does all of it, so many at once, and none after the first that fails. Nothing is under way when it settles. @throws that failure */
async function eachInLanes<T>(items: readonly T[], count: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  let failure: { readonly cause: unknown } | null = null
  const lane = async (): Promise<void> => {
    for (const item of left) {
      await work(item).catch((cause: unknown) => {
        failure ??= { cause }
      })
      if (failure !== null) return
    }
  }
  await Promise.all(Array.from({ length: count }, lane))
  if (failure !== null) throw (failure as { readonly cause: unknown }).cause
}

function ignore(): void {
  // Whoever asked for it hears of it.
}

/** What is done as far as it goes, whatever one step of it says. */
export function attempt(step: () => void): void {
  try {
    step()
  } catch {
    // A handle that does not close, or a file that is left, loses nothing: what counts was synced.
  }
}
