/**
 * Runs a cold pipeline of RxJS over records that are already there, in virtual time.
 *
 * Invariants
 *   V1  The clock of the scheduler is event time: it stands at the window's start, and moves to each record's time as that is handed
 *       on. Nothing waits for a real clock, so each run over the same records emits the same.
 *   V2  Of a record and a timer at the same time the record comes first, as in marble diagrams. The records end at the last
 *       millisecond of the window.
 *   V3  A pipeline that has not completed when its timers are used up, or that does not stop setting new ones, has not ended; what
 *       it emitted is no result.
 */
import {
  from,
  Observable,
  VirtualAction,
  VirtualTimeScheduler,
  type ObservableInput,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
} from 'rxjs'

/** A value, and its time in milliseconds since 1970. */
export interface TimedItem<V> {
  readonly time: number
  readonly value: V
}

/** The window that a pipeline runs over: start <= time < end. */
export interface VirtualWindow<K> {
  readonly key: K
  readonly start: number
  readonly end: number
  /** For operators that take one (`debounceTime`, `bufferTime`, `timer`, …): its clock is event time. */
  readonly scheduler: SchedulerLike
}

export type VirtualPipeline<K, V, R> = (records: Observable<V>, window: VirtualWindow<K>) => ObservableInput<R>

export interface VirtualRun<R> {
  /** In the order in which it was emitted. */
  readonly emitted: readonly TimedItem<R>[]
  /** False: the pipeline waits for something that is not in the window, or goes on for ever. */
  readonly ended: boolean
}

/** A window without an end ends with its last record. */
const endless = 2 ** 52

/** So many timers after the last record are taken for endless. */
const mostTimers = 1_000_000

/** `items`: by time. @throws what the pipeline fails with */
export function virtualRun<K, V, R>(
  pipeline: VirtualPipeline<K, V, R>,
  items: readonly TimedItem<V>[],
  window: { readonly key: K; readonly start: number; readonly end: number },
): VirtualRun<R> {
  const clock = new WindowClock(items, window)
  const { key, start, end } = window
  const emitted: TimedItem<R>[] = []
  let outcome: { readonly error?: unknown } | undefined
  const subscription = from(pipeline(clock.records, { key, start, end, scheduler: clock })).subscribe({
    next: (value) => void emitted.push({ time: clock.now(), value }),
    error: (error: unknown) => void (outcome = { error }),
    complete: () => void (outcome = {}),
  })
  try {
    clock.run(() => outcome !== undefined)
  } finally {
    subscription.unsubscribe()
  }
  if (outcome !== undefined && 'error' in outcome) throw outcome.error
  return { emitted, ended: outcome !== undefined }
}

/** One subscription to the records: a pipeline may have several, each from the start. */
interface Playing<V> {
  readonly subscriber: Subscriber<V>
  at: number
}

/**
 * A timer that sets itself again is one action: RxJS's own makes a new one each time, held by the one before, and a chain of some
 * ten thousand overflows the stack when it is let go.
 */
class Timer<T> extends VirtualAction<T> {
  override schedule(state?: T, delay: number = 0): Subscription {
    if (!this.pending && this.id !== undefined) {
      this.id = undefined
      this.index = ++this.scheduler.index
    }
    return super.schedule(state, delay)
  }
}

class WindowClock<V> extends VirtualTimeScheduler {
  readonly records: Observable<V>
  readonly #items: readonly TimedItem<V>[]
  readonly #end: number
  #playing: Playing<V>[] = []

  constructor(items: readonly TimedItem<V>[], { start, end }: { readonly start: number; readonly end: number }) {
    super(Timer)
    this.frame = start
    this.#items = items
    const last = items.at(-1)?.time ?? start
    this.#end = end >= endless ? last : Math.max(end - 1, last)
    this.records = new Observable((subscriber) => void this.#playing.push({ subscriber, at: 0 }))
  }

  run(isDone: () => boolean): void {
    for (let next = this.#next(); next !== undefined && !isDone(); next = this.#next()) {
      this.#passTo(next.time)
      // A timer may have ended this subscription, or begun one that is further back.
      if (this.#next()?.playing === next.playing) this.#play(next.playing)
    }
    this.#passTimers(isDone)
  }

  /** The subscription whose next record is the oldest. */
  #next(): { readonly playing: Playing<V>; readonly time: number } | undefined {
    this.#playing = this.#playing.filter(({ subscriber }) => !subscriber.closed)
    let first: { readonly playing: Playing<V>; readonly time: number } | undefined
    for (const playing of this.#playing) {
      const time = Math.max(this.frame, this.#items[playing.at]?.time ?? this.#end)
      if (first === undefined || time < first.time) first = { playing, time }
    }
    return first
  }

  #play(playing: Playing<V>): void {
    const item = this.#items[playing.at++]
    if (item === undefined) playing.subscriber.complete()
    else playing.subscriber.next(item.value)
  }

  /** Timers before the time; those at it come after the record (V2). */
  #passTo(time: number): void {
    this.maxFrames = time - 0.001
    this.flush()
    this.frame = Math.max(this.frame, time)
  }

  /** What is left: further and further ahead, so that one that never ends is noticed. */
  #passTimers(isDone: () => boolean): void {
    const before = this.index
    for (let ahead = 1; ahead < Number.MAX_SAFE_INTEGER && !isDone() && this.index - before < mostTimers; ahead *= 2) {
      this.maxFrames = this.#end + ahead
      this.flush()
    }
  }
}
