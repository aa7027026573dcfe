/** Names and settings of the topics that belong to an application, as Kafka Streams has them. */
import { isLegalName } from '../graph/names.ts'
import { streamError } from '../time/stream-errors.ts'
import type { ChangelogTopic, InternalTopic, RepartitionTopic, StoreSpec, SubTopology } from './plan.ts'
import { sourceTopicsBehind } from './source-topics.ts'

type Config = Readonly<Record<string, string>>

const compacted: Config = { 'cleanup.policy': 'compact' }

const repartitioned: Config = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': String(50 * 2 ** 20) }

/** @throws TOPOLOGY_NAME_INVALID when the whole is no legal name of a topic any more. */
export function changelogTopic(applicationId: string, store: string): string {
  return checked(`${applicationId}-${store}-changelog`)
}

/** @throws TOPOLOGY_NAME_INVALID when the whole is no legal name of a topic any more. */
export function repartitionTopic(applicationId: string, name: string): string {
  return checked(`${applicationId}-${name}-repartition`)
}

/** Whether a topic has the name of one that belongs to the application, of this version of it or another one. */
export function isInternal(topic: string, applicationId: string): boolean {
  return topic.startsWith(`${applicationId}-`) && (topic.endsWith('-changelog') || topic.endsWith('-repartition'))
}

/** All changelogs and repartition topics, sorted by name. */
export function internalTopicsOf(subTopologies: readonly SubTopology[]): readonly InternalTopic[] {
  const changelogs = subTopologies.flatMap(({ id, stores }) =>
    stores.filter(({ changelogKind }) => changelogKind !== 'none').map((store) => changelogOf(store, id)),
  )
  const repartitions = subTopologies.flatMap((writer) => repartitionsOf(writer, subTopologies))
  return [...changelogs, ...repartitions].toSorted((a, b) => (a.topic < b.topic ? -1 : 1))
}

/**
 * Kafka Streams also deletes rows of windows by age. Here a closed window writes a tombstone for each of its rows, so compaction
 * alone empties the changelog, and a job over old event times never loses rows that it still needs.
 */
function changelogOf(store: StoreSpec, subTopology: number): ChangelogTopic {
  return { kind: 'changelog', topic: store.changelog, store: store.name, subTopology, config: compacted }
}

/** A repartition has one writing half, so one sub-topology writes its topic. */
function repartitionsOf(writer: SubTopology, subTopologies: readonly SubTopology[]): RepartitionTopic[] {
  const behind = sourceTopicsBehind(writer.nodes)
  return writer.nodes.flatMap((node): RepartitionTopic[] => {
    if (node.kind !== 'to' || node.repartition === null) return []
    const { topic, repartition } = node
    const reader = subTopologies.find(({ sources }) => sources.some((source) => source.topic === topic))!.id
    const { topicName: name, partitions } = repartition
    const inherits = repartition.follows === true ? [] : (behind.get(node.name) ?? [])
    return [{ kind: 'repartition', topic, name, partitions, inherits, writers: [writer.id], reader, config: repartitioned }]
  })
}

function checked(topic: string): string {
  if (isLegalName(topic)) return topic
  throw streamError('TOPOLOGY_NAME_INVALID', { what: 'the name of an internal topic is not allowed', received: topic })
}
