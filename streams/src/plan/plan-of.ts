import { cut, type TaskNode } from '../graph/cut.ts'
import { isLegalName } from '../graph/names.ts'
import type { GlobalTableNode } from '../graph/node.ts'
import type { Topology } from '../graph/topology.ts'
import { streamError } from '../time/stream-errors.ts'
import { internalTopicsOf, isInternal, repartitionTopic } from './internal-topics.ts'
import { matchTopics } from './match-topics.ts'
import { checkStreamTimes } from './operator-id.ts'
import type { GlobalTable, Plan, SubTopology } from './plan.ts'
import { subTopologyOf } from './sub-topology-of.ts'

/**
 * The physical plan of a topology under an application id.
 * @param topics all topics of the log, for sources by pattern. Null: they match nothing yet, and the plan cannot be laid out
 * @throws INVALID_STREAM_OPTION when the id cannot be part of topic names; TOPOLOGY_NAME_INVALID when the name of an internal
 *   topic becomes too long; TOPOLOGY_NAME_TAKEN when the topology itself reads or writes an internal topic by its name;
 *   TOPOLOGY_INVALID when a task could not commit the times of its windows.
 */
export function planOf(topology: Topology, applicationId: string, topics: readonly string[] | null = null): Plan {
  if (!isLegalName(applicationId)) throw badId(applicationId)
  const foreign = topics?.filter((topic) => !isInternal(topic, applicationId)) ?? null
  const nodes = foreign === null ? topology.nodes : matchTopics(topology.nodes, foreign)
  const subTopologies = cut(nodes).map(({ id, nodes: part }) =>
    subTopologyOf(
      id,
      part.map((node) => withTopics(node, applicationId)),
      applicationId,
    ),
  )
  for (const subTopology of subTopologies) checkStreamTimes(subTopology)
  const globalTables = topology.nodes.filter((node) => node.kind === 'global-table').map(globalTableOf)
  const internalTopics = internalTopicsOf(subTopologies)
  checkApart(subTopologies, globalTables, new Set(internalTopics.map(({ topic }) => topic)))
  return { applicationId, subTopologies, globalTables, internalTopics, sourceTopics: sourceTopicsOf(subTopologies, globalTables) }
}

/** The halves of a repartition get the topic's full name. */
function withTopics(node: TaskNode, applicationId: string): TaskNode {
  if ((node.kind !== 'to' && node.kind !== 'source') || node.repartition === null) return node
  const topic = repartitionTopic(applicationId, node.repartition.topicName)
  return node.kind === 'to' ? { ...node, topic } : { ...node, topics: [topic] }
}

function globalTableOf({ store, topic, key, value }: GlobalTableNode): GlobalTable {
  return { store, topic, key, value }
}

function sourceTopicsOf(subTopologies: readonly SubTopology[], tables: readonly GlobalTable[]): readonly string[] {
  const external = subTopologies.flatMap(({ sources }) => sources.filter(({ internal }) => !internal))
  return [...external, ...tables].map(({ topic }) => topic).toSorted()
}

/** What the user names as a source, table or sink must not be a topic that the application makes for itself. */
function checkApart(subTopologies: readonly SubTopology[], tables: readonly GlobalTable[], internal: ReadonlySet<string>): void {
  const read = subTopologies.flatMap(({ sources }) => sources.filter((one) => !one.internal).map(({ topic }) => topic))
  const written = subTopologies.flatMap(({ sinks }) => sinks.filter((one) => !one.internal).flatMap(({ topics }) => topics ?? []))
  for (const topic of [...read, ...written, ...tables.map((table) => table.topic)]) {
    if (!internal.has(topic)) continue
    throw streamError('TOPOLOGY_NAME_TAKEN', {
      what: 'the topology names a topic that belongs to the application itself',
      where: topic,
    })
  }
}

function badId(applicationId: unknown): Error {
  return streamError('INVALID_STREAM_OPTION', {
    what: 'the application id is part of topic names',
    where: 'applicationId',
    expected: '1 to 249 of a-z, A-Z, 0-9, ".", "_" and "-"',
    received: JSON.stringify(applicationId) ?? 'nothing',
  })
}
