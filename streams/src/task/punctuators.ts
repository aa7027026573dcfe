/**
 * The schedules of a task's processors.
 *
 * Invariants
 *   U1  Ticks of stream time are whole multiples of the interval; those of the wall clock count from the moment of scheduling. A
 *       schedule fires once for all ticks that have passed, the oldest tick of all schedules first, then the older schedule.
 *   U2  `closedThrough` of the task's time says up to where stream-time schedules have fired. It commits with the step: a
 *       schedule of a task that was opened again goes on behind it, and no tick fires twice or is left out, also when a commit
 *       lay between a record and what it made due.
 *   U3  What fires, fires in one event: a commit comes before all of it or after all of it.
 */
import type { StreamTime } from './stream-time.ts'

export type PunctuationType = 'stream-time' | 'wall-clock'

interface Schedule {
  readonly intervalMs: number
  /** The tick that is due next. */
  next: number
  readonly punctuate: (timestamp: number) => void
}

export class Punctuators {
  /** Null: no processor of the task asks for it. */
  private readonly time: StreamTime | null
  private readonly clock: () => number
  private readonly byStream: Schedule[] = []
  private readonly byClock: Schedule[] = []
  /** The wall clock as it was looked at last. */
  private clockTime = -1
  /** The smallest tick of each. */
  private nextByStream = Infinity
  private nextByClock = Infinity
  /** While the topology is built: schedules then go on where the committed step left them. */
  private opening = true
  /** What runs now was asked for by the wall clock. */
  isByClock: boolean = false
  /** Calls so far. */
  fired = 0

  constructor(time: StreamTime | null, clock: () => number) {
    this.time = time
    this.clock = clock
  }

  /** The greatest timestamp that the task has taken; -1: none. */
  get streamTime(): number {
    return this.time?.now ?? -1
  }

  get systemTime(): number {
    return this.clock()
  }

  /** The topology is built: a schedule from now on is new, and fires as soon as there is a time (as in Kafka). */
  opened(): void {
    this.opening = false
  }

  schedule(type: PunctuationType, intervalMs: number, punctuate: (timestamp: number) => void): { cancel(): void } {
    const next = type === 'wall-clock' ? this.clock() + intervalMs : this.firstTick(intervalMs)
    const schedule: Schedule = { intervalMs, next, punctuate }
    const all = type === 'wall-clock' ? this.byClock : this.byStream
    all.push(schedule)
    this.lookAhead()
    return {
      cancel: () => {
        const index = all.indexOf(schedule)
        if (index >= 0) all.splice(index, 1)
        this.lookAhead()
      },
    }
  }

  private firstTick(intervalMs: number): number {
    return this.opening && this.time !== null ? tickAfter(this.time.closedThrough, intervalMs) : 0
  }

  /** The task takes a record. */
  advance(timestamp: number): void {
    this.time?.advance(timestamp)
  }

  /** Looks at the clock, where somebody waits for it. */
  lookAtClock(): void {
    if (this.byClock.length > 0) this.clockTime = this.clock()
  }

  get hasDue(): boolean {
    return this.nextByStream <= this.streamTime || this.nextByClock <= this.clockTime
  }

  /** When the wall clock makes something due; Infinity: never. */
  get nextClockTick(): number {
    return this.nextByClock
  }

  /** Fires everything that is due. */
  fire(): void {
    const { time } = this
    if (time !== null && this.nextByStream <= time.now) {
      this.fireAll(this.byStream, time.now)
      time.close(time.now)
    }
    if (this.nextByClock > this.clockTime) return
    this.isByClock = true
    this.fireAll(this.byClock, this.clockTime)
    this.isByClock = false
  }

  /** A schedule that a callback makes takes part, as in Kafka. */
  private fireAll(all: readonly Schedule[], now: number): void {
    for (let due = earliest(all); due !== undefined && due.next <= now; due = earliest(all)) {
      due.next =
        due.next + due.intervalMs > now ? due.next + due.intervalMs : now - ((now - due.next) % due.intervalMs) + due.intervalMs
      this.fired++
      due.punctuate(now)
    }
    this.lookAhead()
  }

  private lookAhead(): void {
    this.nextByStream = earliest(this.byStream)?.next ?? Infinity
    this.nextByClock = earliest(this.byClock)?.next ?? Infinity
  }
}

/** Of equal ticks the older schedule's. */
function earliest(all: readonly Schedule[]): Schedule | undefined {
  let first: Schedule | undefined
  for (const schedule of all) if (first === undefined || schedule.next < first.next) first = schedule
  return first
}

function tickAfter(time: number, intervalMs: number): number {
  return time < 0 ? 0 : time - (time % intervalMs) + intervalMs
}
