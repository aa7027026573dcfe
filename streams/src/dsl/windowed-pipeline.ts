import type { Serde } from '@millrace/core'
import type { Meta } from '../graph/callbacks.ts'
import type { NewNode } from '../graph/graph-builder.ts'
import { virtualRun, type VirtualPipeline } from '../rx/virtual-run.ts'
import { checkCount, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { timedValues, TimedValues } from '../time/timed-values.ts'
import type { Windowed } from '../time/windowed.ts'
import type { SessionWindows, TimeWindows, Windows } from '../time/windows.ts'
import type { DurableValues } from './durable-operators.ts'
import type { KStream } from './k-stream.ts'
import type { Aggregation } from './options.ts'
import type { Place } from './place.ts'
import type { WindowTable } from './window-table.ts'
import { SessionNode, WindowedNode } from './windowed-stream.ts'

/** Where the records of open windows are kept. */
export interface WindowedRecords<V> extends DurableValues<V> {
  /** Of a key in one window; one more is an error of the record that is too much. Default 10,000. */
  readonly maxRecords?: number
}

export interface WindowedPipelines<K, V> {
  /**
   * Runs any cold pipeline of RxJS over the records of each key and window, once the window is closed: in virtual time, from the
   * start, by their timestamps. Every operator is allowed, also those that have hidden state or complete; those that take a scheduler
   * are given that of the window. The records end, and so should the pipeline, at the last millisecond of the window; what it emits
   * has the virtual time for its timestamp. Under the policy `skip` a window whose pipeline fails gives nothing, and is counted.
   *
   *     stream.windowed(tumbling({ size: minutes(1), grace: seconds(5) }), { store: 'bursts', value: json<Click>() },
   *       (clicks, { scheduler }) => clicks.pipe(debounceTime(500, scheduler), count()))
   *
   * A null key or value is dropped and counted, and so is a record for a window that is closed.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, WINDOW_INVALID, INVALID_STREAM_OPTION
   */
  windowed<R>(windows: Windows, options: WindowedRecords<V>, pipeline: VirtualPipeline<K, V, R>): KStream<Windowed<K>, R>
}

const defaultMaxRecords = 10_000

/** All records of each window, as one total. */
export function recordsIn<K, V>(place: Place<K>, windows: Windows, options: WindowedRecords<V>): WindowTable<K, TimedValues<V>> {
  const records = recordsOf<K, V>(options)
  if ((windows as Partial<Windows> | undefined)?.kind !== 'session') {
    return new WindowedNode<K, V>(place, windows as TimeWindows).aggregate(records)
  }
  const merge = (a: TimedValues<V>, b: TimedValues<V>): TimedValues<V> => b.toArray().reduce((all, one) => all.with(one), a)
  return new SessionNode<K, V>(place, windows as SessionWindows).aggregate({ ...records, merge })
}

function recordsOf<K, V>(options: WindowedRecords<V>): Aggregation<K, V, TimedValues<V>> {
  checkOptions('windowed', options, ['store', 'value', 'maxRecords'])
  const { store, maxRecords = defaultMaxRecords } = options
  const value: Serde<V> = options.value
  checkSerdes('windowed', { value })
  checkCount('windowed, maxRecords', maxRecords)
  const add = (list: TimedValues<V>, one: V, _key: K, { timestamp }: Meta): TimedValues<V> => {
    if (list.size < maxRecords) return list.with({ time: timestamp, span: 0, stamp: timestamp, value: one })
    throw streamError('WINDOW_FULL', { what: 'a window has more records than it may keep', where: store, expected: maxRecords })
  }
  return { store, value: timedValues(value), initial: () => TimedValues.of<V>(), add }
}

export function replayNode<K, V, R>(input: string, pipeline: VirtualPipeline<K, V, R>): NewNode {
  const run = pipeline as unknown as VirtualPipeline<unknown, unknown, unknown>
  return { kind: 'replay', inputs: [input], run: (items, window) => virtualRun(run, items, window) }
}
