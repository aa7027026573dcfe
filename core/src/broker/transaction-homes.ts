import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Metrics } from '../base/metrics.ts'
import type { World } from '../base/world.ts'
import type { GroupCoordinator } from '../coordinator/group-coordinator.ts'
import { coordinatorPartition } from '../coordinator/partition-of.ts'
import type { TransactionRecord } from '../coordinator/transaction-record.ts'
import { TransactionalIds, type CoordinatorLimits } from '../coordinator/transactional-ids.ts'
import type { AppendEntry, LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import type { Groups } from './groups.ts'
import type { ProducerIds } from './producer-ids.ts'
import { limitReached } from './log-limits.ts'
import { ReplayedPartition } from './replayed-partition.ts'
import type { Topics } from './topics.ts'

/**
 * The coordinators of transactions, each in the partition of `__transaction_state` that the ids' names say, and the turn in which
 * a command decides by them.
 *
 * Invariants
 *   H1  `inTurn` runs its work when the coordinator of the id, those of the groups that its transaction touches, and a producer id
 *       are there; from there to the queue there is no await.
 *   H2  What is queued for a coordinator is replayed by it in the same turn (C1).
 */
export type TransactionHome = ReplayedPartition<TransactionalIds>
export type GroupHome = ReplayedPartition<GroupCoordinator>

/** For one frame; `home` replays it. */
export interface HomeEntry extends AppendEntry {
  readonly home?: TransactionHome | GroupHome
}

export interface Turn {
  readonly home: TransactionHome
  readonly machine: TransactionalIds
  /** Wall clock. */
  readonly now: number
}

export interface TransactionHomesOptions {
  readonly directory: LogDirectory
  readonly topics: Topics
  readonly groups: Groups
  readonly producerIds: ProducerIds
  /** The coordinators' own topic, and that of the groups. */
  readonly topic: string
  readonly offsetsTopic: string
  readonly limits: CoordinatorLimits
  readonly maxIds: number
  readonly metrics: Metrics<CoreMetrics>
}

export class TransactionHomes {
  readonly directory: LogDirectory
  readonly topics: Topics
  readonly groups: Groups
  readonly producerIds: ProducerIds
  readonly offsetsTopic: string
  private readonly topic: string
  private readonly count: number
  private readonly limits: CoordinatorLimits
  private readonly maxIds: number
  private readonly partitions = new Map<number, TransactionHome>()

  constructor(options: TransactionHomesOptions) {
    this.directory = options.directory
    this.topics = options.topics
    this.groups = options.groups
    this.producerIds = options.producerIds
    this.topic = options.topic
    this.offsetsTopic = options.offsetsTopic
    this.limits = options.limits
    this.maxIds = options.maxIds
    this.count = options.topics.get(options.topic).partitions
  }

  get world(): World {
    return this.directory.world
  }

  of(id: string): TransactionHome {
    return this.at(coordinatorPartition(id, this.count))
  }

  private at(partition: number): TransactionHome {
    let home = this.partitions.get(partition)
    if (home === undefined) {
      const log = this.topics.log({ topic: this.topic, partition })
      home = new ReplayedPartition(this.directory, log, () => new TransactionalIds(this.limits), applyTransactional)
      this.partitions.set(partition, home)
    }
    return home
  }

  /** Ids whose partition is not loaded do not count. @throws LIMIT_REACHED for an id that is new, where there are as many as there may be */
  checkRoom(id: string, machine: TransactionalIds): void {
    if (machine.get(id) !== undefined) return
    let count = 0
    for (const { loaded } of this.partitions.values()) count += loaded?.size ?? 0
    if (count >= this.maxIds) throw limitReached('transactional ids', this.maxIds, id)
  }

  /** Those whose partition holds anything. */
  withData(): readonly TransactionHome[] {
    return this.topics
      .opened(this.topic)
      .filter(({ endOffset, startOffset }) => endOffset > startOffset)
      .map(({ partition }) => this.at(partition))
  }

  /** Runs the work in a turn in which everything it needs is loaded. @throws SEGMENT_DAMAGED, READ_FAILED, CLOSED */
  async inTurn<T>(id: string, group: GroupHome | null, work: (turn: Turn) => T | Promise<T>): Promise<T> {
    const home = this.of(id)
    for (;;) {
      const missing = this.missing(home, id, group)
      if (missing === null) return work({ home, machine: home.loaded!, now: this.world.clock.now() })
      await missing()
    }
  }

  private missing(home: TransactionHome, id: string, group: GroupHome | null): (() => Promise<void>) | null {
    if (!this.producerIds.isReady) return () => this.producerIds.ensure()
    if (home.loaded === null) return () => home.load()
    const groups = this.groupHomes(home.loaded, id)
    if (group !== null) groups.push(group)
    const unloaded = groups.find(({ loaded }) => loaded === null)
    return unloaded === undefined ? null : () => unloaded.load()
  }

  /** Those that the transaction of the id touches. */
  private groupHomes(machine: TransactionalIds, id: string): GroupHome[] {
    const partitions = machine.get(id)?.partitions ?? []
    return partitions.filter(({ topic }) => topic === this.offsetsTopic).map(({ partition }) => this.groups.homeAt(partition))
  }

  /** The home of a partition of the groups' topic; undefined for every other. */
  groupHome({ topic, partition }: PartitionLog): GroupHome | undefined {
    return topic === this.offsetsTopic ? this.groups.homeAt(partition) : undefined
  }

  /** Queues for one frame; the coordinators know of it in the same turn. */
  queue(entries: readonly HomeEntry[]): { readonly baseOffsets: readonly number[]; readonly durable: Promise<void> } {
    const appended = this.directory.append(entries)
    for (const { home, batch } of entries) home?.replay([batch])
    return appended
  }
}

function applyTransactional(machine: TransactionalIds, batch: Uint8Array): void {
  forEachRecord(batch, ({ key, value }) => {
    if (key !== null) machine.replay({ key, value } satisfies TransactionRecord)
  })
}
