import type { Serde } from '@millrace/core'
import type { GraphBuilder } from '../graph/graph-builder.ts'
import type { KStream } from './k-stream.ts'

/** Where records with a known key are in the graph. */
export interface Place<K> {
  readonly graph: GraphBuilder
  /** The node that emits them. */
  readonly node: string
  readonly key: Serde<K>
  readonly streamAt: StreamAt
}

/** What knows its place; the types of the DSL do not show it. */
export class Placed<K> {
  readonly place: Place<K>

  constructor(place: Place<K>) {
    this.place = place
  }
}

/** Makes a stream. Handed down from stream to group to table: each of these classes makes objects of the next one. */
export type StreamAt = <K, V>(graph: GraphBuilder, node: string, key: Serde<K>) => KStream<K, V>
