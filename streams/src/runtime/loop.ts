import type { Clock } from '@millrace/core'
import type { Instance } from './instance.ts'
import type { PauseGate } from './pause-gate.ts'
import type { Task } from './task.ts'

/**
 * The loop of an instance: fill the queues, process events, commit, again.
 *
 * Invariants
 *   O1  Nothing is awaited between two records, unless a processor asks for a scan: then between two records of its task. A turn lasts
 *       at most `turnMs`, so that timers and sockets live.
 *   O2  A commit takes every task that did something since the last one.
 *   O3  What leaves by an exception leaves the open step behind: the instance is abandoned.
 *   O4  What the group wants is done between two turns, with nothing open: others wait for it.
 *   O5  A step is committed before it grows over its limits, also while windows close.
 */
export interface LoopOptions {
  readonly clock: Clock
  readonly commitIntervalMs: number
  readonly bounded: boolean
  readonly gate: PauseGate
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
  /** Something waits that the last turn did not reach. */
  private isBusy = false
  /** The tasks take turns, also over the turns of the loop. */
  private nextTask = 0
  private commitMs = 0
  private followedAt = -Infinity
  private failure: { readonly error: unknown } | null = null

  constructor(instance: Instance, options: LoopOptions) {
    this.instance = instance
    this.options = options
    this.clock = options.clock
  }

  stop(): void {
    this.stopping = true
    this.instance.feed.wake()
    this.options.gate.wake()
  }

  /** Runs until `stop`, or until a bounded application has ended. Everything is committed then. */
  async run(): Promise<'ended' | 'stopped'> {
    for (;;) {
      if (this.options.bounded && this.instance.ends.allReached) {
        for (const task of this.instance.tasks) task.lookForFaults()
        return 'ended'
      }
      if (this.stopping) {
        await this.commit()
        return 'stopped'
      }
      if (this.options.gate.isPaused) {
        await this.rest()
        continue
      }
      await this.fill()
      await this.rebalance()
      await this.follow()
      await this.workAndScan()
      if (this.isCommitDue()) await this.commit()
      if (this.mayEndRings) await this.instance.ends.settle()
      await this.writeEngines()
      await this.clock.turn()
    }
  }

  /** Paused: what is open is committed, global tables are followed, and nothing else. */
  private async rest(): Promise<void> {
    await this.commit()
    const { gate } = this.options
    gate.rested()
    if (!this.instance.mustRebalance) await this.instance.feed.rest()
    await this.rebalance()
    for (const task of this.instance.tasks) task.rest()
    await this.follow()
    await this.writeEngines()
    await gate.wait(idlePollMs)
  }

  private async rebalance(): Promise<void> {
    if (!this.instance.mustRebalance) return
    await this.commit()
    await this.instance.rebalance()
  }

  /** Waits for input, or for a call to the outside. A poll that such a call has overtaken may wait longer than we do. */
  private async fill(): Promise<void> {
    const { feed, mustRebalance, meter } = this.instance
    const waitMs = mustRebalance ? 0 : this.waitMs() // a poll that brings news of the group waits for us
    const [beganMs, received] = [this.clock.monotonic(), feed.received]
    const timer = feed.isPolling && waitMs > 0 ? this.clock.after(waitMs, () => feed.nudge()) : null
    await feed.fill(waitMs)
    timer?.cancel()
    meter.polled(this.clock.monotonic() - beganMs, feed.received - received)
  }

  /** How long to wait for input. */
  private waitMs(): number {
    if (this.isBusy || this.instance.tasks.some((task) => task.isReady)) return 0
    return Math.min(this.isDirty || this.mayEndRings ? lingerMs : idlePollMs, this.untilClockTickMs(), this.untilWaitEndsMs())
  }

  private get mayEndRings(): boolean {
    return this.options.bounded && !this.isBusy && !this.isDirty && this.instance.ends.hasOpenRings
  }

  /** Infinity: nobody waits for the wall clock. */
  private untilClockTickMs(): number {
    let tick = Infinity
    for (const task of this.instance.tasks) tick = Math.min(tick, task.nextClockTick)
    return tick === Infinity ? Infinity : Math.max(0, tick - this.clock.now())
  }

  /** Infinity: no task waits for an empty input. */
  private untilWaitEndsMs(): number {
    const end = Math.min(...this.instance.tasks.map((task) => task.waitsUntil))
    return Math.max(0, end - this.clock.monotonic())
  }

  private get isDirty(): boolean {
    return this.stepEvents > 0
  }

  private get stepEvents(): number {
    let events = 0
    for (const task of this.instance.tasks) events += task.stepEvents
    return events
  }

  private async workAndScan(): Promise<void> {
    const deadline = this.clock.monotonic() + turnMs
    do this.work(deadline)
    while ((await this.scan()) && this.clock.monotonic() < deadline)
  }

  /** Processes until nothing waits, the turn is over, enough waits for the commit, or a scan was asked for. */
  private work(deadline: number): void {
    const { tasks } = this.instance
    let now = this.clock.monotonic()
    let idle = 0
    while (idle < tasks.length && !this.isFull) {
      const task = tasks[this.nextTask++ % tasks.length]!
      idle = this.processSlice(task) ? 0 : idle + 1
      const beganMs = now
      now = this.clock.monotonic()
      task.meter.sliced(now - beganMs)
      if (task.isScanning || now >= deadline) break
    }
    this.instance.meter.turned(now)
    this.isBusy = idle < tasks.length
  }

  /** Reads what processors have asked for. False: nothing. */
  private async scan(): Promise<boolean> {
    const scanning = this.instance.tasks.filter((task) => task.isScanning)
    for (const task of scanning) await task.scan(() => this.clock.turn())
    if (scanning.length > 0) this.isBusy = true
    return scanning.length > 0
  }

  /** Returns whether something may wait still. */
  private processSlice(task: Task): boolean {
    const { bytesPerChange, maxBytes, maxEvents } = this.instance.limits
    const events = Math.min(sliceEvents, maxEvents - this.stepEvents)
    const room = maxBytes - this.uncommittedBytes
    if (events <= 0 || room <= 0) return true
    return task.process({ events, bytes: task.uncommittedBytes(bytesPerChange) + room, bytesPerChange })
  }

  private get uncommittedBytes(): number {
    const { bytesPerChange } = this.instance.limits
    let bytes = 0
    for (const task of this.instance.tasks) bytes += task.uncommittedBytes(bytesPerChange)
    return bytes
  }

  private get isFull(): boolean {
    const { maxBytes, maxEvents } = this.instance.limits
    return this.uncommittedBytes >= maxBytes || this.stepEvents >= maxEvents || this.instance.tasks.some((task) => task.holdsBack)
  }

  private isCommitDue(): boolean {
    if (!this.isDirty) return false
    const { ageMs } = this.instance.committer
    if (ageMs >= this.options.commitIntervalMs || this.isFull) return true
    if (this.instance.tasks.some((task) => task.wantsCommit)) return true
    return !this.isBusy && ageMs >= Math.max(lingerMs, this.commitMs)
  }

  private async commit(): Promise<void> {
    await this.scan()
    const dirty = this.instance.tasks.filter((task) => task.stepEvents > 0)
    if (dirty.length === 0) return
    for (const task of dirty) await task.settle(() => this.clock.turn())
    const began = this.clock.monotonic()
    await this.instance.committer.commit(dirty)
    this.options.onCommit()
    this.commitMs = this.clock.monotonic() - began
    this.instance.meter.commit.record(this.commitMs)
    if (this.options.bounded && dirty.some((task) => task.hasEnded)) await this.instance.ends.update()
  }

  private async follow(): Promise<void> {
    const now = this.clock.monotonic()
    if (now - this.followedAt < followEveryMs) return
    if (this.options.bounded) await this.instance.ends.look()
    const isBehind = await this.instance.follow()
    this.followedAt = isBehind ? -Infinity : now
  }

  /** Writes committed layers to the engines, between turns; waits only for one that has fallen behind. */
  private async writeEngines(): Promise<void> {
    if (this.failure !== null) throw this.failure.error
    const now = this.clock.monotonic()
    for (const { state } of [...this.instance.tasks, ...this.instance.copies]) {
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
