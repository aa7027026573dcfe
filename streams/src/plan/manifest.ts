import type { Grace } from '../time/windows.ts'
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
  readonly changelog: string
  /** Names of serdes. */
  readonly key: string
  readonly value: string
  readonly windows?: { readonly kind: string; readonly sizeMs: number; readonly grace: Grace }
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
  const { name, kind, changelog } = spec
  const common = { name, kind, changelog, key: spec.key.name, value: spec.value.name }
  if (spec.kind === 'keyValue' || spec.windows === null) return common
  const { kind: windowKind, size, grace } = spec.windows
  return { ...common, windows: { kind: windowKind, sizeMs: size, grace } }
}

function repartitionIn({ name, topic, partitions }: RepartitionTopic): ManifestRepartition {
  return { name, topic, partitions }
}
