import type { StretchesLayout } from '../plan/plan.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import { HeldWindows } from './held-windows.ts'
import { merged } from './merged-scans.ts'
import type { QueriedTask, QueriedTasks } from './store-queries.ts'

/** A window or session of a key, where it stands. */
interface KeyedValue {
  readonly key: unknown
  readonly value: TimedValue<unknown>
}

interface ScannedValue extends KeyedValue {
  /** Of the row: for values of one time their order is that of the keys. */
  readonly bytes: Uint8Array
}

/**
 * Reads windows that lie by time in rows, over all tasks of a store; whatever the width of a row. What is read of a key is of one commit.
 */
export class TimeRowQueries {
  readonly #on: QueriedTasks
  readonly #held: HeldWindows

  constructor(on: QueriedTasks, layout: StretchesLayout) {
    this.#on = on
    this.#held = new HeldWindows(layout)
  }

  /** Undefined: nothing stands at the time. */
  at(key: unknown, time: number): TimedValue<unknown> | undefined {
    for (const task of this.#on.tasks()) {
      const row = task.committedWindowGet(key, this.#held.rowOf(time))
      if (row !== undefined) return this.#held.in(row.value as TimedValues<unknown>, time, time, task.committedTime())[0]
    }
    return undefined
  }

  /** What stands from one time to another, both included, by time. */
  between(key: unknown, from: number, to: number): TimedValue<unknown>[] {
    return this.#on.tasks().flatMap((task) => {
      const passed = task.committedTime()
      const rows = task.committedWindows(key, this.#firstRow(from), to)
      return rows.flatMap(({ row }) => this.#held.in(row.value as TimedValues<unknown>, from, to, passed))
    })
  }

  /** The same of all keys, by time, then in the order of the bytes of the keys. A stretch of all keys is in memory at a time. */
  scan(from: number, to: number, reverse: boolean): AsyncIterable<KeyedValue> {
    const sign = reverse ? -1 : 1
    const compare = (a: ScannedValue, b: ScannedValue): number =>
      sign * (a.value.time - b.value.time || Buffer.compare(a.bytes, b.bytes))
    const scans = this.#on.tasks().map((task) => this.#scanOf(task, { from, to, reverse, compare }))
    return merged(scans, compare)
  }

  /** Rows and time are those of the first call of `next`. */
  async *#scanOf(task: QueriedTask, { from, to, reverse, compare }: Scan): AsyncGenerator<ScannedValue, void, undefined> {
    const passed = task.committedTime()
    let stretch: ScannedValue[] = []
    let startOfStretch = Number.NaN
    for await (const { key, start, row, bytes } of task.scan((bounds) => bounds.starts(this.#firstRow(from), to, reverse))) {
      if (start !== startOfStretch) {
        yield* stretch.toSorted(compare)
        stretch = []
        startOfStretch = start
      }
      for (const value of this.#held.in(row.value as TimedValues<unknown>, from, to, passed)) stretch.push({ key, value, bytes })
    }
    yield* stretch.toSorted(compare)
  }

  /** Nothing stands before 1970. */
  #firstRow(from: number): number {
    return this.#held.rowOf(Math.max(0, from))
  }
}

interface Scan {
  readonly from: number
  readonly to: number
  readonly reverse: boolean
  readonly compare: (a: ScannedValue, b: ScannedValue) => number
}
