import type { Serde } from '@millrace/core'
import type { TaskNode, TaskSink, TaskSource } from '../graph/cut.ts'
import { taskTime } from '../time/task-time.ts'
import { timedValues } from '../time/timed-values.ts'
import { partitionerOf } from '../time/windowed.ts'
import type { Windows } from '../time/windows.ts'
import type { KeptStore } from '../graph/stateful-nodes.ts'
import { changelogTopic } from './internal-topics.ts'
import type { SinkSpec, SourceSpec, StoreSpec, SubTopology, TopicsTogether } from './plan.ts'
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
    stores: [...nodes.flatMap((node) => storesOf(node, applicationId)), ...declaredStoresOf(nodes, applicationId)],
    sinks: nodes.filter((node) => node.kind === 'to').map(sinkOf),
    streamTimes: [
      ...stores.filter(keepsTime).map(({ store }) => store),
      ...stateful.flatMap(({ times }) => times),
      ...taskTimeOf(nodes),
    ].toSorted(),
    globalStores: [...new Set(nodes.flatMap((node) => (node.kind === 'join-global' ? [node.table] : [])))].toSorted(),
    together: togetherOf(nodes),
  }
}

/** What processors share is there once. */
function declaredStoresOf(nodes: readonly TaskNode[], applicationId: string): readonly StoreSpec[] {
  const declared = new Set(nodes.flatMap((node) => (node.kind === 'process' ? node.stateStores : [])))
  return Array.from(declared, ({ kind, name, key, value }) => {
    const changelog = changelogTopic(applicationId, name)
    return kind === 'keyValue' ? { kind, name, key, value, changelog } : { kind, name, key, value, changelog, windows: null }
  })
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

function storesOf(node: TaskNode, applicationId: string): readonly StoreSpec[] {
  if (hasStore(node)) return [storeOf(node, applicationId)]
  if (!isStateful(node)) return []
  return node.kept.map((kept) => ({ ...kept, changelog: changelogTopic(applicationId, kept.name) }))
}

function sourcesOf({ name, topics, key, value, repartition }: TaskSource): SourceSpec[] {
  return topics.map((topic) => ({ topic, node: name, key, value, internal: repartition !== null }))
}

function storeOf(node: StoreNode, applicationId: string): StoreSpec {
  const { store: name, key, value } = node
  const changelog = changelogTopic(applicationId, name)
  if (node.kind !== 'window-aggregate')
    return { kind: node.kind === 'join-table-later' ? 'waiting' : 'keyValue', name, key, value, changelog }
  const { windows } = node
  return { kind: 'window', name, key, value: isByTime(windows) ? rowsOf(value) : value, changelog, windows }
}

function keepsTime(node: StoreNode): boolean {
  if (node.kind === 'table') return node.historyMs !== null
  return node.kind === 'window-aggregate' || node.kind === 'join-table-later'
}

/** Their bounds come from the records: a row holds what a key has in a stretch of time (operators/time-rows.ts). */
function isByTime({ kind }: Windows): boolean {
  return kind === 'sliding' || kind === 'session'
}

function rowsOf(value: Serde<unknown>): Serde<unknown> {
  return timedValues(value) as Serde<unknown>
}

function sinkOf({ name, topic, key, value, repartition }: TaskSink): SinkSpec {
  return {
    name,
    topic,
    key,
    value,
    partitionBy: partitionerOf(key),
    route: repartition?.route ?? null,
    internal: repartition !== null,
  }
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
