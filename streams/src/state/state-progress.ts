import type { ChangelogBatch } from './restore-batch.ts'
import { indexName, type StateMeta, type StoreRow } from './state-meta.ts'
import { emptyMark, type StoreMark } from './state-marks.ts'
import { isInEngine, type StoreSpec } from './store-spec.ts'

/**
 * How far the stores of a task stand in their changelogs, as of the newest commit or restored batch.
 *
 * Invariant P1: a tombstone ahead of a position stays until delete.retention.ms after `time` at least. After a commit, because
 * it was written after the commit began. In a new store, because compaction keeps a tombstone that long after the pass that
 * removed what it deletes: who begins at the start and is through by then misses none. So a restore does not move `time`.
 */
export class StateProgress {
  readonly #rows: Map<string, StoreRow> = new Map()
  /** Of stores that live in memory: the engine says nothing of them. */
  readonly #positions: Map<string, number> = new Map()
  #time: number

  /** `now`: wall clock, for an engine that is new. */
  constructor(meta: StateMeta | null, specs: readonly StoreSpec[], numbers: ReadonlyMap<string, number>, now: number) {
    this.#time = meta?.time ?? now
    const stored = new Map(meta?.stores.map((row) => [row.store, row]))
    for (const spec of specs) {
      const { name, kind, changelog } = spec
      if (changelog === undefined || !isInEngine(spec)) continue
      const mark = stored.get(name) ?? emptyMark(name)
      const indexes = spec.indexes?.map((index) => [index.name, numbers.get(indexName(name, index.name))!] as const)
      const numbered = { number: numbers.get(name)!, ...(indexes && { indexes: Object.fromEntries(indexes) }) }
      this.#rows.set(name, { ...mark, ...numbered, shape: kind, ...changelog })
    }
  }

  /** The next changelog offset that the store needs; 0 for a store without a changelog. */
  position(store: string): number {
    return this.#rows.get(store)?.position ?? this.#positions.get(store) ?? 0
  }

  mark(mark: StoreMark): void {
    const row = this.#rows.get(mark.store)
    if (row === undefined) this.#positions.set(mark.store, mark.position)
    else this.#rows.set(mark.store, { ...row, ...mark })
  }

  /** A batch of the changelog is in the store; the identity stays when it held no record. */
  restored(store: string, batch: ChangelogBatch, newestOffset: number): void {
    const row = this.#rows.get(store)
    if (row === undefined) return void this.#positions.set(store, batch.nextOffset)
    const { nextOffset: position, producerId, producerEpoch, leaderEpoch } = batch
    const identity = newestOffset < 0 ? {} : { newestOffset, producerId, producerEpoch, leaderEpoch }
    this.#rows.set(store, { ...row, position, ...identity })
  }

  commit(time: number): void {
    this.#time = time
  }

  /** What the next meta row says. */
  now(): Pick<StateMeta, 'time' | 'stores'> {
    return { time: this.#time, stores: [...this.#rows.values()] }
  }
}
