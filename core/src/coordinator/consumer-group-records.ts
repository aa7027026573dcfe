import { coreError } from '../base/error-catalogue.ts'
import type { OffsetRecord } from './group-offsets.ts'
import { setsOf, sortedSets, type PartitionSets, type PlaceById } from './partition-sets.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'

/**
 * The records of groups of the new consumer protocol (KIP-848), as Kafka writes them to `__consumer_offsets`: the version of the key
 * says of what kind, values are of version 0 and flexible; null deletes.
 *
 *    3 {group}          { epoch, tag 0: hash of the topics }
 *    4 {group}          partitions of topics, which nobody writes any more
 *    5 {group, member}  { instance, rack, client id and host, topics, regex, rebalance timeout, assignor }
 *    6 {group}          { epoch of the target assignment }
 *    7 {group, member}  { partitions } of the target assignment
 *    8 {group, member}  { epoch, previous epoch, state, partitions, partitions to be revoked }
 *   16 {group, regex}   { topics, version, timestamp }
 */
export type ConsumerGroupChange =
  | { readonly kind: 'group'; readonly value: GroupEpoch | null }
  | { readonly kind: 'member'; readonly memberId: string; readonly value: MemberSubscription | null }
  | { readonly kind: 'targetEpoch'; readonly value: number | null }
  | { readonly kind: 'target'; readonly memberId: string; readonly value: PartitionSets | null }
  | { readonly kind: 'current'; readonly memberId: string; readonly value: MemberPlace | null }
  | { readonly kind: 'regex'; readonly regex: string; readonly value: ResolvedRegex | null }

export interface GroupEpoch {
  readonly epoch: number
  /** Of the topics that the group subscribes to: another one says that they have changed. */
  readonly topicsHash: number
}

/** What a member tells of itself. */
export interface MemberSubscription {
  /** Of a static member (KIP-345). */
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** By name, each once. */
  readonly topics: readonly string[]
  readonly regex: string | null
  /** How long it may take to give partitions up. */
  readonly rebalanceTimeoutMs: number
  /** The one that it wishes for. */
  readonly assignor: string | null
}

export type ConsumerMemberState = 'stable' | 'unrevoked' | 'unreleased'

/** Where a member stands on its way to the target assignment. */
export interface MemberPlace {
  readonly epoch: number
  readonly previousEpoch: number
  readonly state: ConsumerMemberState
  readonly assigned: PartitionSets
  /** It has been told to give them up, and has not said that it did. */
  readonly revoking: PartitionSets
}

export interface ResolvedRegex {
  /** Those that match, by name. */
  readonly topics: readonly string[]
  readonly timestamp: number
}

const kinds = { group: 3, member: 5, targetEpoch: 6, target: 7, current: 8, regex: 16 } as const
const states: readonly ConsumerMemberState[] = ['stable', 'unrevoked', 'unreleased']
const where = '__consumer_offsets'

export function consumerGroupRecord(group: string, change: ConsumerGroupChange): OffsetRecord {
  const key = new RecordWriter().i16(kinds[change.kind]).string(group)
  if ('memberId' in change) key.string(change.memberId)
  if (change.kind === 'regex') key.string(change.regex)
  return { key: key.bytes(), value: change.value === null ? null : valueOf(change) }
}

function valueOf(change: ConsumerGroupChange): Uint8Array {
  const writer = new RecordWriter().i16(0)
  switch (change.kind) {
    case 'group': {
      const { epoch, topicsHash } = change.value!
      return writer.i32(epoch).varint(1).varint(0).varint(8).i64(topicsHash).bytes()
    }
    case 'member':
      writeSubscription(writer, change.value!)
      break
    case 'targetEpoch':
      writer.i32(change.value!)
      break
    case 'target':
      writePartitions(writer, change.value!)
      break
    case 'current': {
      const { epoch, previousEpoch, state, assigned, revoking } = change.value!
      writer.i32(epoch).i32(previousEpoch).i8(states.indexOf(state))
      writePartitions(writer, assigned)
      writePartitions(writer, revoking)
      break
    }
    case 'regex': {
      const { topics, timestamp } = change.value!
      writeTexts(writer, topics)
      writer.i64(0).i64(timestamp)
    }
  }
  return writer.varint(0).bytes()
}

function writeSubscription(writer: RecordWriter, member: MemberSubscription): void {
  writer.compactNullableString(member.instanceId).compactNullableString(member.rackId)
  writer.compactString(member.clientId).compactString(member.clientHost)
  writeTexts(writer, member.topics)
  writer.compactNullableString(member.regex).i32(member.rebalanceTimeoutMs).compactNullableString(member.assignor)
}

function writeTexts(writer: RecordWriter, texts: readonly string[]): void {
  writer.varint(texts.length + 1)
  for (const text of texts) writer.compactString(text)
}

function writePartitions(writer: RecordWriter, sets: PartitionSets): void {
  writer.varint(sets.size + 1)
  for (const { topicId, partitions } of sortedSets(sets)) {
    writer.uuid(topicId).varint(partitions.length + 1)
    for (const partition of partitions) writer.i32(partition)
    writer.varint(0)
  }
}

/** Of which group a record says what; null for a record of another kind. @throws UNSUPPORTED_FORMAT */
export function readConsumerGroupRecord({
  key,
  value,
}: OffsetRecord): { readonly group: string; readonly change: ConsumerGroupChange } | null {
  const reader = new RecordReader(key, where)
  const version = reader.i16()
  const kind = kindNames.get(version)
  if (kind === undefined) return null
  const group = reader.string()
  const named = readName(kind, reader)
  const read = value === null ? null : readValue(kind, new RecordReader(value, where))
  return { group, change: { kind, ...named, value: read } as ConsumerGroupChange }
}

function readName(kind: ConsumerGroupChange['kind'], reader: RecordReader): object {
  if (kind === 'group' || kind === 'targetEpoch') return {}
  return kind === 'regex' ? { regex: reader.string() } : { memberId: reader.string() }
}

const kindNames: ReadonlyMap<number, ConsumerGroupChange['kind']> = new Map(
  Object.entries(kinds).map(([kind, version]) => [version, kind as ConsumerGroupChange['kind']]),
)

const readers: { readonly [Kind in ConsumerGroupChange['kind']]: (reader: RecordReader) => ConsumerGroupChange['value'] } = {
  group: readGroupEpoch,
  member: readSubscription,
  targetEpoch: (reader) => reader.i32(),
  target: readPartitions,
  current: readPlace,
  regex: readRegex,
}

function readValue(kind: ConsumerGroupChange['kind'], reader: RecordReader): ConsumerGroupChange['value'] {
  const version = reader.i16()
  if (version !== 0) throw unsupported(version)
  const value = readers[kind](reader)
  if (kind !== 'group') reader.tags()
  return value
}

function readGroupEpoch(reader: RecordReader): GroupEpoch {
  const epoch = reader.i32()
  const hash = reader.tags().get(0)
  return { epoch, topicsHash: hash === undefined ? 0 : new RecordReader(hash, where).i64() }
}

function readSubscription(reader: RecordReader): MemberSubscription {
  return {
    instanceId: reader.compactNullableString(),
    rackId: reader.compactNullableString(),
    clientId: reader.compactString(),
    clientHost: reader.compactString(),
    topics: readTexts(reader),
    regex: reader.compactNullableString(),
    rebalanceTimeoutMs: reader.i32(),
    assignor: reader.compactNullableString(),
  }
}

function readPlace(reader: RecordReader): MemberPlace {
  const epoch = reader.i32()
  const previousEpoch = reader.i32()
  const state = states[reader.i8()] ?? 'stable'
  return { epoch, previousEpoch, state, assigned: readPartitions(reader), revoking: readPartitions(reader) }
}

function readRegex(reader: RecordReader): ResolvedRegex {
  const topics = readTexts(reader)
  reader.i64()
  return { topics, timestamp: reader.i64() }
}

function readTexts(reader: RecordReader): readonly string[] {
  const texts: string[] = []
  for (let left = reader.compactCount(); left > 0; left--) texts.push(reader.compactString())
  return texts
}

function readPartitions(reader: RecordReader): PartitionSets {
  const places: PlaceById[] = []
  for (let topics = reader.compactCount(); topics > 0; topics--) {
    const topicId = reader.uuid()
    for (let left = reader.compactCount(); left > 0; left--) places.push({ topicId, partition: reader.i32() })
    reader.tags()
  }
  return setsOf(places)
}

function unsupported(version: number): Error {
  return coreError('UNSUPPORTED_FORMAT', {
    what: 'a record of a consumer group has another version',
    where,
    expected: 0,
    received: version,
  })
}
