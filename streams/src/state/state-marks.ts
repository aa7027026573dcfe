/**
 * How far a store stands in its changelog, and who wrote the newest record in it. Given by the runtime with every commit, taken
 * from the batches during a restore, and written with the data in one engine batch.
 */
export interface StoreMark {
  readonly store: string
  /** The next offset of the changelog: everything before it is in the store. */
  readonly position: number
  /** The offset of the newest record that is in the store; -1 before the first. */
  readonly newestOffset: number
  /** The identity of the commit that wrote the newest record; -1 where it is unknown (a source topic). */
  readonly producerId: number
  readonly producerEpoch: number
  /** The log's epoch in which the newest record was written; -1 where it is unknown. */
  readonly leaderEpoch: number
}

/** A mark as it was stored, with the identity of the topic that it is about. */
export interface StoredMark extends StoreMark {
  readonly topic: string
  readonly topicId: string
  readonly kind: 'own' | 'source'
}

/** What an engine says about itself when it is opened. */
export interface StoredMarks {
  /** Wall clock at the newest commit (or at the start of the restore) that is in the engine. */
  readonly time: number
  /** Stores that have a changelog, in the order of their numbers. */
  readonly stores: readonly StoredMark[]
}

/** The mark of a store that nothing was written to. */
export function emptyMark(store: string): StoreMark {
  return { store, position: 0, newestOffset: -1, producerId: -1, producerEpoch: -1, leaderEpoch: -1 }
}
