import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { ProducerIdentity, TransactionState } from '../coordinator/transaction-state.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { buildEndMarker } from '../record/control-record.ts'
import type { HomeEntry, TransactionHomes } from './transaction-homes.ts'
import type { HangingTransaction, TransactionFacts } from './transaction-work.ts'

/**
 * What an operator sees of transactions, and the way out for those that nobody ends.
 *
 * A transaction hangs when a partition has it open and no coordinator knows of it (KIP-664): the last stable offset stands still
 * there for ever. Millrace writes none; a directory that was Kafka's, or lost its coordinator's partition, may hold some.
 */
export class TransactionInspection {
  private readonly homes: TransactionHomes

  constructor(homes: TransactionHomes) {
    this.homes = homes
  }

  /** Every transactional id, by its name. */
  async list(): Promise<readonly TransactionFacts[]> {
    const lists = this.homes.withData().map((home) => home.answer((machine) => Array.from(machine.all(), factsOf)))
    return (await Promise.all(lists)).flat().sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
  }

  /** @throws UNKNOWN_TRANSACTIONAL_ID */
  async describe(id: string): Promise<TransactionFacts> {
    const state = await this.homes.of(id).answer((machine) => machine.get(id))
    if (state !== undefined) return factsOf([id, state])
    throw unknownId(id)
  }

  /** Open before and after the coordinators were asked: one that began or ended meanwhile is not among them. */
  async hanging(): Promise<readonly HangingTransaction[]> {
    const before = await this.open()
    const known = await this.knownPlaces()
    const after = new Set((await this.open()).map(nameOf))
    return before.filter((open) => !known.has(placeOf(open)) && after.has(nameOf(open)))
  }

  private async open(): Promise<readonly HangingTransaction[]> {
    const topics = await this.homes.topics.list()
    return topics.flatMap(({ topic }) => this.homes.topics.opened(topic)).flatMap((log) => openIn(log))
  }

  /** Where coordinators know of a transaction that is open or waits for its markers. */
  private async knownPlaces(): Promise<ReadonlySet<string>> {
    const known = new Set<string>()
    for (const { producerId, partitions } of await this.list())
      for (const place of partitions) known.add(placeOf({ producerId, ...place }))
    return known
  }

  /**
   * Aborts a transaction that hangs, in its one partition.
   * @throws INVALID_TXN_STATE when it is not open there, or a coordinator will end it
   */
  async abortHanging(target: HangingTransaction): Promise<void> {
    const log = this.homes.topics.log(target)
    const name = nameOf(target)
    if (!(await this.hanging()).some((open) => nameOf(open) === name)) throw notHanging(target)
    const home = this.homes.groupHome(log)
    await (home === undefined ? this.queueAbort(target, { log }) : home.use(() => this.queueAbort(target, { log, home })))
  }

  /** The same, named as Kafka's administration names it. @throws INVALID_TXN_STATE, UNKNOWN_TOPIC, UNKNOWN_PARTITION */
  async abortHangingOf(place: TopicPartition, { producerId, producerEpoch }: ProducerIdentity): Promise<void> {
    const open = openIn(this.homes.topics.log(place)).find((one) => one.producerId === producerId)
    if (open === undefined || open.producerEpoch > producerEpoch) throw notHanging({ ...place, producerId })
    await this.abortHanging(open)
  }

  private queueAbort({ producerId, producerEpoch }: HangingTransaction, place: Omit<HomeEntry, 'batch'>): Promise<void> {
    const { directory, world } = this.homes
    const timestamp = world.clock.now()
    const batch = buildEndMarker({ kind: 'abort', producerId, producerEpoch, coordinatorEpoch: directory.epoch, timestamp })
    return this.homes.queue([{ ...place, batch }]).durable
  }
}

export function unknownId(where: string): Error {
  return coreError('UNKNOWN_TRANSACTIONAL_ID', { what: 'no producer had this transactional id', where })
}

function factsOf([transactionalId, state]: readonly [string, TransactionState]): TransactionFacts {
  const { producerId, producerEpoch, status, timeoutMs, partitions, startedAt } = state
  return {
    transactionalId,
    producerId,
    producerEpoch,
    state: status,
    timeoutMs,
    partitions,
    startedAt: partitions.length > 0 ? startedAt : null,
    lastStartedAt: startedAt < 0 ? null : startedAt,
  }
}

function openIn(log: PartitionLog): readonly HangingTransaction[] {
  if (log.producers.firstUnstableOffset === undefined) return []
  return log.producers
    .snapshot()
    .filter(({ transactionFirstOffset }) => transactionFirstOffset >= 0)
    .map(({ producerId, epoch, transactionFirstOffset, timestamp }) => ({
      topic: log.topic,
      partition: log.partition,
      producerId,
      producerEpoch: epoch,
      firstOffset: transactionFirstOffset,
      lastTimestamp: timestamp,
    }))
}

function placeOf(open: TopicPartition & { readonly producerId: number }): string {
  return `${open.producerId} ${partitionName(open)}`
}

function nameOf(open: HangingTransaction): string {
  return `${placeOf(open)} ${open.producerEpoch} ${open.firstOffset}`
}

function notHanging(target: TopicPartition & Pick<ProducerIdentity, 'producerId'>): Error {
  return coreError('INVALID_TXN_STATE', {
    what: `producer ${target.producerId} has no transaction there that nobody ends`,
    where: partitionName(target),
  })
}
