import type { Windows } from '../time/windows.ts'
import type { Plan, RepartitionTopic, StoreSpec, SubTopology } from './plan.ts'

/** What outlives a process, by its names, as JSON: to see what a new version of a topology keeps, renames or leaves behind. */
export interface Manifest {
  readonly version: 1
  readonly applicationId: string
  readonly subTopologies: readonly ManifestSubTopology[]
  readonly repartitions: readonly ManifestRepartition[]
  readonly globalTables: readonly ManifestGlobalTable[]
}

interface ManifestSubTopology {
  readonly id: number
  readonly sources: readonly string[]
  readonly stores: readonly ManifestStore[]
}

interface ManifestStore {
  readonly name: string
  readonly kind: StoreSpec['kind']
  /** Null: it has none, and a crash empties it. */
  readonly changelog: string | null
  /** It lives in memory. */
  readonly inMemory?: true
  /** How long a row lives without being written. */
  readonly ttlMs?: number
  /** The serdes of its indexes by their names. */
  readonly indexes?: Readonly<Record<string, string>>
  /** Names of serdes. */
  readonly key: string
  readonly value: string
  /** Of a row, where it holds what a key has in a stretch of time. */
  readonly stretchMs?: number
  /** Their kind and its options; lengths in milliseconds. */
  readonly windows?: Readonly<Record<string, string | number>>
}

interface ManifestRepartition {
  readonly name: string
  readonly topic: string
  readonly partitions: number | null
}

interface ManifestGlobalTable {
  readonly store: string
  readonly topic: string
  readonly key: string
  readonly value: string
}

export function manifestOf(plan: Plan): Manifest {
  return {
    version: 1,
    applicationId: plan.applicationId,
    subTopologies: plan.subTopologies.map(subTopologyIn),
    repartitions: plan.internalTopics.filter((topic) => topic.kind === 'repartition').map(repartitionIn),
    globalTables: plan.globalTables.map(({ store, topic, key, value }) => ({ store, topic, key: key.name, value: value.name })),
  }
}

function subTopologyIn({ id, sources, stores }: SubTopology): ManifestSubTopology {
  return { id, sources: sources.map(({ topic }) => topic), stores: stores.map(storeIn) }
}

function storeIn(spec: StoreSpec): ManifestStore {
  const { name, kind, inMemory = false } = spec
  const changelog = spec.changelogKind === 'none' ? null : spec.changelog
  const common = { name, kind, changelog, key: spec.key.name, value: spec.value.name, ...(inMemory && { inMemory }) }
  if (spec.kind === 'keyValue') {
    const { ttlMs, indexes } = spec
    const byName = indexes && Object.fromEntries(indexes.map((index) => [index.name, index.key.name]))
    return { ...common, ...(ttlMs !== undefined && { ttlMs }), ...(byName && { indexes: byName }) }
  }
  if (spec.kind === 'timeRows') return { ...common, stretchMs: spec.widthMs }
  if (spec.kind !== 'window' || spec.windows === null) return common
  return { ...common, windows: windowsIn(spec.windows) }
}

function windowsIn(windows: Windows): Readonly<Record<string, string | number>> {
  const { kind, grace } = windows
  switch (kind) {
    case 'tumbling':
      return { kind, sizeMs: windows.size, grace }
    case 'hopping':
      return { kind, sizeMs: windows.size, advanceMs: windows.advance, grace }
    case 'sliding':
      return { kind, differenceMs: windows.difference, grace }
    case 'session':
      return { kind, gapMs: windows.gap, grace }
    case 'calendar':
      return { kind, unit: windows.unit, zone: windows.zone, weekStart: windows.weekStart, grace }
    default:
      return { kind, start: windows.start, grace }
  }
}

function repartitionIn({ name, topic, partitions }: RepartitionTopic): ManifestRepartition {
  return { name, topic, partitions }
}
