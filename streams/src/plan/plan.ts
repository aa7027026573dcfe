/**
 * The physical plan: what the runtime opens, reads and writes, as immutable data.
 *
 * Invariants
 *   P1  The plan is a function of the topology and the application id; partition counts come in with `layOut`.
 *   P2  A node stands in exactly one sub-topology; records pass between sub-topologies only through repartition topics.
 *   P3  `nodes` of a sub-topology is topologically ordered, with a repartition as a sink here and a source there.
 *   P4  A store belongs to one sub-topology and has one changelog, with a partition for each of its tasks.
 */
import type { Serde, Serializer } from '@millrace/core'
import type { TaskNode } from '../graph/cut.ts'
import type { Callback } from '../graph/callbacks.ts'
import type { Windows } from '../time/windows.ts'

export interface Plan {
  readonly applicationId: string
  /** `subTopologies[i].id === i`. */
  readonly subTopologies: readonly SubTopology[]
  readonly globalTables: readonly GlobalTable[]
  /** Sorted by topic: changelogs and repartition topics. */
  readonly internalTopics: readonly InternalTopic[]
  /** Topics that must be there before: sources and global tables, sorted. */
  readonly sourceTopics: readonly string[]
}

/** A part of the graph that one task runs without a topic between. */
export interface SubTopology {
  readonly id: number
  readonly sources: readonly SourceSpec[]
  /** For `buildTopology`. */
  readonly nodes: readonly TaskNode[]
  readonly stores: readonly StoreSpec[]
  readonly sinks: readonly SinkSpec[]
  /** Operators that keep a stream time, by the name of their store, sorted. */
  readonly streamTimes: readonly string[]
  /** Global tables that its joins read, by the name of their store. */
  readonly globalStores: readonly string[]
  /** Groups of source topics whose equal keys must meet in one task: what reaches the same keyed operator. */
  readonly together: readonly TopicsTogether[]
}

/** One input topic. The runtime decodes and hands the record to `source(topic).next`. */
export interface SourceSpec {
  readonly topic: string
  /** The node in messages. */
  readonly node: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Written by this application: made by it, and ended when its writers are. */
  readonly internal: boolean
  /** What gives a record its time; absent or null: the log. */
  readonly timestamp?: Callback<number> | null
  /** `latest`: a partition without a committed position begins at its end. */
  readonly reset?: 'latest' | null
}

export interface SinkSpec {
  /** What the operator asks for with `context.output(name)`. */
  readonly name: string
  /** Null: chosen for each record. */
  readonly topic: string | null
  /** What must be there; null: any topic may be chosen. */
  readonly topics: readonly string[] | null
  readonly key: Serializer<unknown>
  readonly value: Serializer<unknown>
  /** The bytes that decide the partition where they are not the key's own: windowed keys lie where their inner key lies. */
  readonly partitionBy: Serializer<unknown> | null
  /** The partition of a record, or the bytes that decide it, where its value says so; null from it: as without. */
  readonly route: ((key: unknown, value: unknown) => number | Uint8Array | string | null) | null
  readonly internal: boolean
}

export type StoreSpec = KeyValueStoreSpec | WindowStoreSpec | TimeRowsSpec | WaitingStoreSpec

interface AnyStoreSpec {
  readonly name: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** `<applicationId>-<name>-changelog`, until the application starts and settles it (runtime/changelogs.ts). */
  readonly changelog: string
  /** Whose topic that is: the application's own, or the source topic of a table, which others write. `none`: it has no changelog. */
  readonly changelogKind: 'own' | 'source' | 'none'
  /** The topic whose records are the rows unchanged; null: there is none. */
  readonly source: SourceOfRows | null
  readonly layout: RowLayout
  /** It lives in memory alone, restored from its changelog, if it has one. Default: it has rows in the engine. */
  readonly inMemory?: boolean
}

/** What the rows of a store hold, for whoever shows them. */
export type RowLayout =
  /** The user's keys and values; in a window store by the starts of windows. */
  | { readonly kind: 'plain' }
  | StretchesLayout
  | VersionsLayout
  /** What an operator remembers for itself. */
  | { readonly kind: 'internal' }

/** A row holds the windows of a key in a stretch of time (`TimedValues`): sessions stand at their ends, other windows at their starts. */
export interface StretchesLayout {
  readonly kind: 'stretches'
  readonly windows: Windows
  readonly widthMs: number
}

/** A row holds the versions of a key, newest first. */
export interface VersionsLayout {
  readonly kind: 'versions'
  readonly historyMs: number
}

interface SourceOfRows {
  readonly topic: string
  /** An operator behind the table goes wrong without the value that an update replaces. */
  readonly replacedMatter: boolean
}

export interface StoreIndex {
  readonly name: string
  readonly key: Serde<unknown>
  readonly of: (value: never, key: never) => unknown
}

interface KeyValueStoreSpec extends AnyStoreSpec {
  readonly kind: 'keyValue'
  /** How long a row lives by stream time without being written. Default: for ever. */
  readonly ttlMs?: number
  /** What else its rows are found by. Default: nothing. */
  readonly indexes?: readonly StoreIndex[]
}

/** Records that wait for a time, by time and key. */
interface WaitingStoreSpec extends AnyStoreSpec {
  readonly kind: 'waiting'
}

interface WindowStoreSpec extends AnyStoreSpec {
  readonly kind: 'window'
  /** Null: it holds what an operator or a processor keeps by time, and no windows of the user. */
  readonly windows: Windows | null
}

/** Values of keys by time: a row of a key for each stretch of time. */
interface TimeRowsSpec extends AnyStoreSpec {
  readonly kind: 'timeRows'
  readonly widthMs: number
}

/** Held whole by every instance, filled from all partitions of the topic, which is its changelog. */
export interface GlobalTable {
  readonly store: string
  readonly topic: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

export type InternalTopic = ChangelogTopic | RepartitionTopic

export interface ChangelogTopic {
  readonly kind: 'changelog'
  readonly topic: string
  readonly store: string
  /** It has as many partitions as this sub-topology has tasks. */
  readonly subTopology: number
  /** Kafka's names and values, as Kafka Streams sets them. */
  readonly config: Readonly<Record<string, string>>
}

export interface RepartitionTopic {
  readonly kind: 'repartition'
  readonly topic: string
  /** As the user gave it. */
  readonly name: string
  /** Null: the most that any of `inherits` has. */
  readonly partitions: number | null
  /** The source topics whose records come here. */
  readonly inherits: readonly string[]
  /** The sub-topologies that write it: its reader has ended when all their tasks have. */
  readonly writers: readonly number[]
  readonly reader: number
  readonly config: Readonly<Record<string, string>>
}

/** Topics that need equal partition counts. */
export interface TopicsTogether {
  /** The operator that needs it, and its store, if it has one. */
  readonly node: string
  readonly store: string | null
  readonly topics: readonly string[]
}

/** The plan over topics with known partition counts. */
export interface Layout {
  readonly tasks: readonly TaskSpec[]
  /** What has to be made, sorted by topic. */
  readonly internalTopics: readonly NewInternalTopic[]
}

export interface TaskSpec {
  /** `<sub-topology>_<partition>` */
  readonly id: string
  readonly subTopology: number
  readonly partition: number
  /** Partition `partition` of every source topic that has so many. */
  readonly inputs: readonly string[]
}

export interface NewInternalTopic {
  readonly topic: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}
