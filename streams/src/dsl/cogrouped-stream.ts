import type { Serde } from '@millrace/core'
import type { Adder, Meta } from '../graph/callbacks.ts'
import { checkFunctions, checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { checkWindows, type SessionWindows, type TimeWindows } from '../time/windows.ts'
import { emitEveryOf, emitting, type Emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import type { GroupedStream } from './grouped-stream.ts'
import type { KTable } from './k-table.ts'
import type { Counting } from './options.ts'
import { Placed, type Place } from './place.ts'
import { TableNode } from './table-node.ts'
import { aggregating, sessionAggregating } from './totals.ts'
import { WindowTableNode, type WindowTable } from './window-table.ts'

/** The total of a key after one more value of one of the groups: a new object. Null removes the total. */
export type CogroupAdder<K, V, A> = (total: A, value: V, key: K, meta: Meta) => A | null

/** What the groups of a cogroup have in common. */
export interface CogroupAggregation<A> extends Counting {
  readonly value: Serde<A>
  /** The total before the first value of any group. */
  readonly initial: () => A
}

/** Groups of several streams with the same keys, on their way to one total a key in one store (KIP-150). */
export interface CogroupedStream<in out K, in out A> {
  /** One more group. Its stream must have as many partitions as the others. @throws TOPOLOGY_INVALID, INVALID_STREAM_OPTION */
  cogroup<V>(group: GroupedStream<K, V>, add: CogroupAdder<K, V, A>): CogroupedStream<K, A>
  /**
   * A null key or value is dropped and counted.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION
   */
  aggregate(options: CogroupAggregation<A> & Emitting): KTable<K, A>
  /** @throws WINDOW_INVALID */
  windowedBy(windows: SessionWindows): SessionCogroupedStream<K, A>
  windowedBy(windows: TimeWindows): WindowedCogroupedStream<K, A>
}

export interface WindowedCogroupedStream<in out K, in out A> {
  /** @throws as `aggregate` of WindowedStream */
  aggregate(options: CogroupAggregation<A>): WindowTable<K, A>
}

export interface SessionCogroupedStream<in out K, in out A> {
  /** `merge`: the total of two sessions that become one. @throws as `aggregate` of SessionStream */
  aggregate(options: CogroupAggregation<A> & { readonly merge: (total: A, other: A, key: K) => A }): WindowTable<K, A>
}

interface Group<K> {
  readonly place: Place<K>
  readonly add: Adder
}

/** A value, and the group that it comes from. */
class Cogrouped {
  readonly group: number
  readonly value: unknown

  constructor(group: number, value: unknown) {
    this.group = group
    this.value = value
  }
}

export class CogroupedNode<K, A> implements CogroupedStream<K, A> {
  readonly #groups: readonly Group<K>[]

  private constructor(groups: readonly Group<K>[]) {
    this.#groups = groups
  }

  static of<K, V, A>(place: Place<K>, add: CogroupAdder<K, V, A>): CogroupedNode<K, A> {
    checkFunctions('cogroup', { add })
    return new CogroupedNode([{ place, add: add as Adder }])
  }

  cogroup<V>(group: GroupedStream<K, V>, add: CogroupAdder<K, V, A>): CogroupedStream<K, A> {
    checkFunctions('cogroup', { add })
    if (!(group instanceof Placed) || group.place.graph !== this.#groups[0]!.place.graph) {
      throw streamError('TOPOLOGY_INVALID', { what: 'the group was not made by the same StreamsBuilder', where: 'cogroup' })
    }
    return new CogroupedNode([...this.#groups, { place: group.place as Place<K>, add: add as Adder }])
  }

  aggregate(options: CogroupAggregation<A> & Emitting): KTable<K, A> {
    const { emitEvery, others } = emitEveryOf('aggregate', options)
    checkOptions('aggregate', others, ['store', 'value', 'initial'])
    const totals = aggregating({ ...others, add: this.#adder() })
    const place = this.#together()
    const name = place.graph.add({ kind: 'aggregate', inputs: [place.node], key: erase(place.key), ...totals })
    return new TableNode(emitting({ ...place, node: name }, emitEvery), options.value)
  }

  windowedBy(windows: SessionWindows): SessionCogroupedStream<K, A>
  windowedBy(windows: TimeWindows): WindowedCogroupedStream<K, A>
  windowedBy(windows: TimeWindows | SessionWindows): WindowedCogroupedStream<K, A> | SessionCogroupedStream<K, A> {
    checkWindows(windows)
    return windows.kind === 'session' ? this.#inSessions(windows) : this.#inWindows(windows)
  }

  #inWindows(windows: TimeWindows): WindowedCogroupedStream<K, A> {
    return {
      aggregate: (options) => {
        checkOptions('aggregate', options, ['store', 'value', 'initial'])
        return new WindowTableNode<K, A>(this.#together(), windows, aggregating({ ...options, add: this.#adder() }))
      },
    }
  }

  #inSessions(windows: SessionWindows): SessionCogroupedStream<K, A> {
    return {
      aggregate: (options) => {
        checkOptions('aggregate', options, ['store', 'value', 'initial', 'merge'])
        return new WindowTableNode<K, A>(this.#together(), windows, sessionAggregating({ ...options, add: this.#adder() }))
      },
    }
  }

  /** All groups in one stream, in which each value says where it comes from. */
  #together(): Place<K> {
    const { place } = this.#groups[0]!
    const { graph } = place
    const marked = this.#groups.map(({ place: { node } }, group) => {
      const mapper = (value: unknown): unknown => (value === null ? null : new Cogrouped(group, value))
      return graph.add({ kind: 'map-values', inputs: [node], mapper })
    })
    return { ...place, node: graph.add({ kind: 'merge', inputs: marked }) }
  }

  #adder(): (total: A, value: Cogrouped, key: K, meta: Meta) => A | null {
    const adders = this.#groups.map(({ add }) => add as CogroupAdder<K, unknown, A>)
    return (total, { group, value }, key, meta) => adders[group]!(total, value, key, meta)
  }
}
