import type { TopicPartition } from '../base/ids.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'

/**
 * What consumers tell each other through the coordinator, in the bytes of Kafka's ConsumerProtocol: version 0 {topics, user
 * data}, 1 adds the partitions that are owned (KIP-429), 2 the generation (KIP-792), 3 the rack (KIP-881). A newer version
 * only adds fields behind these, so it is read as version 3.
 */
export interface Subscription {
  readonly topics: readonly string[]
  readonly userData: Uint8Array | null
  readonly owned: readonly TopicPartition[]
  /** In which `owned` was assigned; -1 unknown. */
  readonly generation: number
  readonly rackId: string | null
}

export interface PartitionAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Uint8Array | null
}

/** The protocol type of groups of consumers. */
export const consumerProtocolType = 'consumer'

const newestVersion = 3
const where = 'a member of a group'

export function writeSubscription(subscription: Subscription, version: 0 | 1 | 2 | 3 = newestVersion): Uint8Array {
  const { topics, userData, owned, generation, rackId } = subscription
  const writer = new RecordWriter().i16(version).i32(topics.length)
  for (const topic of topics) writer.string(topic)
  writer.nullableBytes(userData)
  if (version >= 1) writePartitions(writer, owned)
  if (version >= 2) writer.i32(generation)
  if (version >= 3) writer.nullableString(rackId)
  return writer.bytes()
}

/** @throws UNSUPPORTED_FORMAT when it ends early */
export function readSubscription(bytes: Uint8Array): Subscription {
  const reader = new RecordReader(bytes, where)
  const version = reader.i16()
  const topics: string[] = []
  for (let left = reader.count(); left > 0; left--) topics.push(reader.string())
  const userData = reader.nullableBytes()
  const owned = version >= 1 ? readPartitions(reader) : []
  const generation = version >= 2 ? reader.i32() : -1
  const rackId = version >= 3 ? reader.nullableString() : null
  return { topics, userData, owned, generation, rackId }
}

/** Bytes that cannot be read are taken to subscribe to everything: nobody deletes offsets on their account. */
export function subscribesTo(subscription: Uint8Array, topic: string): boolean {
  try {
    return readSubscription(subscription).topics.includes(topic)
  } catch {
    return true
  }
}

/** Whether two subscriptions are to the same topics; of bytes that cannot be read, whether they are the same. */
export function sameTopics(a: Uint8Array, b: Uint8Array): boolean {
  if (Buffer.compare(a, b) === 0) return true
  try {
    const [first, second] = [new Set(readSubscription(a).topics), new Set(readSubscription(b).topics)]
    return first.size === second.size && [...first].every((topic) => second.has(topic))
  } catch {
    return false
  }
}

export function writeAssignment(
  { partitions, userData }: PartitionAssignment,
  version: 0 | 1 | 2 | 3 = newestVersion,
): Uint8Array {
  const writer = new RecordWriter().i16(version)
  writePartitions(writer, partitions)
  return writer.nullableBytes(userData).bytes()
}

/** No bytes are no partitions, as the leader gives members that it does not know. @throws UNSUPPORTED_FORMAT */
export function readAssignment(bytes: Uint8Array): PartitionAssignment {
  if (bytes.length === 0) return { partitions: [], userData: null }
  const reader = new RecordReader(bytes, where)
  reader.i16()
  return { partitions: readPartitions(reader), userData: reader.nullableBytes() }
}

/** Kafka's sticky assignor is an eager one, and keeps what a member had in user data of its own: {partitions, generation}. */
export function writeStickyUserData(owned: readonly TopicPartition[], generation: number): Uint8Array {
  const writer = new RecordWriter()
  writePartitions(writer, owned)
  return writer.i32(generation).bytes()
}

/** @throws UNSUPPORTED_FORMAT */
export function readStickyUserData(bytes: Uint8Array): Pick<Subscription, 'owned' | 'generation'> {
  const reader = new RecordReader(bytes, where)
  const owned = readPartitions(reader)
  return { owned, generation: reader.isAtEnd ? -1 : reader.i32() }
}

function writePartitions(writer: RecordWriter, partitions: readonly TopicPartition[]): void {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const list = byTopic.get(topic)
    if (list === undefined) byTopic.set(topic, [partition])
    else list.push(partition)
  }
  writer.i32(byTopic.size)
  for (const [topic, numbers] of byTopic) {
    writer.string(topic).i32(numbers.length)
    for (const partition of numbers) writer.i32(partition)
  }
}

function readPartitions(reader: RecordReader): TopicPartition[] {
  const found: TopicPartition[] = []
  for (let topics = reader.count(); topics > 0; topics--) {
    const topic = reader.string()
    for (let left = reader.count(); left > 0; left--) found.push({ topic, partition: reader.i32() })
  }
  return found
}
