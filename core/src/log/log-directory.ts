import { assert } from '../base/assert.ts'
import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import { DiskError, type DirectoryLock } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Metrics } from '../base/metrics.ts'
import type { World } from '../base/world.ts'
import { readCheckpoint, type Checkpoint, type PartitionCheckpoint } from '../storage/checkpoint.ts'
import { Journal } from '../storage/journal.ts'
import { entryHeaderBytes, frameHeaderBytes } from '../storage/journal-frame.ts'
import { OpenSegments } from '../storage/open-segments.ts'
import { backUp, type BackUpReport } from './back-up.ts'
import { attempt, Checkpoints, noRoom } from './checkpoints.ts'
import { removeHeld } from './copy-files.ts'
import { createDirectory } from './create-directory.ts'
import { doorError, openDirectory } from './directory-door.ts'
import { writeKafkaCheckpoints } from './kafka-checkpoints.ts'
import type { Durability, LogGeometry } from './log-options.ts'
import { openPartition, type PartitionSpec } from './open-partition.ts'
import type { PartitionLog } from './partition-log.ts'
import { keyOf } from './partition-place.ts'
import { recover, type Recovered } from './recovery.ts'
import { Removal } from './removal.ts'
import { RoundMetrics } from './round-metrics.ts'
import { Rounds, type StagedBatch } from './rounds.ts'
import { Stranded } from './stranded.ts'
import { Tails } from './tails.ts'
import { WriteBehind } from './write-behind.ts'

/**
 * One data directory: its lock, journal, partitions and checkpoints.
 *
 *   DIR/.lock  millrace-checkpoint  millrace-journal-{0,1}  <topic>-<partition>/…
 *
 * Invariants
 *   Y1  One process has it (the lock).
 *   Y2  State = newest checkpoint (with the files that it names) + journal. Opening reads nothing else, so it takes as long as the journal is, however
 *       large the log.
 *   Y3  All partitions stand, after any crash, at one consistent prefix of the journal.
 *   Y4  A batch leaves memory only when its segment has it.
 *   Y5  A journal file is written again only after a checkpoint that covers it is durable.
 */
export interface LogDirectoryOptions {
  readonly world: World
  readonly metrics: Metrics<CoreMetrics>
  readonly folder: string
  readonly durability: Durability
  readonly geometry: LogGeometry
  /** What others are told who want the directory meanwhile. */
  readonly holder: string
}

export interface Appended {
  readonly baseOffsets: readonly number[]
  /** Resolves when all of it is durable and visible. */
  readonly durable: Promise<void>
}

export interface AppendEntry {
  readonly log: PartitionLog
  /** One record batch, owned by the log from here on: its offset and epoch are set in place. */
  readonly batch: Uint8Array
  /** The checksum of what was received, where `batch` was made of it. Default: that of the batch. */
  readonly receivedCrc?: number
}

export class LogDirectory {
  readonly world: World
  readonly folder: string
  readonly geometry: LogGeometry
  readonly epoch: number
  /** Drawn when the directory was made: tells it from others. */
  readonly salt: number
  /** The largest frame, its header included: also bounded by the journal that the directory was made with. */
  readonly maxFrameBytes: number
  /** The largest batch that such a frame holds. */
  readonly maxBatchBytes: number
  private readonly openedAt: { readonly sequence: number; readonly clean: boolean }
  private readonly lock: DirectoryLock
  private readonly journal: Journal
  private readonly rounds: Rounds
  private readonly writeBehind: WriteBehind
  private readonly partitions = new Map<string, PartitionLog>()
  private readonly current = new Set<PartitionLog>()
  /** Batches that the journal held for partitions nobody has opened yet. */
  private readonly replayed = new Map<string, Uint8Array[]>()
  private readonly checkpoints: Checkpoints
  private readonly stranded: Stranded
  /** What takes records away in the course of time. */
  readonly removal: Removal
  private readonly tails: Tails
  private readonly openSegments: OpenSegments
  private readonly rollBackListeners = new Set<(error: MillraceError) => void>()
  private closing: Promise<void> | null = null

  private constructor(options: LogDirectoryOptions, lock: DirectoryLock, checkpoint: Checkpoint, recovered: Recovered) {
    this.world = options.world
    this.folder = options.folder
    this.geometry = options.geometry
    this.lock = lock
    this.epoch = recovered.epoch
    this.replayed = recovered.batches
    const { salt } = checkpoint
    this.salt = salt
    const geometry = { fileBytes: checkpoint.journal.fileBytes, blockBytes: checkpoint.journal.blockBytes }
    this.maxFrameBytes = Math.min(options.geometry.maxFrameBytes, checkpoint.journal.fileBytes / 4)
    this.maxBatchBytes = this.maxFrameBytes - frameHeaderBytes - entryHeaderBytes
    this.openedAt = { sequence: recovered.sequence, clean: !recovered.unclean }
    this.journal = new Journal(options.world.disk, options.folder, geometry, recovered)
    this.journal.release(checkpoint.journal.file)
    this.rounds = new Rounds({
      journal: this.journal,
      salt,
      epoch: this.epoch,
      durability: options.durability,
      roundBytes: options.geometry.roundBytes,
      hooks: {
        makeRoom: (sizeBytes) => this.makeRoom(sizeBytes),
        durable: (batches) => this.onDurable(batches),
        rolledBack: (error) => this.onRolledBack(error),
      },
      metrics: new RoundMetrics(options.metrics, options.world.clock),
    })
    this.openSegments = new OpenSegments(options.geometry.openSegments)
    this.tails = new Tails(options.geometry.tailBytes)
    this.writeBehind = new WriteBehind(options.world.clock, options.metrics, options.geometry.writeBehindBytes, (log) => {
      this.tails.written(log)
      this.tails.trim()
    })
    this.stranded = new Stranded(options.world.disk, options.folder, checkpoint.stranded ?? [])
    this.checkpoints = new Checkpoints({
      world: options.world,
      folder: options.folder,
      identity: { salt, epoch: this.epoch },
      geometry,
      journal: this.journal,
      rounds: this.rounds,
      writeBehind: this.writeBehind,
      metrics: options.metrics,
      rows: checkpoint.partitions,
      stranded: this.stranded,
      isCurrent: (log) => this.isCurrent(log),
    })
    this.removal = new Removal({
      world: options.world,
      checkpoints: this.checkpoints,
      writeBehind: this.writeBehind,
      partitions: () => this.partitions.values(),
      isCurrent: (log) => this.isCurrent(log),
      assertOpen: () => this.assertOpen(),
    })
    this.observe(options.metrics)
  }

  /** Locks, recovers, and is ready to append. @throws DATA_DIRECTORY_*, NOT_A_DIRECTORY, JOURNAL_DAMAGED, CHECKPOINT_DAMAGED */
  static async open(options: LogDirectoryOptions): Promise<LogDirectory> {
    const { world, folder, geometry } = options
    const lock = openDirectory(world, folder, options.holder)
    try {
      removeHeld(world.disk, folder)
      const checkpoint = readCheckpoint(world.disk, folder) ?? (await createDirectory(world, folder, geometry))
      const recovered = await recover(world, folder, checkpoint)
      const directory = new LogDirectory(options, lock, checkpoint, recovered)
      await directory.makeRecoveredDurable(recovered.unclean)
      directory.completeJournal().catch(() => {
        // Tried again when the first file is full, and reported then.
      })
      return directory
    } catch (cause) {
      attempt(() => lock.release())
      throw doorError(cause, folder)
    }
  }

  /**
   * What a killed process has left may stand in the page cache alone. A reader must not be shown what a power cut could take back, and
   * the checkpoint that was read allows to write over a journal file: its name must be durable first.
   */
  private async makeRecoveredDurable(unclean: boolean): Promise<void> {
    try {
      this.world.disk.syncFolder(this.folder)
      if (unclean) await this.journal.sync()
    } catch (error) {
      this.journal.close()
      throw error
    }
  }

  /** What is known anyway, and asked when somebody reads it. */
  private observe(metrics: Metrics<CoreMetrics>): void {
    metrics.observe('millrace.journal.submissions.waiting', () => this.rounds.waiting)
    metrics.observe('millrace.tail.size', () => this.tails.sizeBytes)
    metrics.observe('millrace.tail.unwritten.size', () => this.tails.allUnwrittenBytes)
    metrics.observe('millrace.partitions', () => this.partitions.size)
    metrics.observe('millrace.partitions.failed', () => [...this.partitions.values()].filter(hasFailed).length)
    metrics.observe('millrace.segments.open', () => this.openSegments.size)
    metrics.observe('millrace.segments.index.size', () => this.openSegments.indexBytes)
    metrics.observe('millrace.log.failed', () => (this.failed === null ? 0 : 1))
  }

  /** Why appends are refused until the directory is opened again; null while they are taken. */
  get failed(): MillraceError | null {
    return this.rounds.failed
  }

  /** The partitions that stand in the checkpoint or were found in the journal, by topic id. */
  *known(): Generator<{ readonly topicId: TopicId; readonly partition: number; readonly topic: string | undefined }> {
    for (const { topicId, partition, topic } of this.checkpoints.partitions) yield { topicId, partition, topic }
    for (const key of this.replayed.keys()) {
      const [topicId, partition] = key.split('/')
      const place = { topicId: topicId!, partition: Number(partition) }
      if (this.checkpoints.row(place) === undefined) yield { ...place, topic: undefined }
    }
  }

  /** Opens the partition with what the checkpoint and the journal hold of it; a second call gives the same one. */
  partition(spec: PartitionSpec): PartitionLog {
    const key = keyOf(spec)
    const open = this.partitions.get(key)
    if (open !== undefined) {
      open.folder.configure(spec.folder)
      return open
    }
    const isClean = this.openedAt.clean && !this.stranded.has(spec)
    const withFiles = { ...spec, openSegments: this.openSegments }
    const log = openPartition(this.world.disk, this.folder, withFiles, this.checkpoints.row(spec), isClean)
    this.partitions.set(key, log)
    this.current.add(log)
    for (const bytes of this.replayed.get(key) ?? []) this.replay(log, bytes)
    this.replayed.delete(key)
    return log
  }

  /** What the journal holds of a partition that cannot be opened is kept for an open that can. */
  private replay(log: PartitionLog, bytes: Uint8Array): void {
    if (!log.isReadable) {
      this.stranded.hold(log, bytes)
      this.checkpoints.mark(log)
      return
    }
    const batch = log.replay(bytes)
    if (batch !== null) this.remember({ log, batch })
  }

  /** Takes over partitions whose files stand in their folders, durably. Their topics must become known before the next open. */
  async adopt(rows: readonly PartitionCheckpoint[]): Promise<void> {
    this.assertOpen()
    this.assertAllOpen()
    await this.checkpoints.adopt(rows)
  }

  /** Forgets a partition whose topic was deleted: its files are closed, and no checkpoint mentions it again. */
  async forget(topicId: TopicId, partition: number): Promise<void> {
    const key = keyOf({ topicId, partition })
    const log = this.partitions.get(key)
    this.partitions.delete(key)
    this.replayed.delete(key)
    this.checkpoints.forget({ topicId, partition }, log)
    if (log === undefined) return
    this.current.delete(log)
    log.condemn(coreError('UNKNOWN_TOPIC', { what: 'the topic was deleted', where: log.name }))
    this.tails.forget(log)
    await this.writeBehind.run(async () => log.folder.close())
  }

  /**
   * Stages the batches and queues them for one frame: a crash leaves all of them or none.
   * @throws CLOSED, TRANSACTION_TOO_LARGE, JOURNAL_FAILED, why a partition failed, and what PartitionLog.stage throws when the
   * first is refused; later ones must have been validated by the caller.
   */
  append(entries: readonly AppendEntry[]): Appended {
    this.assertOpen()
    this.checkSize(entries)
    const failed = this.rounds.failed ?? entries.find(({ log }) => log.failed !== null)?.log.failed
    if (failed) throw failed
    const baseOffsets: number[] = []
    const staged: StagedBatch[] = []
    for (const { log, batch, receivedCrc } of entries) {
      const result = log.stage(batch, this.epoch, receivedCrc)
      if (result.kind === 'staged') staged.push({ log, batch: result.batch })
      baseOffsets.push(result.kind === 'staged' ? result.batch.baseOffset : result.baseOffset)
    }
    return { baseOffsets, durable: this.rounds.submit(staged) }
  }

  /** Whether these can stand in one frame. */
  fits(entries: readonly AppendEntry[]): boolean {
    return frameBytes(entries) <= this.maxFrameBytes
  }

  private checkSize(entries: readonly AppendEntry[]): void {
    const sizeBytes = frameBytes(entries)
    if (sizeBytes <= this.maxFrameBytes) return
    throw coreError('TRANSACTION_TOO_LARGE', {
      what: 'what belongs together does not fit into one frame of the journal',
      expected: `at most ${this.maxFrameBytes} bytes`,
      received: `${sizeBytes} bytes`,
    })
  }

  /** Resolves when everything queued so far has been answered: true when the last of it is durable, false when it was refused. */
  settled(): Promise<boolean> {
    return this.rounds.submit([]).then(
      () => true,
      () => false,
    )
  }

  /** Asks to be called, once, before the next round gathers. */
  gatherBefore(gather: () => void): void {
    this.assertOpen()
    this.rounds.gatherBefore(gather)
  }

  /** Calls back whenever staged batches were forgotten, so that what was derived from them is built again. */
  onRollBack(listener: (error: MillraceError) => void): void {
    this.rollBackListeners.add(listener)
  }

  private onDurable(batches: readonly StagedBatch[]): void {
    for (const staged of batches) {
      staged.log.advance(staged.batch)
      this.remember(staged)
    }
    for (const { log } of batches) {
      log.wake()
      this.writeBehind.consider(log, this.tails.unwrittenBytes(log))
    }
    this.tails.trim()
  }

  private remember(staged: StagedBatch): void {
    if (!this.isCurrent(staged.log)) return
    this.checkpoints.touch(staged.log)
    this.tails.add(staged)
  }

  /** Not one whose topic was deleted. */
  private isCurrent(log: PartitionLog): boolean {
    return this.current.has(log)
  }

  private onRolledBack(error: MillraceError): void {
    for (const log of this.partitions.values()) if (log.endOffset > log.highWatermark) log.rollBack()
    for (const listener of this.rollBackListeners) listener(error)
  }

  /** Before a frame is written: turns to the other journal file when this one is full, once that one is free. */
  private async makeRoom(sizeBytes: number): Promise<void> {
    if (this.journal.fits(sizeBytes)) return
    await this.completeJournal()
    this.assertAllOpen()
    if (!this.journal.turn()) {
      await this.checkpoints.write()
      if (!this.journal.turn()) await this.turnAfterCheckpoint()
    }
    void this.checkpoints.write().catch(() => {
      // The next frame that finds no room reports it.
    })
  }

  /** The second journal file is made in the background; one that failed (a full disk) is tried again. */
  private completeJournal(): Promise<void> {
    this.completing ??= this.journal.complete().finally(() => {
      this.completing = null
    })
    return this.completing
  }

  private completing: Promise<void> | null = null

  /** A checkpoint that was under way may have begun in the other file: only one that begins now covers that file for certain. */
  private async turnAfterCheckpoint(): Promise<void> {
    await this.checkpoint()
    if (!this.journal.turn()) throw noRoom(this.folder)
  }

  /** Resolves when a checkpoint is durable that covers everything acknowledged so far. */
  async checkpoint(): Promise<void> {
    this.assertAllOpen()
    await this.checkpoints.writeAfterNow()
  }

  private assertAllOpen(): void {
    assert(this.replayed.size === 0, 'a checkpoint would release the journal of a partition that nobody has opened')
  }

  /** Under durability 'os': makes everything acknowledged so far durable. Otherwise it is so already. */
  async sync(): Promise<void> {
    await this.rounds.sync()
  }

  /** Copies the directory as it is now to another place, while it is in use. One at a time; see `backUp`. */
  backUp(to: string): Promise<BackUpReport> {
    this.assertOpen()
    const { world, folder, epoch, checkpoints } = this
    const geometry = this.journal.shape
    const isCancelled = (): boolean => this.closing !== null
    const result = this.backingUp.then(() => {
      this.assertOpen()
      this.assertAllOpen()
      return backUp({ world, folder, epoch, geometry, checkpoints, isCancelled }, to)
    })
    this.backingUp = result.catch(() => {
      // Whoever asked for it hears of it.
    })
    return result
  }

  private backingUp: Promise<unknown> = Promise.resolve()

  /**
   * Waits for what was submitted, writes everything to the segments and leaves an empty journal. When that fails, everything
   * acknowledged stands in the journal, and the next open finds it. @throws DISK_FULL, CLOSE_FAILED, PARTITION_FENCED
   */
  close(): Promise<void> {
    this.closing ??= this.closeOnce()
    return this.closing
  }

  private async closeOnce(): Promise<void> {
    try {
      await this.backingUp
      await this.rounds.idle()
      await this.completing?.catch(() => {
        // Without the second file the directory is whole all the same.
      })
      if (this.rounds.failed === null) await this.closeCleanly()
    } catch (cause) {
      throw closeError(cause, this.folder)
    } finally {
      await this.letGo()
    }
  }

  /** Lets go of the directory and leaves it as it was found, for an open that cannot be finished. */
  async abandon(): Promise<void> {
    this.closing ??= this.rounds
      .idle()
      .then(() => this.completing)
      .then(
        () => this.letGo(),
        () => this.letGo(),
      )
    await this.closing
  }

  private async letGo(): Promise<void> {
    this.writeBehind.stop()
    await this.writeBehind.run(async () => {
      for (const log of this.partitions.values()) {
        log.condemn(this.closedError())
        attempt(() => log.folder.close())
      }
    })
    attempt(() => this.journal.close())
    attempt(() => this.lock.release())
  }

  private async closeCleanly(): Promise<void> {
    this.checkpoints.markTouched()
    const { sequence, clean } = this.openedAt
    if (clean && this.checkpoints.isClean && this.journal.nextSequence === sequence) return
    this.assertAllOpen()
    await this.checkpoints.writeFinal()
    await writeKafkaCheckpoints(this.world.disk, this.folder, this.checkpoints.partitions)
  }

  /** @throws CLOSED */
  assertOpen(): void {
    if (this.closing !== null) throw this.closedError()
  }

  private closedError(): MillraceError {
    return coreError('CLOSED', { what: 'the log is closed', where: this.folder })
  }
}

function hasFailed(log: PartitionLog): boolean {
  return log.failed !== null
}

function frameBytes(entries: readonly AppendEntry[]): number {
  let sizeBytes = frameHeaderBytes
  for (const { batch } of entries) sizeBytes += entryHeaderBytes + batch.length
  return sizeBytes
}

function closeError(cause: unknown, folder: string): unknown {
  if (!(cause instanceof DiskError)) return cause
  const code = cause.code === 'ENOSPC' ? 'DISK_FULL' : 'CLOSE_FAILED'
  return coreError(code, { what: 'the log could not be closed cleanly', where: `${folder}: ${cause.message}`, cause })
}
