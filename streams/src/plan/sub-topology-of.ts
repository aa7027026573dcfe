import type { Serde } from '@millrace/core'
import type { TaskNode, TaskSink, TaskSource } from '../graph/cut.ts'
import { taskTime } from '../time/task-time.ts'
import { timedValues } from '../time/timed-values.ts'
import { partitionerOf } from '../time/windowed.ts'
import { millis } from '../time/duration.ts'
import { isByTime, stretchMs } from '../time/stretches.ts'
import type { KeptStore } from '../graph/stateful-nodes.ts'
import type { StoreDeclaration } from '../graph/stores.ts'
import { versions } from '../graph/table-serdes.ts'
import { changelogTopic } from './internal-topics.ts'
import type { RowLayout, SinkSpec, SourceSpec, StoreSpec, SubTopology, TopicsTogether } from './plan.ts'
import { sourceTopicsBehind } from './source-topics.ts'

type StoreNode = Extract<TaskNode, { readonly store: string }>
type StatefulNode = Extract<TaskNode, { readonly kept: readonly KeptStore[] }>

/** What a task of these nodes reads, keeps and writes. */
export function subTopologyOf(id: number, nodes: readonly TaskNode[], applicationId: string): SubTopology {
  const stores = nodes.filter(hasStore)
  const stateful = nodes.filter(isStateful)
  return {
    id,
    nodes,
    sources: nodes.filter((node) => node.kind === 'source').flatMap(sourcesOf),
    stores: [...nodes.flatMap((node) => storesOf(node, nodes, applicationId)), ...declaredStoresOf(nodes, applicationId)],
    sinks: nodes.flatMap((node) => (node.kind === 'to' ? [sinkOf(node)] : node.kind === 'route' ? [routedSinkOf(node)] : [])),
    streamTimes: [
      ...stores.filter(keepsTime).map(({ store }) => store),
      ...stateful.flatMap(({ times }) => times),
      ...taskTimeOf(nodes),
      ...timesOfVersioned(nodes),
    ].toSorted(),
    globalStores: [...new Set(nodes.flatMap((node) => (node.kind === 'join-global' ? [node.table] : [])))].toSorted(),
    together: togetherOf(nodes),
  }
}

/** What processors share is there once. */
function declaredStoresOf(nodes: readonly TaskNode[], applicationId: string): readonly StoreSpec[] {
  const declared = new Set(nodes.flatMap((node) => (node.kind === 'process' ? node.stateStores : [])))
  return Array.from(declared, (store) => declaredStoreOf(store, applicationId))
}

function declaredStoreOf(declared: StoreDeclaration, applicationId: string): StoreSpec {
  const { kind, name, key, value, inMemory } = declared
  const common = {
    name,
    key,
    value,
    ...ownChangelog(applicationId, name),
    ...(inMemory !== null && { inMemory: true }),
    ...(inMemory === 'lossy' && { changelogKind: 'none' as const }),
    layout: plain,
  }
  switch (kind) {
    case 'keyValue':
      return { kind, ...common, ...lifeAndIndexesOf(declared) }
    case 'window':
      return { kind, ...common, windows: null }
    case 'versioned':
      return {
        kind: 'keyValue',
        ...common,
        value: versions(value) as Serde<unknown>,
        layout: { kind: 'versions', historyMs: declared.historyMs },
      }
    case 'session':
      return { kind: 'timeRows', ...common, value: rowsOf(value), widthMs: declared.widthMs, layout: sessionsOf(declared) }
    default:
      return declared
  }
}

/** A processor joins them as it likes: they stay until they expire. */
function sessionsOf({ widthMs }: { readonly widthMs: number }): RowLayout {
  return { kind: 'stretches', windows: { kind: 'session', gap: millis(1), grace: 'end-of-input' }, widthMs }
}

function lifeAndIndexesOf({ ttlMs, indexes }: Extract<StoreDeclaration, { readonly kind: 'keyValue' }>) {
  return { ...(ttlMs !== null && { ttlMs }), ...(indexes.length > 0 && { indexes }) }
}

/** Versions have a time of their own: the greatest that was put. */
function timesOfVersioned(nodes: readonly TaskNode[]): readonly string[] {
  const declared = new Set(nodes.flatMap((node) => (node.kind === 'process' ? node.stateStores : [])))
  return Array.from(declared).flatMap(({ kind, name }) => (kind === 'versioned' ? [name] : []))
}

/** Processors see the stream time of their task, so that it has to be kept. */
function taskTimeOf(nodes: readonly TaskNode[]): readonly string[] {
  return nodes.some(({ kind }) => kind === 'process') ? [taskTime] : []
}

function hasStore(node: TaskNode): node is StoreNode {
  return 'store' in node
}

function isStateful(node: TaskNode): node is StatefulNode {
  return 'kept' in node
}

function storesOf(node: TaskNode, nodes: readonly TaskNode[], applicationId: string): readonly StoreSpec[] {
  if (hasStore(node)) return [storeOf(node, nodes, applicationId)]
  if (!isStateful(node)) return []
  return node.kept.map((kept) => ({
    ...kept,
    ...ownChangelog(applicationId, kept.name),
    layout: kept.kind === 'keyValue' && kept.isInner !== true ? plain : internal,
  }))
}

function sourcesOf({ name, topics, key, value, repartition, settings }: TaskSource): SourceSpec[] {
  const { timestamp = null, reset = null } = settings ?? {}
  return topics.map((topic) => ({ topic, node: name, key, value, internal: repartition !== null, timestamp, reset }))
}

function storeOf(node: StoreNode, nodes: readonly TaskNode[], applicationId: string): StoreSpec {
  const { store: name, key, value } = node
  const settled = { ...ownChangelog(applicationId, name), source: sourceOf(node, nodes), layout: layoutOf(node) }
  const common = { name, key, value, ...settled }
  if (node.kind === 'window-aggregate') {
    const { windows } = node
    return { kind: 'window', ...common, value: isByTime(windows) ? rowsOf(value) : value, windows }
  }
  if (node.kind === 'suppress') return { kind: 'window', ...common, value: rowsOf(value), windows: null }
  return { kind: node.kind === 'join-table-later' ? 'waiting' : 'keyValue', ...common }
}

const plain: RowLayout = { kind: 'plain' }
const internal: RowLayout = { kind: 'internal' }

function layoutOf(node: StoreNode): RowLayout {
  switch (node.kind) {
    case 'window-aggregate': {
      const { windows } = node
      return isByTime(windows) ? { kind: 'stretches', windows, widthMs: stretchMs(windows) } : plain
    }
    case 'table':
      return node.historyMs === null ? plain : { kind: 'versions', historyMs: node.historyMs }
    case 'suppress':
    case 'join-table-later':
    case 'foreign-answer':
      return internal
    default:
      return plain
  }
}

function ownChangelog(applicationId: string, name: string): Pick<StoreSpec, 'changelog' | 'changelogKind' | 'source'> {
  return { changelog: changelogTopic(applicationId, name), changelogKind: 'own', source: null }
}

function sourceOf(node: StoreNode, nodes: readonly TaskNode[]): StoreSpec['source'] {
  if (node.kind !== 'table' || node.topic === null) return null
  return { topic: node.topic, replacedMatter: reachedFrom(node, nodes).some(needsReplaced) }
}

/** Everything that the records of the node come to in its task. */
function reachedFrom({ name }: TaskNode, nodes: readonly TaskNode[]): readonly TaskNode[] {
  const reached = new Set([name])
  for (const node of nodes) if (node.inputs.some((input) => reached.has(input))) reached.add(node.name)
  return nodes.filter((node) => reached.has(node.name))
}

function needsReplaced(node: TaskNode): boolean {
  if (node.kind === 'table-join') return node.sides !== 'inner'
  return ['table-filter', 'table-regroup', 'foreign-subscribe', 'emit-every-commit'].includes(node.kind)
}

function keepsTime(node: StoreNode): boolean {
  if (node.kind === 'table') return node.historyMs !== null
  return ['window-aggregate', 'suppress', 'join-table-later'].includes(node.kind)
}

function rowsOf(value: Serde<unknown>): Serde<unknown> {
  return timedValues(value) as Serde<unknown>
}

function sinkOf({ name, topic, key, value, repartition }: TaskSink): SinkSpec {
  return {
    name,
    topic,
    topics: [topic],
    key,
    value,
    partitionBy: partitionerOf(key),
    route: repartition?.route ?? null,
    internal: repartition !== null,
  }
}

function routedSinkOf({ name, topic, topics, key, value }: Extract<TaskNode, { readonly kind: 'route' }>): SinkSpec {
  const known = typeof topic === 'string' ? topic : null
  return { name, topic: known, topics, key, value, partitionBy: partitionerOf(key), route: null, internal: false }
}

/** Totals and joins are per key, so all records of a key must come to one task. */
function togetherOf(nodes: readonly TaskNode[]): readonly TopicsTogether[] {
  const behind = sourceTopicsBehind(nodes)
  return nodes
    .filter((node) => hasStore(node) || isStateful(node) || meets.has(node.kind))
    .map((node) => ({ node: node.name, store: firstStoreOf(node), topics: behind.get(node.name) ?? [] }))
    .filter(({ topics }) => topics.length > 1)
}

/** Operators that look up the rows of another input. */
const meets: ReadonlySet<TaskNode['kind']> = new Set<TaskNode['kind']>(['table-join', 'join-table', 'foreign-resolve'])

function firstStoreOf(node: TaskNode): string | null {
  if (isStateful(node)) return node.kept[0]!.name
  return hasStore(node) ? node.store : null
}
