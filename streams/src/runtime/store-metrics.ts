import type { MetricScope } from '../metrics/metric-scope.ts'
import type { StreamMetricRegistry } from '../metrics/metric-registry.ts'
import { Stat } from '../metrics/sampled.ts'
import type { GroupName } from '../metrics/stream-metric-catalogue.ts'
import type { FlushMeter } from '../state/flusher.ts'
import type { StoreMeter } from '../state/store-meter.ts'

/** The stores of a task, and how they are written to the engine. */
export interface MeteredState {
  readonly meters: readonly StoreMeter[]
  readonly flushes: FlushMeter
}

interface Scopes {
  open<G extends GroupName>(group: G, tags: Readonly<Record<string, string>>): MetricScope<G>
}

/** A store whose engine has a read cache, and what the cache had answered at the last commit. */
interface Cached {
  readonly store: StoreMeter
  readonly ratio: Stat
  hits: number
  misses: number
}

/** What is shown of the stores of one task. */
export class StoreMetrics {
  private readonly stores: readonly StoreMeter[]
  private readonly caches: readonly Cached[]
  private readonly timer: () => number

  constructor({ meters, flushes }: MeteredState, scopes: Scopes, registry: StreamMetricRegistry) {
    this.stores = meters
    this.timer = () => registry.nowMs
    for (const store of meters) showStore(store, scopes)
    this.caches = meters.filter(({ isOnEngine }) => isOnEngine).map((store) => showCache(store, scopes))
    if (this.caches.length === 0) return
    const scope = scopes.open('stream-task-metrics', {})
    scope.timed('flush', 'flush-latency', flushes.timing)
    scope.measured('flush-records', flushes.records)
  }

  /** Whether each operation is measured from now on. */
  measure(isOn: boolean): void {
    for (const store of this.stores) store.timer = isOn ? this.timer : null
  }

  committed(): void {
    for (const cached of this.caches) {
      const { hits, misses } = cached.store
      const lookups = hits + misses - cached.hits - cached.misses
      if (lookups > 0) cached.ratio.record((hits - cached.hits) / lookups)
      cached.hits = hits
      cached.misses = misses
    }
  }
}

function showStore(store: StoreMeter, scopes: Scopes): void {
  const scope = scopes.open('stream-state-metrics', { [`${store.scope}-state-id`]: store.name })
  scope.counted('get', () => store.gets)
  scope.measured('get-latency', store.getNs)
  scope.counted('put', () => store.puts)
  scope.measured('put-latency', store.putNs)
  scope.counted('delete', () => store.deletes)
  scope.measured('delete-latency', store.deleteNs)
  scope.counted('range', () => store.ranges)
  scope.counted('all', () => store.alls)
  scope.show('num-open-iterators', () => store.openIterators)
  scope.measured('iterator-duration', store.iteratorNs)
  scope.show('oldest-iterator-open-since-ms', () => store.oldestIteratorAt)
}

function showCache(store: StoreMeter, scopes: Scopes): Cached {
  const ratio = new Stat()
  scopes.open('stream-record-cache-metrics', { 'record-cache-id': store.name }).spread('hit-ratio', ratio)
  return { store, ratio, hits: 0, misses: 0 }
}
