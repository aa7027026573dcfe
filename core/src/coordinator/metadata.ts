import { coreError } from '../base/error-catalogue.ts'
import type { TopicId } from '../base/ids.ts'
import { accessRulePrefix, AccessRules } from './access-rules.ts'
import { groupConfigPrefix, GroupConfigs } from './group-config.ts'
import { scramPrefix, ScramCredentials, scramSecretKey } from './scram-credentials.ts'
import { ClientQuotas, quotaPrefix } from './client-quotas.ts'
import { checkTopicConfig, type TopicConfig } from './topic-config.ts'

/**
 * What the log is made of: topics with their settings, and which producer ids are given away. Replayed from
 * `__millrace_meta-0`, an ordinary compacted partition: text keys, JSON values with a version.
 *
 *   topic/<name>   { v: 1, topicId, partitions, config, internal, replicationFactor }     null: deleted; the last if it is not 1
 *   deleting/<id>  { v: 1, topic, partitions }                         folders that are to be removed; null: they are
 *   producer-ids   { v: 1, next }                                      ids below `next` may have been used
 *   access-rule/…  see `AccessRules`
 *   group-config/… see `group-config.ts`
 *   scram/…        see `scram-credentials.ts`
 *   quota/…        see `client-quotas.ts`
 *
 * Invariants
 *   M1  `replay` is the only way state changes, when serving and when recovering.
 *   M2  A producer id is never given twice, whatever crashes: a block counts as used once its record is durable.
 */
export interface MetadataRecord {
  readonly key: string
  readonly value: string | null
}

export interface TopicMetadata {
  readonly topic: string
  readonly topicId: TopicId
  readonly partitions: number
  readonly config: TopicConfig
  readonly internal: boolean
  /** What clients asked for and are shown; there is one copy all the same. Absent: 1. */
  readonly replicationFactor?: number | undefined
}

/** A topic that is gone, and whose folders may not be yet. */
export interface DeletedTopic {
  readonly topicId: TopicId
  readonly topic: string
  readonly partitions: number
}

const version = 1
export const maxPartitions = 100_000
const namePattern = /^[a-zA-Z0-9._-]{1,249}$/

export class Metadata {
  readonly accessRules: AccessRules = new AccessRules()
  private readonly topics = new Map<string, TopicMetadata>()
  /** Names of topics by how they look with every "." written as "_". */
  /** By id. */
  private readonly names = new Map<TopicId, string>()
  private readonly flatNames = new Map<string, string>()
  private readonly leaving = new Map<TopicId, DeletedTopic>()
  private producerIds = 0
  readonly scramCredentials: ScramCredentials = new ScramCredentials()
  readonly clientQuotas: ClientQuotas = new ClientQuotas()
  readonly groupConfigs: GroupConfigs = new GroupConfigs()

  get allTopics(): Iterable<TopicMetadata> {
    return this.topics.values()
  }

  topic(name: string): TopicMetadata | undefined {
    return this.topics.get(name)
  }

  get deletedTopics(): readonly DeletedTopic[] {
    return [...this.leaving.values()]
  }

  /** Of a topic by its id. */
  nameOf(topicId: TopicId): string | undefined {
    return this.names.get(topicId)
  }

  /** The first producer id that was never reserved. */
  get nextProducerId(): number {
    return this.producerIds
  }

  /** @throws INVALID_TOPIC_NAME, TOPIC_EXISTS, INVALID_PARTITIONS, INVALID_TOPIC_CONFIG */
  createTopic(topic: TopicMetadata): MetadataRecord {
    checkTopicName(topic.topic)
    if (this.topics.has(topic.topic)) throw coreError('TOPIC_EXISTS', { what: 'the topic is there already', where: topic.topic })
    this.checkCollision(topic.topic)
    checkPartitions(topic, 1)
    checkTopicConfig(topic.topic, topic.config)
    return topicRecord(topic)
  }

  /** A draft to validate several changes against each other before any is queued. */
  copy(): Metadata {
    const copy = new Metadata()
    for (const [name, topic] of this.topics) copy.topics.set(name, topic)
    for (const [flat, name] of this.flatNames) copy.flatNames.set(flat, name)
    for (const [id, name] of this.names) copy.names.set(id, name)
    copy.producerIds = this.producerIds
    return copy
  }

  /** Kafka's metric names make no difference between '.' and '_', so two topics may not differ by it alone. */
  private checkCollision(name: string): void {
    const other = this.flatNames.get(flatName(name))
    if (other === undefined) return
    throw coreError('INVALID_TOPIC_NAME', { what: `the name differs from topic ${other} only by "." and "_"`, where: name })
  }

  /** @throws UNKNOWN_TOPIC */
  deleteTopic(name: string): MetadataRecord[] {
    const { topicId, topic, partitions } = this.mustHave(name)
    return [
      { key: `topic/${name}`, value: null },
      { key: `deleting/${topicId}`, value: JSON.stringify({ v: version, topic, partitions }) },
    ]
  }

  /** The folders of a deleted topic are removed. */
  foldersRemoved(topicId: TopicId): MetadataRecord {
    return { key: `deleting/${topicId}`, value: null }
  }

  /** @throws UNKNOWN_TOPIC, INVALID_TOPIC_CONFIG */
  alterTopicConfig(name: string, changes: Readonly<Record<string, string | null>>): MetadataRecord {
    const topic = this.mustHave(name)
    // Not by assignment: to a setting of the name __proto__ nothing can be assigned, and it would go unrefused.
    const entries = Object.entries({ ...topic.config, ...changes })
    const config = Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null))
    checkTopicConfig(name, config)
    return topicRecord({ ...topic, config })
  }

  /** @throws UNKNOWN_TOPIC, INVALID_PARTITIONS */
  addPartitions(name: string, partitions: number): MetadataRecord {
    const topic = this.mustHave(name)
    checkPartitions({ topic: name, partitions }, topic.partitions + 1)
    return topicRecord({ ...topic, partitions })
  }

  reserveProducerIds(count: number): MetadataRecord {
    return { key: 'producer-ids', value: JSON.stringify({ v: version, next: this.producerIds + count }) }
  }

  private mustHave(name: string): TopicMetadata {
    const topic = this.topics.get(name)
    if (topic === undefined) throw coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where: name })
    return topic
  }

  replay({ key, value }: MetadataRecord): void {
    if (key.startsWith('topic/')) this.replayTopic(key.slice('topic/'.length), value)
    else if (key.startsWith('deleting/')) this.replayDeleting(key.slice('deleting/'.length), value)
    else if (key.startsWith(accessRulePrefix)) this.replayAccessRule(key, value)
    else if (key.startsWith(groupConfigPrefix)) this.groupConfigs.replay(key, value)
    else if (key.startsWith(scramPrefix) || key === scramSecretKey) this.scramCredentials.replay(key, value)
    else if (key.startsWith(quotaPrefix)) this.clientQuotas.replay({ key, value })
    else if (key === 'producer-ids' && value !== null) this.producerIds = parse<{ readonly next: number }>(key, value).next
    else
      throw coreError('UNSUPPORTED_FORMAT', {
        what: 'the metadata holds a record of a kind this version does not know',
        where: key,
      })
  }

  private replayTopic(topic: string, value: string | null): void {
    const before = this.topics.get(topic)
    if (before !== undefined) this.names.delete(before.topicId)
    if (value === null) {
      this.topics.delete(topic)
      this.flatNames.delete(flatName(topic))
      return
    }
    const { v: _, ...metadata } = parse<Omit<TopicMetadata, 'topic'> & { readonly v: number }>(`topic/${topic}`, value)
    this.topics.set(topic, { topic, ...metadata })
    this.names.set(metadata.topicId, topic)
    this.flatNames.set(flatName(topic), topic)
  }

  private replayAccessRule(key: string, value: string | null): void {
    if (value !== null) parse(key, value)
    this.accessRules.replay(key.slice(accessRulePrefix.length), value)
  }

  private replayDeleting(topicId: TopicId, value: string | null): void {
    if (value === null) this.leaving.delete(topicId)
    else {
      const { topic, partitions } = parse<Omit<DeletedTopic, 'topicId'>>(`deleting/${topicId}`, value)
      this.leaving.set(topicId, { topicId, topic, partitions })
    }
  }
}

/** @throws INVALID_PARTITIONS */
function checkPartitions({ topic, partitions }: Pick<TopicMetadata, 'topic' | 'partitions'>, least: number): void {
  if (Number.isInteger(partitions) && partitions >= least && partitions <= maxPartitions) return
  throw coreError('INVALID_PARTITIONS', {
    what: 'the number of partitions is out of range',
    where: topic,
    expected: `${least} to ${maxPartitions}`,
    received: partitions,
  })
}

function topicRecord({ topic, topicId, partitions, config, internal, replicationFactor }: TopicMetadata): MetadataRecord {
  const value = { v: version, topicId, partitions, config, internal }
  return { key: `topic/${topic}`, value: JSON.stringify(isPlain(replicationFactor) ? value : { ...value, replicationFactor }) }
}

function isPlain(replicationFactor: number | undefined): boolean {
  return replicationFactor === undefined || replicationFactor === 1
}

function parse<T>(key: string, value: string): T {
  const parsed = objectIn(value)
  if (parsed?.v !== version) {
    throw coreError('UNSUPPORTED_FORMAT', {
      what: 'a metadata record has another version',
      where: key,
      expected: version,
      received: String(parsed === null ? 'no object' : parsed.v),
    })
  }
  return parsed as T
}

function objectIn(json: string): { readonly v?: unknown } | null {
  try {
    const parsed: unknown = JSON.parse(json)
    return typeof parsed === 'object' ? parsed : null
  } catch {
    return null
  }
}

function flatName(name: string): string {
  return name.replaceAll('.', '_')
}

/** Kafka's rule. @throws INVALID_TOPIC_NAME */
export function checkTopicName(name: string): void {
  if (namePattern.test(name) && name !== '.' && name !== '..') return
  throw coreError('INVALID_TOPIC_NAME', {
    what: 'the topic name is not legal',
    where: JSON.stringify(name.slice(0, 260)),
  })
}
