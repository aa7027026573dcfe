/**
 * One total a session (KStreamSessionWindowAggregate; its final rows KIP-825).
 *
 *   row of the store    (key, stretch of time) → sessions that end in it: time = end, span = end - start
 *
 * Invariants
 *   S1  Two open sessions of a key are further apart than the gap, so a record joins at most two.
 *   S2  What is closed is not joined any more, whether it has left the store or not.
 *
 * Outputs have the end of their session as timestamp. Of what a record joins each session is taken back first (a change to null), then
 * comes the one that they became; so does Kafka, also where the bounds stay the same. Unlike Kafka, where a session that was emitted as
 * final can be joined, and its records counted once more, by one that is late by more than the grace: here that one begins its own (S2).
 * Kafka hands a null value to the aggregator here; it is dropped, as for other windows.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { RecordContext } from '../task/record-context.ts'
import type { WindowStore } from '../task/stores.ts'
import type { StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { stretchMs } from '../time/stretches.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import type { Totals } from './aggregate.ts'
import { DueTimes } from './due-times.ts'
import { StretchExpiry } from './stretch-expiry.ts'
import { TimeRows } from './time-rows.ts'
import type { SessionMerge, SessionNode, WindowRow } from './window-aggregate.ts'
import { WindowCloser, type OpenWindows } from './window-closer.ts'

export function sessionAggregate(node: SessionNode, context: TaskContext): OperatorFunction<Rec, WindowRow> {
  const totals = new SessionTotals(node, context)
  return emitter(
    (rec) => totals.take(rec),
    (out) => totals.emitTo(out),
  )
}

type Session = TimedValue<unknown>

interface RowAt {
  readonly key: unknown
  readonly session: Session
}

class SessionTotals implements OpenWindows<RowAt> {
  readonly #node: SessionNode
  readonly #context: TaskContext
  readonly #record: RecordContext
  readonly #rows: TimeRows<unknown, unknown>
  readonly #time: StreamTime
  readonly #closer: WindowCloser<RowAt>
  readonly #due: DueTimes<unknown>
  readonly #expiry: StretchExpiry | undefined
  readonly #isFinal: boolean
  readonly #start: (...args: Parameters<Totals['start']>) => unknown
  readonly #add: (...args: Parameters<Totals['add']>) => unknown
  readonly #initial: () => unknown
  readonly #merge: (...args: Parameters<SessionMerge['merge']>) => unknown
  #out: Subscriber<WindowRow> | undefined

  constructor(node: SessionNode, context: TaskContext) {
    const { windows, key } = node
    const store: WindowStore<unknown, TimedValues<unknown>> = context.windowStore(node.store)
    const widthMs = stretchMs(windows)
    this.#node = node
    this.#context = context
    this.#record = context.record
    this.#rows = new TimeRows(store, widthMs)
    this.#time = context.streamTime(node.store)
    this.#isFinal = node.emit === 'final'
    const parts = { store, widthMs, time: this.#time, context }
    this.#expiry = this.#isFinal ? undefined : new StretchExpiry({ ...parts, floor: () => this.#floor() })
    this.#due = new DueTimes({ rows: this.#rows, store, widthMs, key, isOpen: () => true })
    this.#closer = new WindowCloser<RowAt>({ windows, time: this.#time, context, open: this, atEnd: 'everything' })
    this.#start = guarded(node.start, context)
    this.#add = guarded(node.add, context)
    this.#initial = guarded(node.sessions.initial, context)
    this.#merge = guarded(node.sessions.merge, context)
  }

  emitTo(out: Subscriber<WindowRow>): void {
    this.#out = out
    if (this.#isFinal) this.#closer.begin()
  }

  take(rec: Rec): void {
    if (rec.key === null) return this.#context.drop('null-key', this.#node.name)
    if (rec.value === null) return this.#context.drop('null-value', this.#node.name)
    this.#time.advance(rec.timestamp)
    const joined = this.#joinedBy(rec)
    const start = Math.min(rec.timestamp, ...joined.map(startOf))
    const end = Math.max(rec.timestamp, ...joined.map(({ time }) => time))
    if (this.#closer.isLate(end)) this.#context.drop('late', this.#node.name)
    else this.#update(rec, joined, { start, end })
    this.#askToClose()
  }

  firstEnd(): number | undefined {
    return this.#due.first()
  }

  rowsAt(end: number): readonly RowAt[] {
    const rows = this.#due.keysAt(end).flatMap((key) => {
      const session = this.#rows.at(key, end)
      return session === undefined ? [] : [{ key, session }]
    })
    return rows.toSorted((a, b) => startOf(a.session) - startOf(b.session))
  }

  close({ key, session }: RowAt): void {
    this.#rows.removeAt(key, session.time, session.stamp)
    this.#out!.next(new Rec({ key, ...boundsOf(session) }, session.value, session.time))
  }

  closed(end: number): void {
    this.#due.remove(end)
  }

  #askToClose(): void {
    if (this.#isFinal) this.#closer.ask()
    else this.#expiry?.ask()
  }

  /** The sessions that lie at most a gap from the record, the earlier one first. */
  #joinedBy({ key, timestamp }: Rec): readonly Session[] {
    const { gap } = this.#node.windows
    const joined: Session[] = []
    let from = Math.max(timestamp - gap, this.#floor(), 0)
    for (;;) {
      const next = this.#rows.first(key, from, this.#time.now)
      if (next === undefined || startOf(next) > timestamp + gap) return joined
      joined.push(next)
      from = next.time + 1
    }
  }

  /** Sessions that end before are closed. */
  #floor(): number {
    const { gap, grace } = this.#node.windows
    const closeTime = grace === 'end-of-input' ? 0 : this.#time.now - grace - gap
    return Math.max(closeTime, this.#time.closedThrough + 1)
  }

  #update(rec: Rec, joined: readonly Session[], { start, end }: { readonly start: number; readonly end: number }): void {
    const { key } = rec
    this.#context.node = this.#node.name
    this.#record.timestamp = rec.timestamp
    const total = this.#total(rec, joined)
    if (total === skipped) return
    for (const { time, stamp } of joined) {
      if (time !== end || total === null) this.#rows.removeAt(key, time, stamp)
      if (this.#isFinal) this.#due.drop(key, time)
    }
    if (total !== null) this.#rows.put(key, { time: end, span: end - start, stamp: end, value: total })
    if (this.#isFinal) this.#note(key, end, total)
    else this.#forward(key, joined, { start, end }, total)
  }

  #note(key: unknown, end: number, total: unknown): void {
    if (total === null) return
    this.#due.add(key, end)
    this.#closer.opened(end)
  }

  #total({ key, value }: Rec, joined: readonly Session[]): unknown {
    if (joined.length === 0) return this.#start(value, key, this.#record)
    let total = this.#initial()
    for (const session of joined) {
      if (total === skipped) return skipped
      total = this.#merge(total, session.value, key)
    }
    return total === skipped ? skipped : this.#add(total, value, key, this.#record)
  }

  #forward(key: unknown, joined: readonly Session[], bounds: { readonly start: number; readonly end: number }, total: unknown) {
    const stays = bounds.start === bounds.end
    for (const session of stays ? [] : joined) {
      this.#out!.next(new Rec({ key, ...boundsOf(session) }, new Change(null, session.value), session.time))
    }
    const previous = stays ? (joined[0]?.value ?? null) : null
    this.#out!.next(new Rec({ key, ...bounds }, new Change(total, previous), bounds.end))
  }
}

function startOf({ time, span }: Session): number {
  return time - span
}

function boundsOf(session: Session): { readonly start: number; readonly end: number } {
  return { start: startOf(session), end: session.time }
}
