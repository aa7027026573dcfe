import { coreError } from '../base/error-catalogue.ts'
import type { GroupCoordinator } from '../coordinator/group-coordinator.ts'
import type { GroupPosition, OffsetRecord } from '../coordinator/group-offsets.ts'
import { coordinatorPartition } from '../coordinator/partition-of.ts'
import { TransactionalIds, type ProducerIdentity, type TransactionalRecord } from '../coordinator/transactional-ids.ts'
import type { AppendEntry, LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { buildEndMarker } from '../record/control-record.ts'
import type { Groups } from './groups.ts'
import { batchOf } from './log-batches.ts'
import type { ProducerIds } from './producer-ids.ts'
import { ReplayedPartition } from './replayed-partition.ts'
import type { Topics } from './topics.ts'

/**
 * Transactions of which everything is known at once: data, offsets, decision and markers stand in one journal frame.
 *
 * Invariants
 *   T1  Everything is validated before any offset is assigned; from there to the queue there is no await.
 *   T2  The frame holds, in this order: data, offsets, the CompleteCommit record, the markers. A crash leaves all or nothing,
 *       so no transaction is ever seen open.
 *   T3  The answer leaves when the frame is durable: read_committed readers then see all of it.
 */
export interface TransactionBatch {
  readonly log: PartitionLog
  /** Builds the batch for the producer that writes it; called once, after validation. */
  readonly build: (producer: ProducerIdentity, baseSequence: number) => Uint8Array
  readonly count: number
  readonly sizeBytes: number
}

export type { ProducerIdentity }

export interface GroupCommit {
  readonly group: string
  readonly positions: readonly GroupPosition[]
  /** Who commits, when it is a member of the group: a stale one is refused (KIP-447). */
  readonly member?: string | undefined
  readonly generation?: number | undefined
  readonly instance?: string | undefined
}

export interface Committed {
  /** Of each batch, in the order given. */
  readonly baseOffsets: readonly number[]
  /** Who wrote it. */
  readonly by: ProducerIdentity
  /** Who writes the next one. */
  readonly next: ProducerIdentity
}

const coordinatorEpoch = 0
/** More than the header of a frame and the CompleteCommit record take. */
const fixedBytes = 1024
/** More than the place of a batch in a frame takes. */
const batchShareBytes = 32
/** More than a marker and its entry in the frame take. */
const markerBytes = 128
/** More than a committed position and its share of keys take, without its text. */
const positionBytes = 128

export class Transactions {
  private readonly directory: LogDirectory
  private readonly topics: Topics
  private readonly groups: Groups
  private readonly producerIds: ProducerIds
  private readonly topic: string
  private readonly count: number
  private readonly epochLimit: number | undefined
  private readonly partitions = new Map<number, ReplayedPartition<TransactionalIds>>()

  constructor(options: {
    readonly directory: LogDirectory
    readonly topics: Topics
    readonly groups: Groups
    readonly producerIds: ProducerIds
    readonly topic: string
    readonly epochLimit?: number | undefined
  }) {
    this.directory = options.directory
    this.topics = options.topics
    this.groups = options.groups
    this.producerIds = options.producerIds
    this.topic = options.topic
    this.count = options.topics.get(options.topic).partitions
    this.epochLimit = options.epochLimit
  }

  private home(id: string): ReplayedPartition<TransactionalIds> {
    const partition = coordinatorPartition(id, this.count)
    let home = this.partitions.get(partition)
    if (home === undefined) {
      const log = this.topics.log({ topic: this.topic, partition })
      home = new ReplayedPartition(this.directory, log, () => new TransactionalIds(this.epochLimit), applyTransactional)
      this.partitions.set(partition, home)
    }
    return home
  }

  /** Whether, in this turn, the machines are loaded and a producer id is at hand. */
  private isReady(...homes: readonly Home[]): boolean {
    return this.producerIds.isReady && homes.every((home) => home?.loaded !== null)
  }

  private async prepare(...homes: readonly Home[]): Promise<void> {
    await this.producerIds.ensure()
    for (const home of homes) await home?.load()
  }

  /** Takes the transactional id over: every older instance of it is fenced when this resolves. @throws INVALID_OPTION */
  async open(id: string): Promise<ProducerIdentity> {
    checkId(id)
    const home = this.home(id)
    while (!this.isReady(home)) await this.prepare(home)
    const now = this.directory.world.clock.now()
    const { records, answer } = home.loaded!.open(id, this.producerIds.peek, now)
    if (answer.producerId === this.producerIds.peek) this.producerIds.take()
    const batch = batchOf(records, now)
    const { durable } = this.directory.append([{ log: home.log, batch }])
    home.replay([batch])
    await durable
    return answer
  }

  /**
   * @throws PRODUCER_FENCED, TRANSACTION_TOO_LARGE, UNKNOWN_TOPIC, UNKNOWN_PARTITION, PARTITION_FENCED, and what
   * GroupOffsets.commit throws; nothing has happened then
   */
  async commit(
    id: string,
    by: ProducerIdentity,
    batches: readonly TransactionBatch[],
    offsets: GroupCommit | null,
  ): Promise<Committed> {
    const home = this.home(id)
    const groupHome = offsets === null ? null : this.groups.home(offsets.group)
    while (!this.isReady(home, groupHome)) await this.prepare(home, groupHome)
    // No await from here to the queue: what is decided by the machines must be queued in the same turn.
    this.checkSize(id, batches, offsets)
    const now = this.directory.world.clock.now()
    const { records, answer } = home.loaded!.commit(id, by, this.producerIds.peek, now)
    const offsetRecords = this.offsetRecords(groupHome?.loaded, offsets, now)
    for (const { log } of batches) if (log.failed !== null) throw log.failed
    if (answer.next.producerId !== by.producerId) this.producerIds.take()

    const data = buildData(batches, by)
    const touched = new Set(batches.map(({ log }) => log))
    const offsetEntries: AppendEntry[] = []
    if (groupHome !== null && offsetRecords.length > 0) {
      const batch = batchOf(offsetRecords, now, { ...by, baseSequence: 0, transactional: true })
      offsetEntries.push({ log: groupHome.log, batch })
      touched.add(groupHome.log)
    }
    const decision: AppendEntry = { log: home.log, batch: batchOf(records, now) }
    const { markerEpoch: producerEpoch } = answer
    const marker = { kind: 'commit', producerId: by.producerId, producerEpoch, coordinatorEpoch, timestamp: now } as const
    const markers = [...touched].map((log) => ({ log, batch: buildEndMarker(marker) }))

    const { baseOffsets, durable } = this.directory.append([...data, ...offsetEntries, decision, ...markers])
    home.replay([decision.batch])
    groupHome?.replay([...offsetEntries, ...markers].filter(({ log }) => log === groupHome.log).map(({ batch }) => batch))
    await durable
    return { baseOffsets: baseOffsets.slice(0, batches.length), by, next: answer.next }
  }

  private offsetRecords(
    machine: GroupCoordinator | undefined | null,
    offsets: GroupCommit | null,
    now: number,
  ): readonly OffsetRecord[] {
    if (!machine || offsets === null) return []
    for (const position of offsets.positions) this.topics.checkPlace(position)
    const { group, positions, member: memberId, instance: instanceId, generation } = offsets
    return machine.commit(group, positions, now, { memberId, instanceId, generation, transactional: true })
  }

  private checkSize(id: string, batches: readonly TransactionBatch[], offsets: GroupCommit | null): void {
    let bytes = fixedBytes + 3 * id.length + (batches.length + 1) * markerBytes
    for (const { sizeBytes } of batches) bytes += sizeBytes + batchShareBytes
    for (const { topic, metadata } of offsets?.positions ?? []) {
      bytes += positionBytes + 3 * (topic.length + metadata.length + offsets!.group.length)
    }
    if (bytes <= this.directory.maxFrameBytes) return
    throw coreError('TRANSACTION_TOO_LARGE', {
      what: 'the transaction does not fit into one frame of the journal',
      expected: `at most ${this.directory.maxFrameBytes} bytes`,
      received: `${bytes} bytes`,
    })
  }
}

/** A machine that a command decides by; null where the command needs none. */
type Home = Pick<ReplayedPartition<object>, 'loaded' | 'load'> | null

/** Coordinator records count the bytes of a text in 16 bits. */
const longestId = 8192

function checkId(id: string): void {
  if (id.length <= longestId) return
  throw coreError('INVALID_OPTION', {
    what: 'the transactional id is too long',
    where: 'transactionalId',
    expected: `at most ${longestId} characters`,
    received: id.length,
  })
}

/** Sequences start at 0 in every partition: each transaction has an epoch of its own. */
function buildData(batches: readonly TransactionBatch[], by: ProducerIdentity): AppendEntry[] {
  const sequences = new Map<PartitionLog, number>()
  return batches.map(({ log, count, build }) => {
    const sequence = sequences.get(log) ?? 0
    sequences.set(log, sequence + count)
    return { log, batch: build(by, sequence) }
  })
}

function applyTransactional(machine: TransactionalIds, batch: Uint8Array): void {
  forEachRecord(batch, ({ key, value }) => {
    if (key !== null) machine.replay({ key, value } satisfies TransactionalRecord)
  })
}
