import type { Clock } from '@millrace/core'
import { Stat } from '../metrics/sampled.ts'

export function nsBetween(fromMs: number, toMs: number): number {
  return (toMs - fromMs) * 1e6
}

/**
 * What happens to one store of a task, counted in plain fields. Latencies are measured while `timer` is set: by the task, for one
 * record of a slice.
 */
export class StoreMeter {
  readonly name: string
  /** What kind of store it is, as in the tag of its metrics. */
  readonly scope: string
  /** It has rows on an engine, and a read cache before them. */
  readonly isOnEngine: boolean
  gets = 0
  puts = 0
  deletes = 0
  /** Lookups that the read cache has answered, or has not: those that no layer above it has. */
  hits = 0
  misses = 0
  /** Queries of several rows. */
  ranges = 0
  alls = 0
  readonly getNs: Stat = new Stat()
  readonly putNs: Stat = new Stat()
  readonly deleteNs: Stat = new Stat()
  readonly iteratorNs: Stat = new Stat()
  /** Milliseconds; null: nothing is measured now. */
  timer: (() => number) | null = null
  private readonly clock: Pick<Clock, 'now' | 'monotonic'>
  /** Of queries that have not ended: when they began, wall clock, oldest first. */
  private readonly open = new Map<object, number>()

  constructor(
    store: { readonly name: string; readonly kind: 'key-value' | 'window'; readonly isOnEngine: boolean },
    clock: Pick<Clock, 'now' | 'monotonic'>,
  ) {
    this.name = store.name
    this.scope = `${store.isOnEngine ? 'leveldb' : 'in-memory'}${store.kind === 'window' ? '-window' : ''}`
    this.isOnEngine = store.isOnEngine
    this.clock = clock
  }

  get openIterators(): number {
    return this.open.size
  }

  /** Wall clock; NaN: none is open. */
  get oldestIteratorAt(): number {
    return this.open.values().next().value ?? Number.NaN
  }

  /** A query of several rows begins to read; returns what ends it. */
  iterate(kind: 'range' | 'all'): () => void {
    if (kind === 'range') this.ranges++
    else this.alls++
    const beganMs = this.clock.monotonic()
    const iterator = {}
    this.open.set(iterator, this.clock.now())
    return () => {
      this.open.delete(iterator)
      this.iteratorNs.record(nsBetween(beganMs, this.clock.monotonic()))
    }
  }
}
