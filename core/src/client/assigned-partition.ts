import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'

/** What is known of a partition wherever it stands. */
export interface ReadPartition extends TopicPartition {
  /** As `partitionName`. */
  readonly name: string
  readonly highWatermark: number
  readonly lastStableOffset: number
}

/** A partition that a consumer reads, and how far it is. */
export interface AssignedPartition<Log extends ReadPartition = ReadPartition> {
  readonly log: Log
  /** The next offset to be read; `unresolved` until it is known where to begin. */
  position: number
  paused: boolean
  /** Behind what was given out. */
  delivered: number
  /** Behind what the caller has come back from. */
  confirmed: number
  /** What the group is known to have committed; -1 unknown. */
  committed: number
  /** Of the last batch that was read. */
  leaderEpoch: number
  /** How often the position was set by hand: what was read before that is not wanted any more. */
  moves: number
}

export const unresolved = -1

export function assignedPartition<Log extends ReadPartition>(log: Log, position: number): AssignedPartition<Log> {
  const start = { position, delivered: position, confirmed: position }
  return { log, ...start, paused: false, committed: -1, leaderEpoch: -1, moves: 0 }
}

export function moveTo(one: AssignedPartition, offset: number): void {
  one.position = offset
  one.delivered = offset
  one.confirmed = offset
  one.moves++
}

/** The partitions of a consumer, by name, in the order in which they came. */
export class AssignedPartitions<Log extends ReadPartition> {
  private readonly byName = new Map<string, AssignedPartition<Log>>()

  get all(): IterableIterator<AssignedPartition<Log>> {
    return this.byName.values()
  }

  get places(): readonly TopicPartition[] {
    return [...this.byName.values()].map(({ log: { topic, partition } }) => ({ topic, partition }))
  }

  get(of: TopicPartition): AssignedPartition<Log> | undefined {
    return this.byName.get(partitionName(of))
  }

  /** @throws UNKNOWN_PARTITION */
  find(of: TopicPartition): AssignedPartition<Log> {
    const found = this.get(of)
    if (found !== undefined) return found
    throw coreError('UNKNOWN_PARTITION', { what: 'the partition is not assigned', where: partitionName(of) })
  }

  holds(one: AssignedPartition<Log>): boolean {
    return this.byName.get(one.log.name) === one
  }

  add(one: AssignedPartition<Log>): void {
    this.byName.set(one.log.name, one)
  }

  remove(of: TopicPartition): void {
    this.byName.delete(partitionName(of))
  }

  clear(): void {
    this.byName.clear()
  }
}
