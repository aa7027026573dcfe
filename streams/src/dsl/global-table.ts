import type { GraphBuilder } from '../graph/graph-builder.ts'

declare const types: unique symbol

/** A table that every instance holds whole, for joins by any key. It is there in full before the first record is processed. */
export interface GlobalTable<in out K, V> {
  /** The name of its store. */
  readonly store: string
  /** Only for the compiler. */
  readonly [types]?: { readonly key: (key: K) => K; readonly value: V }
}

export class GlobalTableNode {
  readonly graph: GraphBuilder
  readonly store: string

  constructor(graph: GraphBuilder, store: string) {
    this.graph = graph
    this.store = store
  }
}
