/** The nodes of the durable twins, from the options of the user. */
import { bytes, int64, type Serde } from '@millrace/core'
import type { Callback } from '../graph/callbacks.ts'
import type { NewNode } from '../graph/graph-builder.ts'
import type { KeyedKind, KeyedStep, KeptStore } from '../graph/stateful-nodes.ts'
import { listOf, paired, sameBytes } from '../time/composed-serdes.ts'
import { isDuration } from '../time/duration.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { timedValues } from '../time/timed-values.ts'
import type {
  ComparedBy,
  Counted,
  Deduplicate,
  DeduplicateBy,
  DurableValues,
  Scan,
  Timed,
  TimedValuesOf,
  Timeout,
} from './durable-operators.ts'
import { erase } from './erase.ts'

/** Before which node, and what the keys of its records are. */
export interface Behind {
  readonly input: string
  readonly key: Serde<unknown>
}

export function scanNode<K, V, A>(at: Behind, options: Scan<K, V, A>): NewNode {
  checkOptions('scan', options, ['store', 'value', 'initial', 'add'])
  const { store, value, initial, add } = options
  checkSerdes('scan', { value })
  checkFunctions('scan', { initial, add })
  return keyed('scan', at, { store, value: erase(value) }, (state, one, key, meta, out) => {
    const total = add(state === undefined ? initial() : (state as A), one as V, key as K, meta)
    out.emit(total)
    return total
  })
}

export function distinctNode<K, V, S>(at: Behind, options: DurableValues<V> | ComparedBy<K, V, S>): NewNode {
  const { by, value } = comparedBy('distinct', options)
  const step: KeyedStep = (seen, one, _key, _meta, out) => {
    if (seen !== undefined) return undefined
    out.emit(one)
    return seenMark
  }
  const stateKey: Callback = (one, key, meta) => [key, by(one, key, meta)]
  const state = { store: options.store, value: erase(bytes), key: erase(paired(at.key, value)) }
  return { ...keyed('distinct', at, state, step), stateKey }
}

const seenMark = new Uint8Array(0)

export function distinctUntilChangedNode<K, V, S>(at: Behind, options: DurableValues<V> | ComparedBy<K, V, S>): NewNode {
  const { by, value } = comparedBy('distinctUntilChanged', options)
  const same = sameBytes(value)
  return keyed('distinct-until-changed', at, { store: options.store, value }, (last, one, key, meta, out) => {
    const compared = by(one, key, meta)
    if (last !== undefined && same(last, compared)) return undefined
    out.emit(one)
    return compared
  })
}

export function pairwiseNode<V>(at: Behind, options: DurableValues<V>): NewNode {
  checkOptions('pairwise', options, ['store', 'value'])
  const { store, value } = options
  checkSerdes('pairwise', { value })
  return keyed('pairwise', at, { store, value: erase(value) }, (last, one, _key, _meta, out) => {
    if (last !== undefined) out.emit([last, one])
    return one
  })
}

export function bufferCountNode<V>(at: Behind, options: DurableValues<V> & Counted): NewNode {
  checkOptions('bufferCount', options, ['store', 'value', 'count'])
  const { store, value, count } = options
  checkSerdes('bufferCount', { value })
  checkCount('bufferCount, count', count)
  return keyed('buffer-count', at, { store, value: erase(listOf(value)) }, (state, one, _key, _meta, out) => {
    const buffer = [...((state ?? []) as readonly unknown[]), one]
    if (buffer.length < count) return buffer
    out.emit(buffer)
    return null
  })
}

export function takeNode(at: Behind, options: Counted): NewNode {
  const { store, count } = counted('take', options)
  return keyed('take', at, { store, value: erase(int64) }, (state, one, _key, _meta, out) => {
    const before = (state ?? 0) as number
    if (before >= count) return undefined
    out.emit(one)
    return before + 1
  })
}

export function skipNode(at: Behind, options: Counted): NewNode {
  const { store, count } = counted('skip', options)
  return keyed('skip', at, { store, value: erase(int64) }, (state, one, _key, _meta, out) => {
    const before = (state ?? 0) as number
    if (before < count) return before + 1
    out.emit(one)
    return undefined
  })
}

export function throttleTimeNode(at: Behind, options: Timed): NewNode {
  checkOptions('throttleTime', options, ['store', 'time'])
  const { store, time } = options
  checkTime('throttleTime, time', time)
  return keyed('throttle-time', at, { store, value: erase(int64) }, (state, one, _key, { timestamp }, out) => {
    const last = (state ?? -Infinity) as number
    if (timestamp < last) out.late()
    if (timestamp <= last + time) return undefined
    out.emit(one)
    return timestamp
  })
}

/** So many stretches a reach: of those that look back, and of one that only waits. */
const [stretchesBack, stretchesWaiting] = [4, 32]

export function delayNode<V>(at: Behind, options: TimedValuesOf<V>): NewNode {
  checkOptions('delay', options, ['store', 'value', 'time'])
  const { time } = options
  return { kind: 'delay', delayMs: time, ...waiting('delay', at, options, Math.ceil(time / stretchesWaiting)) }
}

export function debounceTimeNode<V>(at: Behind, options: TimedValuesOf<V>): NewNode {
  checkOptions('debounceTime', options, ['store', 'value', 'time'])
  const { time } = options
  const state = waiting('debounceTime', at, options, Math.ceil(time / stretchesBack))
  return { kind: 'debounce-time', silenceMs: time, made: null, ...state }
}

export function timeoutNode<K, V, R>(at: Behind, options: Timeout<K, V, R>): NewNode {
  checkOptions('timeout', options, ['store', 'value', 'time', 'with'])
  const { time, with: made } = options
  checkFunctions('timeout', { with: made })
  const state = waiting('timeout', at, options, Math.ceil(time / stretchesBack))
  return { kind: 'timeout', silenceMs: time, made: made as (last: unknown, key: unknown) => unknown, ...state }
}

export function deduplicateNode<K, V, S>(at: Behind, options: Deduplicate | DeduplicateBy<K, V, S>): NewNode {
  checkOptions('deduplicate', options, ['store', 'within', 'by', 'value'])
  const { store, within } = options
  checkTime('deduplicate, within', within)
  const widthMs = Math.ceil(within / 2)
  const node = (identity: Callback, key: Serde<unknown>): NewNode => {
    const kept: KeptStore = { kind: 'timeRows', name: store, key, value: erase(timedValues(bytes)), widthMs }
    const common = { inputs: [at.input], kept: [kept], times: [store], state: store }
    return { kind: 'deduplicate', ...common, withinMs: within, widthMs, identity }
  }
  if (!('by' in options)) return node((_value, key) => key, at.key)
  const { by, value } = options
  checkSerdes('deduplicate', { value })
  checkFunctions('deduplicate', { by })
  return node((one, key, meta) => [key, by(one as V, key as K, meta)], erase(paired(at.key, value)))
}

interface State {
  readonly store: string
  readonly value: Serde<unknown>
  /** Default: that of the records. */
  readonly key?: Serde<unknown>
}

function keyed(kind: KeyedKind, at: Behind, { store, value, key = at.key }: State, step: KeyedStep) {
  const kept: readonly KeptStore[] = [{ kind: 'keyValue', name: store, key, value }]
  return { kind, inputs: [at.input], kept, times: [], state: store, stateKey: null, step }
}

function waiting<V>(where: string, at: Behind, { store, value, time }: TimedValuesOf<V>, widthMs: number) {
  checkSerdes(where, { value })
  checkTime(`${where}, time`, time)
  const kept: KeptStore = { kind: 'timeRows', name: store, key: at.key, value: erase(timedValues(value)), widthMs }
  return { inputs: [at.input], kept: [kept], times: [store], state: store, widthMs }
}

function comparedBy<K, V, S>(
  where: string,
  options: DurableValues<V> | ComparedBy<K, V, S>,
): { readonly by: Callback; readonly value: Serde<unknown> } {
  checkOptions(where, options, ['store', 'by', 'value'])
  const by = 'by' in options ? (options.by as Callback) : (one: unknown): unknown => one
  const value = erase<V | S>(options.value as Serde<V | S>)
  checkSerdes(where, { value })
  checkFunctions(where, { by })
  return { by, value }
}

function counted(where: string, options: Counted): Counted {
  checkOptions(where, options, ['store', 'count'])
  checkCount(`${where}, count`, options.count)
  return options
}

function checkTime(where: string, time: unknown): void {
  if (isDuration(time) && time > 0) return
  throw streamError('WINDOW_INVALID', {
    what: 'the time of an operator',
    where,
    expected: 'a duration above 0',
    received: String(time),
  })
}
