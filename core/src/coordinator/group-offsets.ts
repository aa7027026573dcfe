import { coreError } from '../base/error-catalogue.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'

/**
 * The offsets that groups have committed, replayed from one partition of `__consumer_offsets`.
 * Key version 1 {group, topic, partition}, value version 3 {offset, leader epoch, metadata, commit time}; null deletes.
 *
 * Invariants
 *   S1  `replay` and `endTransaction` are the only ways state changes, when serving and when recovering.
 *   S2  Offsets of a transaction count from its commit marker on; an abort forgets them.
 *   S3  Of all offsets that count for a partition the one whose record stands last in the log wins, as in Kafka: it is the one
 *       that compaction keeps, so that the state is the same live, after replay, and after compaction.
 *   S4  A deletion takes pending offsets of transactions with it, or they would come back with their marker.
 */
export interface OffsetRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export interface GroupPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
  /** Of the last record that was read, -1 unknown. Default: unknown. */
  readonly leaderEpoch?: number
}

export interface CommittedOffset extends GroupPosition {
  readonly leaderEpoch: number
  /** Milliseconds since 1970. */
  readonly commitTimestamp: number
}

export interface Place {
  readonly topic: string
  readonly partition: number
}

const maxMetadataLength = 4096
/** In characters: a record counts the bytes of a text in 16 bits. */
const longestGroup = 8192

interface Stored extends CommittedOffset {
  /** Where its record stands in the log. */
  readonly recordOffset: number
}

interface Change {
  readonly group: string
  readonly place: string
  readonly recordOffset: number
  readonly position: Stored | null
}

export class GroupOffsets {
  private readonly groups = new Map<string, Map<string, Stored>>()
  private readonly pending = new Map<number, Change[]>()

  positions(group: string): readonly GroupPosition[] {
    return this.committed(group).map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }))
  }

  committed(group: string): readonly CommittedOffset[] {
    return [...(this.groups.get(group)?.values() ?? [])]
  }

  /** What is committed for this place; null: nothing. */
  committedFor(group: string, place: Place): CommittedOffset | null {
    return this.groups.get(group)?.get(nameOf(place)) ?? null
  }

  get size(): number {
    return this.groups.size
  }

  /** Groups that have committed something. */
  get names(): IterableIterator<string> {
    return this.groups.keys()
  }

  /** Whether a transaction that has not ended has an offset for this place, or for any of the group. */
  isPending(group: string, place?: Place): boolean {
    const name = place === undefined ? null : nameOf(place)
    for (const changes of this.pending.values()) {
      if (changes.some((change) => change.group === group && (name === null || change.place === name))) return true
    }
    return false
  }

  /** The records that commit these positions. @throws INVALID_OPTION, NUMBER_OUT_OF_RANGE */
  commit(group: string, positions: readonly GroupPosition[], timestamp: number): OffsetRecord[] {
    checkGroupName(group)
    return positions.map((position) => {
      checkPosition(group, position)
      return { key: offsetKey(group, position), value: offsetValue(position, timestamp) }
    })
  }

  /** The records that delete what is committed, or pending, for these places. */
  delete(group: string, places: readonly Place[]): OffsetRecord[] {
    return places
      .filter((place) => this.groups.get(group)?.has(nameOf(place)) === true || this.isPending(group, place))
      .map((place) => ({ key: offsetKey(group, place), value: null }))
  }

  /** The places of all that the group has committed, and of what is pending. */
  places(group: string): readonly Place[] {
    const found = new Map<string, Place>()
    for (const { topic, partition } of this.committed(group)) found.set(nameOf({ topic, partition }), { topic, partition })
    for (const changes of this.pending.values()) {
      for (const { group: of, place, position } of changes) if (of === group && position !== null) found.set(place, position)
    }
    return [...found.values()]
  }

  /** `producerId` is -1 outside a transaction, `recordOffset` where the record stands. */
  replay({ key, value }: OffsetRecord, producerId: number, recordOffset: number = 0): void {
    const change = readChange(key, value, recordOffset)
    if (change === null) return
    if (producerId < 0) {
      if (change.position === null) this.forgetPending(change)
      this.apply(change)
      return
    }
    const pending = this.pending.get(producerId)
    if (pending === undefined) this.pending.set(producerId, [change])
    else pending.push(change)
  }

  private forgetPending({ group, place }: Change): void {
    for (const [producerId, changes] of this.pending) {
      const left = changes.filter((change) => change.group !== group || change.place !== place)
      if (left.length > 0) this.pending.set(producerId, left)
      else this.pending.delete(producerId)
    }
  }

  endTransaction(producerId: number, kind: 'commit' | 'abort'): void {
    if (kind === 'commit') for (const change of this.pending.get(producerId) ?? []) this.apply(change)
    this.pending.delete(producerId)
  }

  private apply({ group, place, position, recordOffset }: Change): void {
    const positions = this.groups.get(group) ?? new Map<string, Stored>()
    if ((positions.get(place)?.recordOffset ?? recordOffset) > recordOffset) return
    if (position === null) positions.delete(place)
    else positions.set(place, position)
    if (positions.size > 0) this.groups.set(group, positions)
    else this.groups.delete(group)
  }
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}-${partition}`
}

export function isGroupName(group: string): boolean {
  return group !== '' && group.length <= longestGroup
}

/** @throws INVALID_OPTION */
export function checkGroupName(group: string): void {
  if (isGroupName(group)) return
  throw coreError('INVALID_OPTION', {
    what: 'the name of the group is empty or too long',
    where: 'group',
    expected: `1 to ${longestGroup} characters`,
    received: group.length,
  })
}

/** @throws INVALID_OPTION, NUMBER_OUT_OF_RANGE */
export function checkPosition(group: string, { topic, partition, offset, metadata, leaderEpoch = -1 }: GroupPosition): void {
  const where = `group ${group}, ${topic}-${partition}`
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw coreError('NUMBER_OUT_OF_RANGE', { what: 'an offset to be committed is not valid', where, received: offset })
  }
  if (!Number.isInteger(leaderEpoch) || leaderEpoch < -1 || leaderEpoch >= 2 ** 31) {
    throw coreError('NUMBER_OUT_OF_RANGE', { what: 'the epoch of a committed offset is not valid', where, received: leaderEpoch })
  }
  if (typeof metadata !== 'string') {
    const received = typeof metadata
    throw coreError('INVALID_OPTION', {
      what: 'the metadata of a committed offset is no text',
      where,
      expected: 'text',
      received,
    })
  }
  if (metadata.length > maxMetadataLength) {
    throw coreError('INVALID_OPTION', {
      what: 'the metadata of a committed offset is too long',
      where,
      expected: `at most ${maxMetadataLength} characters`,
      received: metadata.length,
    })
  }
}

function offsetKey(group: string, { topic, partition }: Place): Uint8Array {
  return new RecordWriter().i16(1).string(group).string(topic).i32(partition).bytes()
}

function offsetValue({ offset, metadata, leaderEpoch = -1 }: GroupPosition, timestamp: number): Uint8Array {
  return new RecordWriter().i16(3).i64(offset).i32(leaderEpoch).string(metadata).i64(timestamp).bytes()
}

/** Null for a record of another kind (group metadata). */
function readChange(key: Uint8Array, value: Uint8Array | null, recordOffset: number): Change | null {
  const reader = new RecordReader(key, '__consumer_offsets')
  if (reader.i16() > 1) return null
  const group = reader.string()
  const topic = reader.string()
  const partition = reader.i32()
  const place = nameOf({ topic, partition })
  return { group, place, recordOffset, position: value === null ? null : readPosition(topic, partition, value, recordOffset) }
}

/** Older versions know no epoch (0 to 2); 4 is flexible and may add the id of the topic (KIP-848), which is not read. */
function readPosition(topic: string, partition: number, value: Uint8Array, recordOffset: number): Stored {
  const reader = new RecordReader(value, '__consumer_offsets')
  const version = reader.i16()
  if (version < 0 || version > 4) {
    throw coreError('UNSUPPORTED_FORMAT', {
      what: 'an offset record has another version',
      where: '__consumer_offsets',
      expected: '0 to 4',
      received: version,
    })
  }
  const offset = reader.i64()
  const leaderEpoch = version >= 3 ? reader.i32() : -1
  const metadata = version >= 4 ? reader.compactString() : reader.string()
  return { topic, partition, offset, metadata, leaderEpoch, commitTimestamp: reader.i64(), recordOffset }
}
