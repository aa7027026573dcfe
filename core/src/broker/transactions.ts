import { assert } from '../base/assert.ts'
import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import {
  isIdle,
  type EndKind,
  type ProducerIdentity,
  type TransactionState,
  type TransactionVersion,
} from '../coordinator/transaction-state.ts'
import type { TransactionalIds } from '../coordinator/transactional-ids.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { offsetsEntry, queueAtomically, type Committed } from './atomic-transaction.ts'
import { batchOf } from './log-batches.ts'
import { queueEnding } from './transaction-ending.ts'
import { TransactionExpiry } from './transaction-expiry.ts'
import { TransactionHomes, type GroupHome, type HomeEntry, type TransactionHomesOptions, type Turn } from './transaction-homes.ts'
import { TransactionInspection, unknownId } from './transaction-inspection.ts'
import { TransactionMetrics } from './transaction-metrics.ts'
import { TransactionSweep } from './transaction-sweep.ts'
import { buildData, type GroupCommit, type TransactionBatch } from './transaction-work.ts'

/**
 * Transactions: the use cases. One of which everything is known stands in one frame (`commit`); all others take Kafka's steps:
 * partitions are added with their first data, the decision follows all data, the markers follow the decision.
 *
 * Invariants
 *   B1  Data is taken only into an open transaction of exactly that producer id and epoch which has the partition; in version 2 the
 *       partition is added in the frame of its first data, or in one before it.
 *   B2  The answer to `end` leaves when all markers and the completion are durable.
 *   B3  What is decided and not complete is completed first, by whatever comes next: a command on the id, the sweep, an open.
 */
/** Staged in this order; `durable` resolves when all of it is. */
export interface Taken {
  readonly baseOffsets: readonly number[]
  readonly durable: Promise<void>
}

export interface EndOfTransaction {
  readonly id: string
  readonly by: ProducerIdentity
  readonly kind: EndKind
  readonly version?: TransactionVersion
}

export interface Initialised {
  readonly id: string
  /** Default 60 s. */
  readonly timeoutMs?: number
  /** The producer that goes on after an error (KIP-360). Without it the id is taken over. */
  readonly by?: ProducerIdentity | null
  readonly version?: TransactionVersion
}

const defaultTimeoutMs = 60_000

export class Transactions {
  readonly inspection: TransactionInspection
  readonly expiry: TransactionExpiry
  private readonly homes: TransactionHomes
  private readonly sweep: TransactionSweep
  private readonly metrics: TransactionMetrics

  constructor(options: TransactionHomesOptions) {
    this.homes = new TransactionHomes(options)
    this.metrics = new TransactionMetrics(options.metrics, options.directory.world.clock)
    this.expiry = new TransactionExpiry(this.homes)
    this.inspection = new TransactionInspection(this.homes)
    const { directory } = options
    this.sweep = new TransactionSweep(directory.world.clock, () => this.sweepOnce())
    directory.onRollBack(() => directory.failed ?? this.sweep.start())
  }

  /**
   * Completes what a crash left decided, and watches what it left open; forgets ids that were idle for too long. What cannot be done
   * now is tried again later.
   */
  async recover(): Promise<void> {
    await this.findUnfinished()
    await this.expiry.sweep().catch(ignore)
    for (const id of this.sweep.watched) await this.command(id, null, (turn) => this.write(turn, [], null)).catch(ignore)
  }

  private async findUnfinished(): Promise<void> {
    for (const home of this.homes.withData()) {
      await home.use((machine) => this.watchAll(machine, [...machine.ongoing, ...machine.prepared])).catch(ignore)
    }
  }

  private watchAll(machine: TransactionalIds, ids: readonly string[]): void {
    for (const id of ids) this.sweep.watch(id, machine.get(id)!)
  }

  /**
   * Decides in a turn in which everything is loaded and the last transaction of the id is complete. What was queued before it fails
   * with it, so only the last one is waited for.
   */
  private command<T>(id: string, group: GroupHome | null, work: (turn: Turn) => T | Promise<T>): Promise<T> {
    return this.homes.inTurn(id, group, (turn) => {
      const ending = turn.machine.ending(id, turn.now)
      try {
        if (ending !== null) queueEnding(this.homes, turn, [], ending).catch(ignore)
        return work(turn)
      } finally {
        this.watch(id, turn.machine.get(id))
      }
    })
  }

  private watch(id: string, state: TransactionState | undefined): void {
    if (state === undefined || isIdle(state)) this.sweep.forget(id)
    else this.sweep.watch(id, state)
  }

  /** Takes the transactional id over: every older instance of it is fenced when this resolves. @throws INVALID_OPTION */
  open(id: string, timeoutMs: number = defaultTimeoutMs): Promise<ProducerIdentity> {
    return this.initProducerId({ id, timeoutMs })
  }

  /**
   * An identity for the producer of the id. A transaction that is open is aborted first, markers and all.
   * @throws INVALID_OPTION, INVALID_TRANSACTION_TIMEOUT, PRODUCER_FENCED, LIMIT_REACHED
   */
  async initProducerId(request: Initialised): Promise<ProducerIdentity> {
    const { id, timeoutMs = defaultTimeoutMs, by = null, version = 2 } = request
    checkId(id)
    await this.expiry.sweepSometimes()
    return this.command(id, null, (turn) => {
      this.homes.checkRoom(id, turn.machine)
      const { answer, records } = this.initOnce(turn, { id, timeoutMs, by, version })
      if (answer.kind === 'ready') return this.write(turn, records, answer.identity)
      queueEnding(this.homes, turn, records, answer.ending).catch(ignore)
      const again = this.initOnce(turn, { id, timeoutMs, by, version })
      assert(again.answer.kind === 'ready', 'a transaction that was aborted is open again')
      return this.write(turn, again.records, again.answer.identity)
    })
  }

  private initOnce(
    { machine, now }: Turn,
    request: Parameters<TransactionalIds['initProducerId']>[0],
  ): ReturnType<TransactionalIds['initProducerId']> {
    return this.taking(machine.initProducerId(request, this.homes.producerIds.peek, now))
  }

  private taking<T extends { readonly tookProducerId: boolean }>(command: T): T {
    if (command.tookProducerId) this.homes.producerIds.take()
    return command
  }

  /** Queues the records; answers when they, and everything before them, are durable. */
  private async write<T>({ home, now }: Turn, records: Parameters<typeof batchOf>[0], answer: T): Promise<T> {
    const entries = records.length === 0 ? [] : [{ log: home.log, batch: batchOf(records, now), home }]
    await this.homes.queue(entries).durable
    return answer
  }

  /**
   * Puts partitions into the transaction before any data, as clients before KIP-890 do.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, UNKNOWN_TOPIC, UNKNOWN_PARTITION
   */
  async addPartitions(
    id: string,
    by: ProducerIdentity,
    partitions: readonly TopicPartition[],
    version: TransactionVersion = 2,
  ): Promise<void> {
    for (const place of partitions) this.homes.topics.logToWrite(place)
    await this.add(id, by, partitions, version)
  }

  /** Which of the partitions are in the open transaction of this producer. @throws as `addPartitions`, UNKNOWN_TOPIC excepted */
  verify(id: string, by: ProducerIdentity, partitions: readonly TopicPartition[]): Promise<readonly TopicPartition[]> {
    return this.command(id, null, async (turn) => {
      const open = turn.machine.openPartitions(id, by)
      await this.write(turn, [], null)
      const names = new Set(open.map(partitionName))
      return partitions.filter((place) => names.has(partitionName(place)))
    })
  }

  /** The same for a group whose offsets will follow. */
  async addOffsets(id: string, by: ProducerIdentity, group: string, version: TransactionVersion = 2): Promise<void> {
    const { topic, partition } = this.homes.groups.home(group).log
    await this.add(id, by, [{ topic, partition }], version)
  }

  private add(
    id: string,
    by: ProducerIdentity,
    partitions: readonly TopicPartition[],
    version: TransactionVersion,
  ): Promise<null> {
    return this.command(id, null, (turn) => {
      const { records, answer } = turn.machine.addPartitions(id, by, partitions, version, turn.now)
      return this.write(turn, records, answer)
    })
  }

  /**
   * Takes data into the transaction; resolves when it has its offsets, `durable` when it is durable.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, INVALID_TXN_STATE, TRANSACTION_TOO_LARGE, OUT_OF_ORDER_SEQUENCE and
   * what else a partition refuses; nothing was written then
   */
  produce(
    id: string,
    by: ProducerIdentity,
    batches: readonly TransactionBatch[],
    version: TransactionVersion = 2,
  ): Promise<Taken> {
    return this.command(id, null, (turn) => {
      const added = this.adding(
        turn,
        id,
        by,
        batches.map(({ log }) => log),
        version,
      )
      const { baseOffsets, durable } = this.queueData(buildData(batches, by), added)
      durable.catch(ignore)
      return { baseOffsets, durable }
    })
  }

  /** The record that adds what is not yet in the transaction. Version 1 adds nothing by itself. */
  private adding(
    turn: Turn,
    id: string,
    by: ProducerIdentity,
    logs: readonly PartitionLog[],
    version: TransactionVersion,
  ): HomeEntry | null {
    const { home, machine, now } = turn
    for (const { failed } of [home.log, ...logs]) if (failed !== null) throw failed
    if (version === 1) {
      for (const log of logs) machine.verify(id, by, log)
      return null
    }
    const places = logs.map(({ topic, partition }) => ({ topic, partition }))
    const { records } = machine.addPartitions(id, by, places, version, now)
    return records.length === 0 ? null : { log: home.log, batch: batchOf(records, now), home }
  }

  /** Data first: what is refused is refused before anything is queued. Two frames when one is too small for both. */
  private queueData(data: readonly HomeEntry[], added: HomeEntry | null): Taken {
    if (added === null) return this.homes.queue(data)
    if (this.homes.directory.fits([...data, added])) {
      const { baseOffsets, durable } = this.homes.queue([...data, added])
      return { baseOffsets: baseOffsets.slice(0, data.length), durable }
    }
    this.homes.queue([added]).durable.catch(ignore)
    return this.homes.queue(data)
  }

  /**
   * Takes positions of a group into the transaction; they count from its commit on. Resolves when they are durable.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, INVALID_TXN_STATE, and what `Groups.checkCommit` throws
   */
  async commitOffsets(id: string, by: ProducerIdentity, offsets: GroupCommit, version: TransactionVersion = 2): Promise<void> {
    const group = this.homes.groups.home(offsets.group)
    await this.command(id, group, (turn) => {
      const entry = offsetsEntry(this.homes, group, offsets, by, turn.now)
      const added = this.adding(turn, id, by, [group.log], version)
      return this.queueData(entry === null ? [] : [entry], added).durable
    })
  }

  /**
   * Commits or aborts; resolves to who writes the next transaction, when all readers see the end of this one.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, INVALID_TXN_STATE, PARTITION_FENCED, DISK_FULL; nothing is
   * decided then. TRANSACTION_INCOMPLETE, JOURNAL_FAILED: it may be, and the same call tells once the log takes writes again.
   */
  async end(ending: EndOfTransaction): Promise<ProducerIdentity> {
    if (ending.kind === 'commit') return this.metrics.ofCommit(this.decide(ending), false)
    const next = await this.decide(ending)
    this.metrics.aborted.add()
    return next
  }

  private decide({ id, by, kind, version = 2 }: EndOfTransaction): Promise<ProducerIdentity> {
    return this.command(id, null, async (turn) => {
      const { records, answer } = this.taking(turn.machine.end({ id, by, kind, version }, this.homes.producerIds.peek, turn.now))
      if (answer.kind === 'repeated') return this.write(turn, [], answer.next)
      await queueEnding(this.homes, turn, records, answer.ending)
      return answer.ending.next
    })
  }

  /** Writes a whole transaction in one frame. @throws PRODUCER_FENCED, TRANSACTION_TOO_LARGE, and what a partition refuses */
  commit(
    id: string,
    by: ProducerIdentity,
    batches: readonly TransactionBatch[],
    offsets: GroupCommit | null,
  ): Promise<Committed> {
    const group = offsets === null ? null : this.homes.groups.home(offsets.group)
    const done = this.command(id, group, (turn) => queueAtomically(this.homes, turn, { id, by, batches, offsets }, group))
    return this.metrics.ofCommit(done, offsets !== null)
  }

  /** Aborts the open transaction of an id. @throws UNKNOWN_TRANSACTIONAL_ID, INVALID_TXN_STATE when none is open */
  abort(id: string): Promise<void> {
    return this.command(id, null, async (turn) => {
      const state = turn.machine.get(id)
      if (state === undefined) throw unknownId(id)
      if (await this.abortNow(id, turn)) return
      throw coreError('INVALID_TXN_STATE', { what: 'no transaction is open', where: id, received: state.status })
    })
  }

  private async sweepOnce(): Promise<void> {
    await this.findUnfinished()
    for (const id of this.sweep.watched) await this.command(id, null, (turn) => this.timeOut(id, turn)).catch(ignore)
  }

  private async timeOut(id: string, turn: Turn): Promise<void> {
    const state = turn.machine.get(id)
    if (state !== undefined && this.sweep.isOverdue(id, state)) await this.abortNow(id, turn)
  }

  private async abortNow(id: string, turn: Turn): Promise<boolean> {
    const command = turn.machine.abort(id, this.homes.producerIds.peek, turn.now)
    if (command === null) return false
    this.metrics.aborted.add()
    await queueEnding(this.homes, turn, this.taking(command).records, command.answer)
    return true
  }

  /** Wall clock. */
  now(): number {
    return this.homes.world.clock.now()
  }

  /** Ends the timers. */
  async close(): Promise<void> {
    await this.sweep.stop()
  }
}

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

function ignore(): void {
  // Whoever asked for it hears of it, and what is left is tried again.
}
