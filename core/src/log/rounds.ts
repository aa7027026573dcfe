import { assert } from '../base/assert.ts'
import { coreError } from '../base/error-catalogue.ts'
import { DiskError } from '../base/disk.ts'
import { MillraceError } from '../base/errors.ts'
import type { Journal } from '../storage/journal.ts'
import { entryHeaderBytes, frameHeaderBytes, putEntry, sealFrame } from '../storage/journal-frame.ts'
import type { Durability } from './log-options.ts'
import type { PartitionLog } from './partition-log.ts'
import type { RoundMetrics } from './round-metrics.ts'
import type { TailBatch } from './tail.ts'

/**
 * The rounds of the journal: take everything that waits, write one frame, sync once, let readers see it, answer.
 *
 * Invariants
 *   O1  One round is in flight; the next gathers meanwhile (group commit).
 *   O2  What was submitted together stands in one frame: a crash leaves all of it or nothing.
 *   O3  Answers leave in the order of submission, after everything before them is durable.
 *   O4  After an error of the journal nothing is written any more: whether the frame is on the disk is unknown, and a sync that
 *       failed is never retried as success. Only a write that found no room is harmless: its frame is not whole, the next one
 *       is written over it. Where no room can be made the journal has not been touched.
 */
export interface StagedBatch {
  readonly log: PartitionLog
  readonly batch: TailBatch
}

interface Submission {
  readonly batches: readonly StagedBatch[]
  readonly sizeBytes: number
  readonly submittedAt: number
  readonly acknowledge: () => void
  readonly refuse: (error: MillraceError) => void
}

type RoundState = { readonly kind: 'open' } | { readonly kind: 'failed'; readonly error: MillraceError }

/** What the directory does around a round. */
export interface RoundHooks {
  /** Makes room in the journal for a frame. @throws DISK_FULL, PARTITION_FENCED and others when no checkpoint can free a file */
  makeRoom(sizeBytes: number): Promise<void>
  /** The batches are durable, in this order. */
  durable(batches: readonly StagedBatch[]): void
  /** A round was refused: what was staged on these partitions is forgotten. */
  rolledBack(error: MillraceError): void
}

export class Rounds {
  private readonly journal: Journal
  private readonly salt: number
  private readonly epoch: number
  private readonly durability: Durability
  private readonly roundBytes: number
  private readonly hooks: RoundHooks
  private readonly metrics: RoundMetrics
  private readonly gatherers = new Set<() => void>()
  private queue: Submission[] = []
  private frame: Buffer = Buffer.alloc(0)
  private synced: number
  private running: Promise<void> | null = null
  private state: RoundState = { kind: 'open' }

  constructor(options: {
    readonly journal: Journal
    readonly salt: number
    readonly epoch: number
    readonly durability: Durability
    readonly roundBytes: number
    readonly hooks: RoundHooks
    readonly metrics: RoundMetrics
  }) {
    this.journal = options.journal
    this.salt = options.salt
    this.epoch = options.epoch
    this.durability = options.durability
    this.roundBytes = options.roundBytes
    this.firstSequence = options.journal.nextSequence
    this.synced = this.firstSequence - 1
    this.hooks = options.hooks
    this.metrics = options.metrics
  }

  /** The first frame after an open is always synced: its presence tells the next open that this one did not end cleanly. */
  private readonly firstSequence: number

  get failed(): MillraceError | null {
    return this.state.kind === 'failed' ? this.state.error : null
  }

  /** Submissions that no round has taken. */
  get waiting(): number {
    return this.queue.length
  }

  /** Queues staged batches for one frame. An empty submission is answered after everything before it. */
  submit(batches: readonly StagedBatch[]): Promise<void> {
    if (this.state.kind === 'failed') return Promise.reject(this.state.error)
    let sizeBytes = 0
    for (const { batch } of batches) sizeBytes += batch.bytes.length + entryHeaderBytes
    const submittedAt = this.metrics.start()
    return new Promise((acknowledge, refuse) => {
      this.queue.push({ batches, sizeBytes, submittedAt, acknowledge, refuse })
      this.start()
    })
  }

  /** Asks to be called, once, before the next round gathers: producers close their open batches then. */
  gatherBefore(gather: () => void): void {
    this.gatherers.add(gather)
    this.start()
  }

  private start(): void {
    this.running ??= this.run()
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.running !== null) await this.running
  }

  private async run(): Promise<void> {
    try {
      await Promise.resolve() // what the caller submits in the same turn belongs to the same round
      for (;;) {
        this.gather()
        if (this.queue.length === 0) return
        const round = this.take()
        const error = await this.write(round)
        if (error === null) this.acknowledge(round)
        else this.refuse(round, error)
      }
    } finally {
      // In the same turn in which nothing waited: what is submitted a moment later would find a runner that has left.
      this.running = null
    }
  }

  private gather(): void {
    if (this.gatherers.size === 0) return
    const gatherers = [...this.gatherers]
    this.gatherers.clear()
    for (const gather of gatherers) gather()
  }

  private take(): Submission[] {
    let bytes = 0
    let count = 0
    while (count < this.queue.length && (count === 0 || bytes + this.queue[count]!.sizeBytes <= this.roundBytes)) {
      bytes += this.queue[count++]!.sizeBytes
    }
    const round = this.queue.slice(0, count)
    this.queue = this.queue.slice(count)
    return round
  }

  private async write(round: readonly Submission[]): Promise<MillraceError | null> {
    const sizeBytes = round.reduce((sum, submission) => sum + submission.sizeBytes, 0)
    if (sizeBytes === 0) return null
    return (await this.makeRoom(frameHeaderBytes + sizeBytes)) ?? this.writeFrame(round, frameHeaderBytes + sizeBytes)
  }

  /** Why there is no room; the journal has not been touched. */
  private async makeRoom(sizeBytes: number): Promise<MillraceError | null> {
    try {
      await this.hooks.makeRoom(sizeBytes)
      return this.failed
    } catch (cause) {
      if (cause instanceof MillraceError && cause.fault !== 'bug') return cause
      return isDiskFull(cause) ? diskFull(cause) : this.fail(cause)
    }
  }

  private async writeFrame(round: readonly Submission[], sizeBytes: number): Promise<MillraceError | null> {
    const sequence = this.journal.nextSequence
    const sync = this.durability === 'sync' || sequence === this.firstSequence
    try {
      const frame = this.seal(round, sizeBytes)
      const startedAt = this.metrics.start()
      await this.journal.append(frame, sync)
      this.metrics.flushed(startedAt, sizeBytes)
      if (sync) this.synced = sequence
      return null
    } catch (cause) {
      return isDiskFull(cause) && cause.operation !== 'dataSync' ? diskFull(cause) : this.fail(cause)
    }
  }

  private seal(round: readonly Submission[], sizeBytes: number): Uint8Array {
    if (this.frame.length < sizeBytes) this.frame = Buffer.allocUnsafeSlow(Math.max(sizeBytes, this.frame.length * 2, 64 * 1024))
    let at = frameHeaderBytes
    let entries = 0
    for (const { batches } of round) {
      for (const { log, batch } of batches) {
        at = putEntry(this.frame, at, log.topicIdBytes, log.partition, batch.bytes)
        entries++
      }
    }
    assert(at === sizeBytes, 'the size of a frame differs from its entries')
    sealFrame(this.frame, this.salt, {
      sizeBytes,
      epoch: this.epoch,
      sequence: this.journal.nextSequence,
      durableSequence: this.synced,
      entries,
    })
    return this.frame.subarray(0, sizeBytes)
  }

  private fail(cause: unknown): MillraceError {
    const where = cause instanceof DiskError ? { where: cause.path } : {}
    const error = coreError('JOURNAL_FAILED', { what: 'the journal could not be written and synced', ...where, cause })
    this.state = { kind: 'failed', error }
    return error
  }

  private acknowledge(round: readonly Submission[]): void {
    for (const { batches } of round) this.hooks.durable(batches)
    for (const { batches, submittedAt, acknowledge } of round) {
      for (const { batch } of batches) this.metrics.durable(batch)
      if (batches.length > 0) this.metrics.acknowledged(submittedAt)
      acknowledge()
    }
  }

  /** Everything queued was staged behind the round that failed, so all of it goes. */
  private refuse(round: readonly Submission[], error: MillraceError): void {
    const all = [...round, ...this.queue]
    this.queue = []
    this.hooks.rolledBack(error)
    for (const { batches, refuse } of all) {
      if (batches.length > 0) this.metrics.refused()
      refuse(error)
    }
  }

  /** Under durability 'os': makes everything written so far durable. @throws JOURNAL_FAILED, from then on for ever (O4) */
  async sync(): Promise<void> {
    const through = this.journal.nextSequence - 1
    if (this.synced >= through) return
    if (this.state.kind === 'failed') throw this.state.error
    try {
      await this.journal.sync()
    } catch (cause) {
      throw this.fail(cause)
    }
    this.synced = Math.max(this.synced, through)
  }
}

function isDiskFull(cause: unknown): cause is DiskError {
  return cause instanceof DiskError && cause.code === 'ENOSPC'
}

function diskFull(cause: DiskError): MillraceError {
  return coreError('DISK_FULL', { what: 'the journal cannot be written', where: cause.path, cause })
}
