import { assert } from '../base/assert.ts'
import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import { DiskError, type DirectoryLock } from '../base/disk.ts'
import { partitionName, type TopicId } from '../base/ids.ts'
import type { World } from '../base/world.ts'
import { readCheckpoint, writeCheckpoint, type Checkpoint, type PartitionCheckpoint } from '../storage/checkpoint.ts'
import { createJournalFile, Journal, type JournalGeometry } from '../storage/journal.ts'
import type { JournalEntry } from '../storage/journal-frame.ts'
import { PartitionFolder, type PartitionFolderOptions } from '../storage/partition-folder.ts'
import { checkpointPartition, readProducers, removeOldSnapshots } from './checkpoint-partition.ts'
import { doorError, openDirectory } from './directory-door.ts'
import type { Durability, LogGeometry } from './log-options.ts'
import { PartitionLog } from './partition-log.ts'
import { ProducerStates } from './producer-states.ts'
import { replayJournal } from './recovery.ts'
import { Rounds, type StagedBatch } from './rounds.ts'
import { WriteBehind } from './write-behind.ts'

/**
 * One data directory: its lock, journal, partitions and checkpoints.
 *
 *   DIR/.lock  millrace-checkpoint  millrace-journal-{0,1}  <topic>-<partition>/…
 *
 * Invariants
 *   Y1  One process has it (the lock).
 *   Y2  State = newest checkpoint + journal. Opening reads nothing else, so it takes as long as the journal is, however
 *       large the log.
 *   Y3  All partitions stand, after any crash, at one consistent prefix of the journal.
 *   Y4  A batch leaves memory only when its segment has it.
 *   Y5  A journal file is written again only after a checkpoint that covers it is durable.
 */
export interface LogDirectoryOptions {
  readonly world: World
  readonly folder: string
  readonly durability: Durability
  readonly geometry: LogGeometry
}

/** A partition as the caller knows it. */
export interface PartitionSpec {
  readonly topic: string
  readonly partition: number
  readonly topicId: TopicId
  readonly folder: PartitionFolderOptions
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
}

export class LogDirectory {
  readonly world: World
  readonly folder: string
  readonly geometry: LogGeometry
  readonly epoch: number
  /** The largest frame, its header included: also bounded by the journal that the directory was made with. */
  readonly maxFrameBytes: number
  private readonly journalGeometry: JournalGeometry
  private readonly openedAt: { readonly sequence: number; readonly clean: boolean }
  private readonly lock: DirectoryLock
  private readonly salt: number
  private readonly journal: Journal
  private readonly rounds: Rounds
  private readonly writeBehind: WriteBehind
  private readonly partitions = new Map<string, PartitionLog>()
  /** Batches that the journal held for partitions nobody has opened yet. */
  private readonly replayed = new Map<string, Uint8Array[]>()
  private readonly rows: Map<string, PartitionCheckpoint>
  /** Written since the checkpoint that began last. */
  private dirty = new Set<PartitionLog>()
  /** Written since the directory was opened: their indexes want their last entry at a clean close. */
  private readonly touched = new Set<PartitionLog>()
  /** Everything in the tails, in the order of the journal; it is dropped from the front. */
  private tailOrder: StagedBatch[] = []
  private tailHead = 0
  private tailBytes = 0
  private checkpointing: Promise<void> | null = null
  private readonly rollBackListeners = new Set<(error: MillraceError) => void>()
  private closed = false

  private constructor(options: LogDirectoryOptions, lock: DirectoryLock, checkpoint: Checkpoint, recovered: Recovered) {
    this.world = options.world
    this.folder = options.folder
    this.geometry = options.geometry
    this.lock = lock
    this.salt = checkpoint.salt
    this.epoch = recovered.epoch
    this.replayed = recovered.batches
    this.rows = new Map(checkpoint.partitions.map((row) => [keyOf(row.topicId, row.partition), row]))
    this.journalGeometry = { fileBytes: checkpoint.journal.fileBytes, blockBytes: checkpoint.journal.blockBytes }
    this.maxFrameBytes = Math.min(options.geometry.maxFrameBytes, checkpoint.journal.fileBytes / 4)
    this.openedAt = { sequence: recovered.sequence, clean: !recovered.unclean }
    this.journal = new Journal(options.world.disk, options.folder, this.journalGeometry, recovered)
    if (checkpoint.journal.file === recovered.file) this.journal.release()
    this.rounds = new Rounds({
      journal: this.journal,
      salt: this.salt,
      epoch: this.epoch,
      durability: options.durability,
      roundBytes: options.geometry.roundBytes,
      nextSequence: recovered.sequence,
      hooks: {
        makeRoom: (sizeBytes) => this.makeRoom(sizeBytes),
        durable: (batches) => this.onDurable(batches),
        rolledBack: (error) => this.onRolledBack(error),
      },
    })
    this.writeBehind = new WriteBehind(options.world.clock, options.geometry.writeBehindBytes, (log) => {
      this.unwritten.set(log, tailBytesAfter(log))
      this.trimTail()
    })
  }

  /** Locks, recovers, and is ready to append. @throws DATA_DIRECTORY_*, NOT_A_DIRECTORY, JOURNAL_DAMAGED, CHECKPOINT_DAMAGED */
  static async open(options: LogDirectoryOptions): Promise<LogDirectory> {
    const { world, folder, geometry } = options
    const lock = openDirectory(world, folder)
    try {
      const checkpoint = readCheckpoint(world.disk, folder) ?? (await create(world, folder, geometry))
      const directory = new LogDirectory(options, lock, checkpoint, await recover(world, folder, checkpoint))
      directory.completeJournal().catch(() => {
        // Tried again when the first file is full, and reported then.
      })
      return directory
    } catch (cause) {
      lock.release()
      throw doorError(cause, folder)
    }
  }

  /** Why appends are refused until the directory is opened again; null while they are taken. */
  get failed(): MillraceError | null {
    return this.rounds.failed
  }

  /** The partitions that stand in the checkpoint or were found in the journal, by topic id. */
  *known(): Generator<{ readonly topicId: TopicId; readonly partition: number; readonly topic: string | undefined }> {
    for (const { topicId, partition, topic } of this.rows.values()) yield { topicId, partition, topic }
    for (const key of this.replayed.keys()) {
      if (this.rows.has(key)) continue
      const [topicId, partition] = key.split('/')
      yield { topicId: topicId!, partition: Number(partition), topic: undefined }
    }
  }

  /** Opens the partition with what the checkpoint and the journal hold of it; a second call gives the same one. */
  partition(spec: PartitionSpec): PartitionLog {
    const key = keyOf(spec.topicId, spec.partition)
    const open = this.partitions.get(key)
    if (open !== undefined) {
      open.folder.configure(spec.folder)
      return open
    }
    const log = this.openPartition(spec, this.rows.get(key))
    this.partitions.set(key, log)
    for (const bytes of this.replayed.get(key) ?? []) this.replay(log, bytes)
    this.replayed.delete(key)
    return log
  }

  private openPartition(spec: PartitionSpec, row: PartitionCheckpoint | undefined): PartitionLog {
    const path = `${this.folder}/${partitionName(spec)}`
    const { disk } = this.world
    if (row === undefined) {
      const folder = new PartitionFolder(disk, path, spec.topicId, spec.folder)
      return new PartitionLog(spec.topic, spec.partition, spec.topicId, folder, 0, new ProducerStates())
    }
    try {
      const folder = PartitionFolder.open(disk, path, spec.topicId, spec.folder, row.folder, row.recoveryOffset)
      const producers = readProducers(disk, path, row)
      return new PartitionLog(spec.topic, spec.partition, spec.topicId, folder, row.startOffset, producers)
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause
      return damagedPartition(spec, path, row, this.world, cause)
    }
  }

  private replay(log: PartitionLog, bytes: Uint8Array): void {
    if (log.failed !== null) return
    const batch = log.replay(bytes)
    if (batch === null) return
    this.remember({ log, batch })
  }

  /** Forgets a partition whose topic was deleted: its files are closed, and no checkpoint mentions it again. */
  async forget(topicId: TopicId, partition: number): Promise<void> {
    const key = keyOf(topicId, partition)
    const log = this.partitions.get(key)
    this.partitions.delete(key)
    this.replayed.delete(key)
    this.rows.delete(key)
    if (log === undefined) return
    log.condemn(coreError('UNKNOWN_TOPIC', { what: 'the topic was deleted', where: log.name }))
    this.dirty.delete(log)
    this.touched.delete(log)
    await this.writeBehind.run(async () => log.folder.close())
  }

  /**
   * Stages the batches and queues them for one frame: a crash leaves all of them or none.
   * @throws what PartitionLog.stage throws, when the first is refused; later ones must have been validated by the caller.
   */
  append(entries: readonly AppendEntry[]): Appended {
    this.assertOpen()
    const failed = this.rounds.failed ?? entries.find(({ log }) => log.failed !== null)?.log.failed
    if (failed) throw failed
    const baseOffsets: number[] = []
    const staged: StagedBatch[] = []
    for (const { log, batch } of entries) {
      const result = log.stage(batch, this.epoch)
      if (result.kind === 'staged') staged.push({ log, batch: result.batch })
      baseOffsets.push(result.kind === 'staged' ? result.batch.baseOffset : result.baseOffset)
    }
    return { baseOffsets, durable: this.rounds.submit(staged) }
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
      this.writeBehind.consider(log, this.unwrittenBytes(log))
    }
    this.trimTail()
  }

  private remember(staged: StagedBatch): void {
    this.dirty.add(staged.log)
    this.touched.add(staged.log)
    this.tailOrder.push(staged)
    this.tailBytes += staged.batch.bytes.length
    this.unwritten.set(staged.log, this.unwrittenBytes(staged.log) + staged.batch.bytes.length)
  }

  /** Bytes in each partition's tail that its segment lacks. */
  private readonly unwritten = new Map<PartitionLog, number>()

  private unwrittenBytes(log: PartitionLog): number {
    return this.unwritten.get(log) ?? 0
  }

  /** Drops the oldest batches that segments have, while the tails are over their bound. */
  private trimTail(): void {
    while (this.tailBytes > this.geometry.tailBytes && this.tailHead < this.tailOrder.length) {
      const { log, batch } = this.tailOrder[this.tailHead]!
      const forgotten = this.partitions.get(keyOf(log.topicId, log.partition)) !== log
      if (!forgotten && batch.nextOffset > log.folder.endOffset) break
      if (!forgotten) log.tail.shift()
      this.tailBytes -= batch.bytes.length
      this.tailHead++
    }
    if (this.tailHead < 4096 || this.tailHead * 2 < this.tailOrder.length) return
    this.tailOrder = this.tailOrder.slice(this.tailHead)
    this.tailHead = 0
  }

  private onRolledBack(error: MillraceError): void {
    for (const log of this.partitions.values()) if (log.endOffset > log.highWatermark) log.rollBack()
    for (const listener of this.rollBackListeners) listener(error)
  }

  /** Before a frame is written: turns to the other journal file when this one is full, once that one is free. */
  private async makeRoom(sizeBytes: number): Promise<void> {
    if (this.journal.fits(sizeBytes)) return
    await this.completeJournal()
    if (!this.journal.turn()) {
      await this.checkpoint()
      if (!this.journal.turn())
        throw coreError('DISK_FULL', {
          what: 'both journal files are full, and the segments cannot be written',
          where: this.folder,
        })
    }
    void this.checkpoint().catch(() => {
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

  /** Makes a checkpoint, after which the journal file that is not being written is free. One runs at a time. */
  checkpoint(): Promise<void> {
    this.checkpointing ??= this.writeCheckpoint(false).finally(() => {
      this.checkpointing = null
    })
    return this.checkpointing
  }

  private async writeCheckpoint(clean: boolean): Promise<void> {
    assert(this.replayed.size === 0, 'a checkpoint would release the journal of a partition that nobody has opened')
    // Everything before this point of the journal is covered, since every partition is taken at a later watermark.
    const start = { ...this.journal.position, sequence: this.rounds.nextSequence }
    const dirty = [...this.dirty]
    this.dirty = new Set()
    try {
      await this.rounds.sync()
      const before = new Map(this.rows)
      for (const log of dirty) await this.writeBehind.run(() => this.checkpointOne(log, clean))
      this.world.disk.syncFolder(this.folder)
      await this.saveCheckpoint(start, clean)
      this.journal.release()
      for (const log of dirty) removeOldSnapshots(this.world.disk, log.folder.path, before.get(keyOf(log.topicId, log.partition)))
    } catch (error) {
      for (const log of dirty) this.dirty.add(log)
      throw error
    }
  }

  private async checkpointOne(log: PartitionLog, clean: boolean): Promise<void> {
    const key = keyOf(log.topicId, log.partition)
    if (this.partitions.get(key) !== log) return
    if (log.failed !== null) throw log.failed
    const row = await checkpointPartition(this.world.disk, log, this.writeBehind, clean)
    if (row !== null) this.rows.set(key, row)
  }

  private async saveCheckpoint(
    start: { readonly file: number; readonly position: number; readonly sequence: number },
    clean: boolean,
  ): Promise<void> {
    await writeCheckpoint(this.world.disk, this.folder, {
      version: 1,
      salt: this.salt,
      epoch: this.epoch,
      clean,
      journal: { ...start, files: this.journal.fileCount, ...this.journalGeometry },
      partitions: [...this.rows.values()],
    })
  }

  /** Under durability 'os': makes everything acknowledged so far durable. Otherwise it is so already. */
  async sync(): Promise<void> {
    await this.rounds.sync()
  }

  /**
   * Waits for what was submitted, writes everything to the segments and leaves an empty journal. When that fails, everything
   * acknowledged stands in the journal, and the next open finds it. @throws DISK_FULL, CLOSE_FAILED, PARTITION_FENCED
   */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    try {
      await this.rounds.idle()
      await this.completing?.catch(() => {
        // Without the second file the directory is whole all the same.
      })
      if (this.rounds.failed === null) await this.closeCleanly()
    } catch (cause) {
      throw closeError(cause, this.folder)
    } finally {
      await this.releaseAll()
    }
  }

  private async releaseAll(): Promise<void> {
    this.writeBehind.stop()
    await this.writeBehind.run(async () => {
      for (const log of this.partitions.values()) attempt(() => log.folder.close())
    })
    attempt(() => this.journal.close())
    attempt(() => this.lock.release())
  }

  private async closeCleanly(): Promise<void> {
    await this.checkpointing?.catch(() => {
      // This close makes its own.
    })
    for (const log of this.touched) this.dirty.add(log)
    const { sequence, clean } = this.openedAt
    if (clean && this.dirty.size === 0 && this.rounds.nextSequence === sequence) return
    await this.writeCheckpoint(true)
  }

  private assertOpen(): void {
    if (this.closed) throw coreError('CLOSED', { what: 'the log is closed', where: this.folder })
  }
}

interface Recovered {
  readonly file: number
  readonly position: number
  readonly sequence: number
  readonly epoch: number
  readonly unclean: boolean
  readonly batches: Map<string, Uint8Array[]>
}

function keyOf(topicId: TopicId, partition: number): string {
  return `${topicId}/${partition}`
}

async function recover(world: World, folder: string, checkpoint: Checkpoint): Promise<Recovered> {
  const batches = new Map<string, Uint8Array[]>()
  const visit = ({ topicId, partition, batch }: JournalEntry): void => {
    const key = keyOf(topicId, partition)
    const list = batches.get(key)
    if (list === undefined) batches.set(key, [batch])
    else list.push(batch)
  }
  const end = await replayJournal(world.disk, folder, checkpoint, visit)
  return { ...end, epoch: end.epoch + (end.unclean ? 1 : 0), batches }
}

function tailBytesAfter(log: PartitionLog): number {
  return log.tail.slice(log.folder.endOffset, log.highWatermark).reduce((sum, batch) => sum + batch.bytes.length, 0)
}

function closeError(cause: unknown, folder: string): unknown {
  if (!(cause instanceof DiskError)) return cause
  const code = cause.code === 'ENOSPC' ? 'DISK_FULL' : 'CLOSE_FAILED'
  return coreError(code, { what: 'the log could not be closed cleanly', where: `${folder}: ${cause.message}`, cause })
}

/** Everything is let go, whatever one of them says. */
function attempt(release: () => void): void {
  try {
    release()
  } catch {
    // A handle that does not close loses nothing: what counts was synced.
  }
}

/** Makes an empty log. The checkpoint is written last: a crash before it leaves a directory that is made again. */
async function create(world: World, folder: string, geometry: LogGeometry): Promise<Checkpoint> {
  const { disk, random } = world
  await createJournalFile(disk, folder, 0, geometry.journal)
  const checkpoint: Checkpoint = {
    version: 1,
    salt: Buffer.from(random.bytes(4)).readUInt32BE(0),
    epoch: 0,
    clean: true,
    journal: { file: 0, position: 0, sequence: 1, files: 1, ...geometry.journal },
    partitions: [],
  }
  await writeCheckpoint(disk, folder, checkpoint)
  return checkpoint
}

/** A partition whose files contradict the checkpoint: it answers everything with why, and the others go on. */
function damagedPartition(
  spec: PartitionSpec,
  path: string,
  row: PartitionCheckpoint,
  { disk }: World,
  cause: Error,
): PartitionLog {
  const folder = new PartitionFolder(disk, path, spec.topicId, spec.folder, row.recoveryOffset)
  const log = new PartitionLog(spec.topic, spec.partition, spec.topicId, folder, row.startOffset, new ProducerStates())
  log.condemn(
    cause instanceof MillraceError
      ? cause
      : coreError('SEGMENT_DAMAGED', { what: 'the files of the partition cannot be opened', where: path, cause }),
  )
  return log
}
