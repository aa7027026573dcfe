import { MillraceError, type CommittedPosition, type OutgoingBatch, type TransactionResult } from '@millrace/core'
import type { TaskSpec } from '../plan/plan.ts'
import { emptyMark, type StoreMark } from '../state/state-marks.ts'
import type { TaskState } from '../state/task-state.ts'
import type { PassedTime } from '../task/stream-time.ts'
import { streamError } from '../time/stream-errors.ts'
import { explain, located, placeIn } from './explain.ts'
import type { InputQueue } from './input-queue.ts'
import { encodeMetadata } from './offset-metadata.ts'
import { readScans } from './read-scans.ts'
import { RecordReader } from './record-reader.ts'
import { letHeldGo, lookForFaults } from './step-end.ts'
import type { TaskMeter } from './task-meter.ts'
import type { TaskParts } from './task-parts.ts'

/** What a task gives to a commit. */
export interface TaskStep {
  readonly batches: readonly OutgoingBatch[]
  readonly positions: readonly CommittedPosition[]
  /** The commit is decided: `result.appended` from `first` on are this task's. */
  committed(result: TransactionResult, first: number, time: number): void
}

/** How far one call of `process` may go. */
export interface Slice {
  readonly events: number
  /** What the step of this task may grow to. */
  readonly bytes: number
  readonly bytesPerChange: number
}

type Progress = 'running' | 'closing' | 'ending' | 'ended'

/** Rows of closed windows emitted in one go. */
const closeLimit = 32

/**
 * One task: its inputs, its topology, its state, and the step that is open.
 *
 * Invariants
 *   K1  Positions, stream times, outputs, changes and drop counts of a step are taken together, between two events of the loop.
 *   K2  A step that failed is never committed in part: the task is closed and opened again.
 *   K3  A task has ended when every input has, every closed window is emitted, and all of it is committed.
 *   K4  While an operator holds as many calls as it may, nothing happens but their completions; the end of the input reaches an
 *       operator once all calls that were made before it have ended.
 *   K5  What an event asks to scan is scanned before the next event, and before a commit.
 */
export class Task {
  readonly id: string
  readonly state: TaskState
  readonly inputs: readonly InputQueue[]
  readonly spec: TaskSpec
  readonly meter: TaskMeter
  private readonly parts: TaskParts
  private readonly reader: RecordReader
  private progress: Progress
  private committedPositions = new Map<InputQueue, number>()
  /** As the log has them, for queries. */
  private durablePositions = new Map<InputQueue, number>()
  private durableTimes: ReadonlyMap<string, PassedTime>
  private events = 0
  /** Of them those that no record caused. */
  private otherEvents = 0
  /** What comes next waits for a commit: it failed before, or what came before it did (T3 of retries.ts). */
  private isHeld = false

  constructor(parts: TaskParts) {
    this.id = parts.spec.id
    this.spec = parts.spec
    this.meter = parts.meter
    this.parts = parts
    this.state = parts.state
    this.inputs = parts.inputs
    this.reader = new RecordReader(parts.subTopology.sources, parts.context)
    this.progress = parts.ended ? 'ended' : 'running'
    for (const input of parts.inputs) this.committedPositions.set(input, input.position)
    this.durablePositions = new Map(this.committedPositions)
    this.durableTimes = parts.times.passed()
  }

  get hasEnded(): boolean {
    return this.progress === 'ended'
  }

  /** Where its inputs are committed: its stores show as much. */
  get committed(): readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] {
    return Array.from(this.durablePositions, ([{ topic, partition }, offset]) => ({ topic, partition, offset }))
  }

  /** The stream time of a store's operator as it is committed: its rows are as old. Undefined: it keeps none. */
  committedTime(store: string): PassedTime | undefined {
    return this.durableTimes.get(store)
  }

  private durableAt({ topic, partition }: { readonly topic: string; readonly partition: number }): number {
    return this.committed.find((at) => at.topic === topic && at.partition === partition)?.offset ?? 0
  }

  /** Events since the last commit: records, emitted rows of windows, the end. */
  get stepEvents(): number {
    return this.events
  }

  /** Bytes of outputs and changes that wait for the commit, the latter estimated by their number. */
  uncommittedBytes(bytesPerChange: number): number {
    return this.parts.outputs.sizeBytes + this.state.openChanges * bytesPerChange
  }

  /** It goes on only after a commit. */
  get holdsBack(): boolean {
    return this.isHeld
  }

  /** A processor asked for a commit in the open step. */
  get wantsCommit(): boolean {
    return this.parts.context.wantsCommit
  }

  /** When the wall clock makes a punctuation due that may fire; Infinity: never. */
  get nextClockTick(): number {
    const { completions, punctuators } = this.parts.context
    return this.progress === 'ended' || this.progress === 'ending' || completions.isFull ? Infinity : punctuators.nextClockTick
  }

  /** When the wait for an empty input ends, by the monotonic clock; Infinity: none is on. */
  get waitsUntil(): number {
    return this.parts.choice.waitsUntil
  }

  /** Calls back when a call to the outside has ended. */
  onArrival(wake: () => void): void {
    this.parts.context.completions.onArrival = wake
  }

  /** An event waits that needs no more input: a call that has ended, a closed window, a punctuation, the end. */
  get isReady(): boolean {
    if (this.progress === 'ended' || this.progress === 'ending') return false
    const { closers, punctuators, completions } = this.parts.context
    if (completions.hasArrived) return true
    if (completions.isFull) return false
    if (closers.hasDue || punctuators.hasDue) return true
    return this.progress === 'closing' ? completions.pending === 0 : this.inputs.every((input) => input.hasEnded)
  }

  /** Nothing waits, and nothing is open: what it has done is committed. */
  get isIdle(): boolean {
    if (this.hasEnded) return true
    const { closers, completions } = this.parts.context
    return (
      this.events === 0 &&
      !this.isScanning &&
      !closers.hasDue &&
      completions.pending === 0 &&
      this.inputs.every((input) => input.peek() === undefined)
    )
  }

  /**
   * Tells the next operator behind at most so many loops that the inputs from outside of them have ended. Only for a task in a ring
   * of tasks, while all of them are idle. False: all have heard it.
   */
  endLoop(loops: number): boolean {
    if (this.progress !== 'running') return false
    this.parts.context.record.setEvent(this.spec.partition)
    const told = this.parts.context.closers.endNext(loops)
    if (told) this.events++
    return told
  }

  /** Handles events, and stops when none waits or the slice is used up. Returns whether something may wait still. */
  process({ events, bytes, bytesPerChange }: Slice): boolean {
    this.parts.context.punctuators.lookAtClock()
    this.lookAtIdleness()
    this.parts.meter.isSampling = true
    try {
      for (let left = events; left > 0;) {
        const handled = this.step(left)
        if (handled === 0) return this.isHeld
        left -= handled
        this.events += handled
        if (this.uncommittedBytes(bytesPerChange) >= bytes) return true
      }
      return true
    } catch (cause) {
      throw explain(cause, placeIn(this.parts.context))
    }
  }

  /** It has ended, and no event follows that would say what an operator does since then. @throws RX_ESCAPED_EMISSION, RX_ENDED */
  lookForFaults(): void {
    lookForFaults(this.parts.context)
  }

  /** A processor has asked for rows of a store: nothing else happens in the task, and no commit, until `scan` is through. */
  get isScanning(): boolean {
    return this.parts.context.scans.isWaiting
  }

  /** Reads what processors have asked for; `turn` lets others live. What a scan asks for is read as well. */
  scan(turn: () => Promise<void>): Promise<void> {
    return readScans(this.parts.context, this.state, turn)
  }

  /** The application is paused, or calls have not ended: that is no silence of its inputs. */
  rest(): void {
    this.parts.idle?.idleness.took()
  }

  /** Windows close as if stream time had gone on with the wall clock since the last record. */
  private lookAtIdleness(): void {
    const { idle, context } = this.parts
    if (idle === null) return
    if (context.completions.pending > 0) this.rest()
    const idleMs = idle.idleness.measure()
    if (idleMs >= idle.afterMs) context.closers.idle(idleMs)
  }

  /** One event, or at most `limit` rows of closed windows. Returns how many. */
  private step(limit: number): number {
    if (this.isHeld || this.progress === 'ended' || this.progress === 'ending') return 0
    const { closers, punctuators, completions, scans } = this.parts.context
    if (scans.isWaiting) return 0
    const { isFull } = completions
    if (!isFull && (closers.hasDue || punctuators.hasDue)) {
      if (this.mustWait('', -1, -1)) return 0
      return closers.hasDue ? this.closeWindows(scans.areUsed ? 1 : Math.min(limit, closeLimit)) : this.punctuate()
    }
    if (completions.hasArrived) return this.complete()
    if (isFull) return 0
    if (this.progress === 'closing') return completions.pending > 0 ? 0 : this.endNext()
    const input = this.parts.choice.next()
    if (input !== undefined) return this.mustWait(input.topic, input.partition, input.peek()!.offset) ? 0 : this.take(input)
    return this.inputs.every((one) => one.hasEnded) ? this.endInput() : 0
  }

  /** Whether this event waits for a commit. If it is one that failed before, the next one will. */
  private mustWait(topic: string, partition: number, offset: number): boolean {
    if (!this.parts.retries.hasFailed(this.id, topic, partition, offset)) return false
    this.isHeld = true
    return this.events > 0
  }

  private closeWindows(limit: number): number {
    const { context } = this.parts
    context.record.setEvent(this.spec.partition)
    context.faults.otherEvent()
    context.closers.closeDue(limit)
    this.otherEvents++
    return limit
  }

  private punctuate(): number {
    const { context, meter } = this.parts
    context.faults.otherEvent()
    meter.fire(context.punctuators)
    this.otherEvents++
    return 1
  }

  private complete(): number {
    const { context } = this.parts
    context.faults.completing()
    context.completions.handleNext()
    return 1
  }

  private endInput(): number {
    this.progress = 'closing'
    this.parts.context.record.setEvent(this.spec.partition)
    return 1
  }

  /** When everything that the end of the input closes is emitted, the next commit says that the task has ended. */
  private endNext(): number {
    if (!this.parts.context.closers.endNext()) this.progress = 'ending'
    return 1
  }

  private take(input: InputQueue): number {
    const raw = input.peek()!
    this.reader.set(input, raw)
    this.parts.context.faults.taking(input.topic, raw)
    this.parts.idle?.idleness.took()
    const rec = this.reader.read(input.topic, raw)
    const { meter } = this.parts
    meter.records++
    if (rec !== null) {
      this.parts.context.punctuators.advance(rec.timestamp)
      meter.took(rec.timestamp)
      const entry = this.parts.topology.source(input.topic)
      if (meter.isSampling) meter.sample(input.topic, entry, rec)
      else entry.next(rec)
    }
    input.take(raw)
    return 1
  }

  /** What goes on before a commit may be asked about in scans: they belong to the step as well. */
  async settle(turn: () => Promise<void>): Promise<void> {
    const { context } = this.parts
    while (context.scans.areUsed && letHeldGo(context)) await this.scan(turn)
  }

  /** Takes the open step for a commit; the next one begins. @throws VALUE_UNWRITABLE, RECORD_TOO_LARGE, and as `process` */
  freeze(): TaskStep {
    letHeldGo(this.parts.context)
    const { outputs, context, drops, state, retries, meter } = this.parts
    const batches = outputs.take()
    const changelogs = this.freezeState()
    const positions = this.positions()
    const durable = new Map(this.committedPositions)
    const times = this.parts.times.passed()
    const sourceMarks = this.sourceMarks()
    const ending = this.progress === 'ending'
    const hadOthers = this.otherEvents > 0
    this.events = 0
    this.otherEvents = 0
    this.isHeld = false
    context.wantsCommit = false
    return {
      batches: [...batches, ...changelogs.values()],
      positions,
      committed: (result, first, time) => {
        const marks = [...changelogs.keys()].map((store, index) => markOf(store, result, first + batches.length + index))
        state.commitSucceeded([...marks, ...sourceMarks], time)
        this.durablePositions = durable
        this.durableTimes = times
        meter.committed(context.drops)
        drops.absorb(context.drops)
        retries.committed(this.id, ({ offset, ...place }) => (offset < 0 ? hadOthers : offset < this.durableAt(place)))
        if (ending) this.progress = 'ended'
      },
    }
  }

  private freezeState(): ReadonlyMap<string, OutgoingBatch> {
    const changelogs = new Map<string, OutgoingBatch>()
    try {
      this.state.freeze((store) => {
        const batch = this.parts.producer.batch(this.changelogOf(store), this.spec.partition)
        changelogs.set(store, batch)
        return batch
      })
    } catch (cause) {
      const store = [...changelogs.keys()].at(-1)
      throw cause instanceof MillraceError && cause.outcome === 'fatal'
        ? located(cause, `store ${store}, task ${this.id}`)
        : cause
    }
    return changelogs
  }

  /** How far tables stand in their source topics, where those are their changelogs. */
  private sourceMarks(): StoreMark[] {
    return this.parts.subTopology.stores
      .filter(({ changelogKind }) => changelogKind === 'source')
      .flatMap(({ name, changelog }) => {
        const input = this.inputs.find(({ topic }) => topic === changelog)
        return input === undefined ? [] : [{ ...emptyMark(name), position: input.position }]
      })
  }

  private changelogOf(store: string): string {
    return this.parts.subTopology.stores.find(({ name }) => name === store)!.changelog
  }

  /** Where the inputs stand, with times and ends; inputs that nothing happened to are left out. */
  private positions(): CommittedPosition[] {
    return this.inputs.flatMap((input, index) => {
      const first = index === 0
      const { position } = input
      if (!first && this.committedPositions.get(input) === position) return []
      this.committedPositions.set(input, position)
      return [{ topic: input.topic, partition: input.partition, offset: position, metadata: this.metadata(input, first) }]
    })
  }

  private metadata(input: InputQueue, first: boolean): string {
    return encodeMetadata({
      ended: first && this.progress === 'ending',
      endOffset: input.limit === Infinity ? null : input.limit,
      times: first ? this.parts.times.snapshot() : [],
    })
  }

  /** Of a task that begins at the end of a topic: committed before it takes anything, so that a restart begins there too. */
  firstPositions(): CommittedPosition[] {
    return this.parts.beginsAtEnd ? this.initialPositions() : []
  }

  /** The whole position of a task that is new in a bounded application, so that its ends are fixed for good. */
  initialPositions(): CommittedPosition[] {
    return this.inputs.map((input, index) => ({
      topic: input.topic,
      partition: input.partition,
      offset: input.position,
      metadata: this.metadata(input, index === 0),
    }))
  }

  /** Writes the engine and closes. @throws STORE_WRITE_FAILED, STORE_CORRUPT: the next open restores what it lacks */
  async close(): Promise<void> {
    this.parts.meter.close()
    try {
      this.parts.topology.close()
    } finally {
      await this.state.close()
    }
    const { damage } = this.state
    if (damage !== null) throw streamError('STORE_CORRUPT', { what: damage, where: `task ${this.id}` })
  }

  /** Closes; what the engine does not have is replayed by the next open. */
  async abandon(): Promise<void> {
    this.parts.meter.close()
    try {
      this.parts.topology.close()
    } finally {
      await this.state.abandon()
    }
  }
}

/** The epoch of the log is not known to a producer: the producer's own identity tells one transaction from another. */
function markOf(store: string, result: TransactionResult, index: number): StoreMark {
  const { baseOffset, count } = result.appended[index]!
  const { producerId, producerEpoch } = result
  return { store, position: baseOffset + count, newestOffset: baseOffset + count - 1, producerId, producerEpoch, leaderEpoch: -1 }
}
