import type { Clock } from '@millrace/core'
import type { Instance } from './instance.ts'
import type { Task } from './task.ts'

/**
 * The loop of an instance: fill the queues, process events, commit, again.
 *
 * Invariants
 *   O1  Nothing is awaited between two records; a turn lasts at most `turnMs`, so that timers and sockets live.
 *   O2  A commit takes every task that did something since the last one.
 *   O3  What leaves by an exception leaves the open step behind: the instance is abandoned.
 */
export interface LoopOptions {
  readonly clock: Clock
  readonly commitIntervalMs: number
  readonly maxUncommittedBytes: number
  readonly bounded: boolean
  /** Hears of every commit. */
  readonly onCommit: () => void
}

const turnMs = 10
/** Events of one task before the next has its turn. */
const sliceEvents = 128
/** A step whose queues are empty waits this long for more. */
const lingerMs = 5
const idlePollMs = 200
const followEveryMs = 50

export class Loop {
  private readonly instance: Instance
  private readonly options: LoopOptions
  private readonly clock: Clock
  private stopping = false
  private commitMs = 0
  private followedAt = 0
  private failure: { readonly error: unknown } | null = null

  constructor(instance: Instance, options: LoopOptions) {
    this.instance = instance
    this.options = options
    this.clock = options.clock
  }

  stop(): void {
    this.stopping = true
  }

  /** Runs until `stop`, or until a bounded application has ended. Everything is committed then. */
  async run(): Promise<'ended' | 'stopped'> {
    for (;;) {
      if (this.options.bounded && this.instance.ends.allReached) return 'ended'
      if (this.stopping) {
        await this.commitDirty()
        return 'stopped'
      }
      await this.instance.feed.fill(this.waitMs())
      await this.follow()
      const busy = this.work()
      if (this.isCommitDue(busy)) await this.commitDirty()
      await this.writeEngines()
      await this.clock.turn()
    }
  }

  private waitMs(): number {
    if (this.isWaiting) return 0
    return this.isDirty ? lingerMs : idlePollMs
  }

  /** Records wait that the last turn did not reach. */
  private isWaiting = false

  private get isDirty(): boolean {
    return this.instance.tasks.some((task) => task.isDirty)
  }

  /** Processes until nothing waits, the turn is over, or enough waits for the commit. Returns whether something waits still. */
  private work(): boolean {
    const deadline = this.clock.monotonic() + turnMs
    let busy = true
    while (busy && !this.isFull()) {
      busy = false
      for (const task of this.instance.tasks) if (task.process(sliceEvents) === sliceEvents) busy = true
      if (this.clock.monotonic() >= deadline) break
    }
    this.isWaiting = busy
    return busy
  }

  private isFull(): boolean {
    const { bytesPerChange } = this.instance.committer
    let bytes = 0
    for (const task of this.instance.tasks) bytes += task.uncommittedBytes(bytesPerChange)
    return bytes >= this.options.maxUncommittedBytes
  }

  private isCommitDue(busy: boolean): boolean {
    if (!this.isDirty) return false
    const { ageMs } = this.instance.committer
    if (ageMs >= this.options.commitIntervalMs || this.isFull()) return true
    return !busy && ageMs >= Math.max(lingerMs, this.commitMs)
  }

  private async commitDirty(): Promise<void> {
    const dirty = this.instance.tasks.filter((task) => task.isDirty)
    if (dirty.length === 0) return
    const began = this.clock.monotonic()
    await this.instance.committer.commit(dirty)
    this.options.onCommit()
    this.commitMs = this.clock.monotonic() - began
    if (this.options.bounded && dirty.some((task) => task.hasEnded)) await this.instance.ends.update()
  }

  private async follow(): Promise<void> {
    const now = this.clock.monotonic()
    if (this.options.bounded || now - this.followedAt < followEveryMs) return
    this.followedAt = now
    await this.instance.globals.follow()
  }

  /** Writes committed layers to the engines, between turns; waits only for one that has fallen behind. */
  private async writeEngines(): Promise<void> {
    if (this.failure !== null) throw this.failure.error
    const now = this.clock.monotonic()
    for (const { state } of this.instance.tasks) {
      if (state.flushDue(now)) this.flushBehind(state)
      if (state.congested) await state.flush()
    }
  }

  private flushBehind(state: Task['state']): void {
    state.flush().catch((error: unknown) => {
      this.failure ??= { error }
    })
  }
}
