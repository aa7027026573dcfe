import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { Partition } from '../../broker/partition.ts'

/** A partition that a consumer reads, and how far it is. */
export interface AssignedPartition {
  readonly log: Partition
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

export function assignedPartition(log: Partition, position: number): AssignedPartition {
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
export class AssignedPartitions {
  private readonly byName = new Map<string, AssignedPartition>()

  get all(): IterableIterator<AssignedPartition> {
    return this.byName.values()
  }

  get places(): readonly TopicPartition[] {
    return [...this.byName.values()].map(({ log: { topic, partition } }) => ({ topic, partition }))
  }

  get(of: TopicPartition): AssignedPartition | undefined {
    return this.byName.get(partitionName(of))
  }

  /** @throws UNKNOWN_PARTITION */
  find(of: TopicPartition): AssignedPartition {
    const found = this.get(of)
    if (found !== undefined) return found
    throw coreError('UNKNOWN_PARTITION', { what: 'the partition is not assigned', where: partitionName(of) })
  }

  holds(one: AssignedPartition): boolean {
    return this.byName.get(one.log.name) === one
  }

  add(one: AssignedPartition): void {
    this.byName.set(one.log.name, one)
  }

  remove(of: TopicPartition): void {
    this.byName.delete(partitionName(of))
  }

  clear(): void {
    this.byName.clear()
  }
}
