import type { StretchesLayout } from '../plan/plan.ts'
import type { Stamped } from '../task/stores.ts'
import { checkOptions } from '../time/options.ts'
import { checkTimes } from './check-times.ts'
import { lastTime, Queries, type QueriedTasks, type TimeRange, type WindowQueries, type WindowRow } from './store-queries.ts'
import { TimeRowQueries } from './time-row-queries.ts'

/** Windows whose rows lie by time: a window stands at its start. */
export class WindowsByTimeQueries<K, V> extends Queries implements WindowQueries<K, V> {
  readonly #rows: TimeRowQueries

  constructor(on: QueriedTasks, layout: StretchesLayout) {
    super(on)
    this.#rows = new TimeRowQueries(on, layout)
  }

  async get(key: K, start: number): Promise<Stamped<V> | null> {
    const window = this.#rows.at(key, start)
    return window === undefined ? null : { value: window.value as V, timestamp: window.stamp }
  }

  async windows(key: K, options: TimeRange = {}): Promise<readonly WindowRow<K, V>[]> {
    checkOptions('windows', options, ['from', 'to'])
    const { from = 0, to = lastTime } = options
    checkTimes('windows', { from, to })
    const windows = this.#rows.between(key, from, to)
    return windows.map(({ time, stamp, value }) => ({ key, start: time, value: value as V, timestamp: stamp }))
  }

  range(options: TimeRange & { readonly reverse?: boolean } = {}): AsyncIterable<WindowRow<K, V>> {
    checkOptions('range', options, ['from', 'to', 'reverse'])
    const { from = 0, to = lastTime, reverse = false } = options
    checkTimes('range', { from, to })
    return this.#all(from, Math.min(to, lastTime), reverse)
  }

  async *#all(from: number, to: number, reverse: boolean): AsyncGenerator<WindowRow<K, V>, void, undefined> {
    for await (const { key, value } of this.#rows.scan(from, to, reverse)) {
      yield { key: key as K, start: value.time, value: value.value as V, timestamp: value.stamp }
    }
  }
}
