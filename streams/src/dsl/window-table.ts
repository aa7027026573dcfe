import type { GraphBuilder, NewNode } from '../graph/graph-builder.ts'
import { checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import type { Windows } from '../time/windows.ts'
import { emitEveryOf, emitting, type Emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import type { KStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import type { Place } from './place.ts'
import { TableNode } from './table-node.ts'
import type { SessionTotals, Totals } from './totals.ts'

/** Totals of windows. Not yet a stream: the caller says, once, when a row is emitted. */
export interface WindowTable<in out K, A> {
  /**
   * Each row once, when its window is closed (KIP-825): windows in the order of their ends, the keys of one in the order of their bytes.
   * A row has the timestamp of the newest record in it, that of a session its end. Queries show it no more; a hopping window stays
   * in the store with those that begin near it, a sliding one for those that begin with what it holds, two differences longer. At the end of a bounded input all windows are closed.
   * @throws TOPOLOGY_INVALID after `emitOnUpdate`
   */
  emitFinal(): KStream<Windowed<K>, A>
  /**
   * Every update as a change of a table. A row leaves the store when its window is closed; nothing is said about that. Sessions that
   * become one are deleted from the table first.
   * @throws TOPOLOGY_INVALID after `emitFinal`, INVALID_STREAM_OPTION
   */
  emitOnUpdate(options?: Emitting): KTable<Windowed<K>, A>
}

export class WindowTableNode<K, A> implements WindowTable<K, A> {
  readonly #place: Place<K>
  readonly #windows: Windows
  readonly #totals: Totals | SessionTotals
  #node: { readonly name: string; readonly emit: 'final' | 'update' } | undefined

  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN */
  constructor(place: Place<K>, windows: Windows, totals: Totals | SessionTotals) {
    this.#place = place
    this.#windows = windows
    this.#totals = totals
    place.graph.announce(this.#nodeThat('final'))
  }

  emitFinal(): KStream<Windowed<K>, A> {
    const { graph, key, streamAt } = this.#place
    return streamAt(graph, this.#emitting(graph, 'final'), windowed(key, this.#windows))
  }

  emitOnUpdate(options: Emitting = {}): KTable<Windowed<K>, A> {
    const { emitEvery, others } = emitEveryOf('emitOnUpdate', options)
    checkOptions('emitOnUpdate', others, ['emitEvery'])
    const { graph, key, streamAt } = this.#place
    const at = { graph, node: this.#emitting(graph, 'update'), key: windowed(key, this.#windows), streamAt }
    return new TableNode(emitting(at, emitEvery), undefined)
  }

  #emitting(graph: GraphBuilder, emit: 'final' | 'update'): string {
    this.#node ??= { name: graph.add(this.#nodeThat(emit)), emit }
    if (this.#node.emit === emit) return this.#node.name
    const what = 'windows emit final rows or updates, not both; for both, take updates and suppress them until windows close'
    throw streamError('TOPOLOGY_INVALID', { what, where: this.#totals.store })
  }

  #nodeThat(emit: 'final' | 'update'): Extract<NewNode, { readonly kind: 'window-aggregate' }> {
    const { node, key } = this.#place
    const common = { kind: 'window-aggregate', inputs: [node], windows: this.#windows, emit, key: erase(key) } as const
    return { sessions: null, ...common, ...this.#totals }
  }
}
