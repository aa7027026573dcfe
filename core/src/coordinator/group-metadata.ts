import { coreError } from '../base/error-catalogue.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'
import type { OffsetRecord } from './group-offsets.ts'

/** A group as its last completed rebalance left it. Key version 2 {group}; value version 3, as Kafka writes it. */
export interface GroupMetadata {
  /** `consumer` for groups of consumers. */
  readonly protocolType: string
  readonly generation: number
  /** The assignor that all members have agreed on; null while the group is empty. */
  readonly protocol: string | null
  readonly leader: string | null
  /** When it came into its state, milliseconds since 1970; -1 where older versions did not say. */
  readonly stateTimestamp: number
  readonly members: readonly PersistedMember[]
}

export interface PersistedMember {
  readonly id: string
  /** Kafka's group.instance.id: the member is static. */
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly subscription: Uint8Array
  readonly assignment: Uint8Array
}

const groupKeyVersion = 2
const groupValueVersion = 3

export function groupRecord(group: string, metadata: GroupMetadata | null): OffsetRecord {
  const key = new RecordWriter().i16(groupKeyVersion).string(group).bytes()
  return { key, value: metadata === null ? null : writeGroup(metadata) }
}

function writeGroup({ protocolType, generation, protocol, leader, stateTimestamp, members }: GroupMetadata): Uint8Array {
  const writer = new RecordWriter().i16(groupValueVersion).string(protocolType).i32(generation)
  writer.nullableString(protocol).nullableString(leader).i64(stateTimestamp).i32(members.length)
  for (const member of members) writeMember(writer, member)
  return writer.bytes()
}

function writeMember(writer: RecordWriter, member: PersistedMember): void {
  writer.string(member.id).nullableString(member.instanceId).string(member.clientId).string(member.clientHost)
  writer.i32(member.rebalanceTimeoutMs).i32(member.sessionTimeoutMs)
  writer.nullableBytes(member.subscription).nullableBytes(member.assignment)
}

/** The name of the group; null for a record of another kind. */
export function readGroupKey(key: Uint8Array): string | null {
  const reader = new RecordReader(key, '__consumer_offsets')
  return reader.i16() === groupKeyVersion ? reader.string() : null
}

/** @throws UNSUPPORTED_FORMAT */
export function readGroup(value: Uint8Array): GroupMetadata {
  const reader = new RecordReader(value, '__consumer_offsets')
  const version = reader.i16()
  if (version < 0 || version > groupValueVersion) throw unsupported(version)
  const protocolType = reader.string()
  const generation = reader.i32()
  const protocol = reader.nullableString()
  const leader = reader.nullableString()
  const stateTimestamp = version >= 2 ? reader.i64() : -1
  const members: PersistedMember[] = []
  for (let left = reader.count(); left > 0; left--) members.push(readMember(reader, version))
  return { protocolType, generation, protocol, leader, stateTimestamp, members }
}

/** Older versions lack the instance (0 to 2) and the rebalance timeout (0), which is then the session's. */
function readMember(reader: RecordReader, version: number): PersistedMember {
  const id = reader.string()
  const instanceId = version >= 3 ? reader.nullableString() : null
  const clientId = reader.string()
  const clientHost = reader.string()
  const rebalance = version >= 1 ? reader.i32() : null
  const sessionTimeoutMs = reader.i32()
  const subscription = reader.nullableBytes() ?? noBytes
  const assignment = reader.nullableBytes() ?? noBytes
  const rebalanceTimeoutMs = rebalance ?? sessionTimeoutMs
  return { id, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, subscription, assignment }
}

const noBytes = new Uint8Array(0)

function unsupported(version: number): Error {
  return coreError('UNSUPPORTED_FORMAT', {
    what: 'a group record has another version',
    where: '__consumer_offsets',
    expected: `0 to ${groupValueVersion}`,
    received: version,
  })
}
