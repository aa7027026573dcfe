import { coreError } from '../base/error-catalogue.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'

/**
 * The offsets that groups have committed, replayed from one partition of `__consumer_offsets`.
 * Key version 1 {group, topic, partition}, value version 3 {offset, leader epoch, metadata, commit time}; null deletes.
 *
 * Invariants
 *   S1  `replay` and `endTransaction` are the only ways state changes, when serving and when recovering.
 *   S2  Offsets of a transaction count from its commit marker on, in the order of the markers; an abort forgets them.
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
}

const maxMetadataLength = 4096
/** In characters: a record counts the bytes of a text in 16 bits. */
const longestGroup = 8192

interface Change {
  readonly group: string
  readonly place: string
  readonly position: GroupPosition | null
}

export class GroupOffsets {
  private readonly groups = new Map<string, Map<string, GroupPosition>>()
  private readonly pending = new Map<number, Change[]>()

  positions(group: string): readonly GroupPosition[] {
    return [...(this.groups.get(group)?.values() ?? [])]
  }

  /** The records that commit these positions. @throws INVALID_OPTION, NUMBER_OUT_OF_RANGE */
  commit(group: string, positions: readonly GroupPosition[], timestamp: number): OffsetRecord[] {
    if (group === '' || group.length > longestGroup) throw badGroup(group)
    return positions.map((position) => {
      checkPosition(group, position)
      return { key: offsetKey(group, position), value: offsetValue(position, timestamp) }
    })
  }

  /** `producerId` is -1 outside a transaction. */
  replay({ key, value }: OffsetRecord, producerId: number): void {
    const change = readChange(key, value)
    if (change === null) return
    if (producerId < 0) {
      this.apply(change)
      return
    }
    const pending = this.pending.get(producerId)
    if (pending === undefined) this.pending.set(producerId, [change])
    else pending.push(change)
  }

  endTransaction(producerId: number, kind: 'commit' | 'abort'): void {
    if (kind === 'commit') for (const change of this.pending.get(producerId) ?? []) this.apply(change)
    this.pending.delete(producerId)
  }

  private apply({ group, place, position }: Change): void {
    let positions = this.groups.get(group)
    if (positions === undefined) {
      positions = new Map()
      this.groups.set(group, positions)
    }
    if (position === null) positions.delete(place)
    else positions.set(place, position)
  }
}

function badGroup(group: string): Error {
  return coreError('INVALID_OPTION', {
    what: 'the name of the group is empty or too long',
    where: 'group',
    expected: `1 to ${longestGroup} characters`,
    received: group.length,
  })
}

function checkPosition(group: string, { topic, partition, offset, metadata }: GroupPosition): void {
  const where = `group ${group}, ${topic}-${partition}`
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw coreError('NUMBER_OUT_OF_RANGE', { what: 'an offset to be committed is not valid', where, received: offset })
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

function offsetKey(group: string, { topic, partition }: GroupPosition): Uint8Array {
  return new RecordWriter().i16(1).string(group).string(topic).i32(partition).bytes()
}

function offsetValue({ offset, metadata }: GroupPosition, timestamp: number): Uint8Array {
  return new RecordWriter().i16(3).i64(offset).i32(-1).string(metadata).i64(timestamp).bytes()
}

/** Null for a record of another kind, which other versions may write (group metadata). */
function readChange(key: Uint8Array, value: Uint8Array | null): Change | null {
  const reader = new RecordReader(key, '__consumer_offsets')
  if (reader.i16() > 1) return null
  const group = reader.string()
  const topic = reader.string()
  const partition = reader.i32()
  const place = `${topic}-${partition}`
  return { group, place, position: value === null ? null : readPosition(topic, partition, value) }
}

function readPosition(topic: string, partition: number, value: Uint8Array): GroupPosition {
  const reader = new RecordReader(value, '__consumer_offsets')
  const version = reader.i16()
  if (version !== 3) {
    throw coreError('UNSUPPORTED_FORMAT', {
      what: 'an offset record has another version',
      where: '__consumer_offsets',
      expected: 3,
      received: version,
    })
  }
  const offset = reader.i64()
  reader.i32()
  return { topic, partition, offset, metadata: reader.string() }
}
