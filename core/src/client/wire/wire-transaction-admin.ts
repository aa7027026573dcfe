import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { isObject, readOptions } from '../../base/options.ts'
import { filterRules, fitsFilter, type ResolvedFilter } from '../admin-options.ts'
import type {
  HangingTransactionDescription,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
  TransactionState,
} from '../transaction-admin.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'
import { movedOn } from './wire-offsets.ts'

const underWay: ReadonlySet<TransactionState> = new Set(['Ongoing', 'PrepareCommit', 'PrepareAbort'])

/** The administration of the transactions of a log that is reached over the wire. */
export class WireTransactionAdmin implements TransactionAdmin {
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  async listTransactions(filter: TransactionFilter = {}): Promise<readonly TransactionDescription[]> {
    this.cluster.assertOpen()
    const read = readOptions<ResolvedFilter>('listTransactions', filter, filterRules)
    const now = this.cluster.world.clock.now()
    const all = await this.all()
    return all.filter((transaction) => fitsFilter(transaction, read, now))
  }

  private async all(): Promise<readonly TransactionDescription[]> {
    const lists = await this.cluster.retrying(() => Promise.all(this.cluster.everyBroker().map((node) => this.idsAt(node))))
    const ids = [...new Set(lists.flat())].toSorted()
    const found = await Promise.all(ids.map((id) => this.describeTransaction(id).catch(unlessGone)))
    return found.filter((one) => one !== null)
  }

  private async idsAt(nodeId: number): Promise<readonly string[]> {
    const connection = await this.cluster.to(nodeId)
    const answer = await connection.ask('listTransactions', { stateFilters: [], producerIdFilters: [] })
    checkCode(answer.errorCode, { where: 'ListTransactions' })
    return answer.transactionStates.map(({ transactionalId }) => transactionalId)
  }

  async describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    this.cluster.assertOpen()
    return this.cluster.retrying(async () => {
      const request = { transactionalIds: [transactionalId] }
      const answer = await this.cluster.askCoordinator('transaction', transactionalId, 'describeTransactions', request)
      const found = answer.transactionStates[0]!
      checkCode(found.errorCode, { where: transactionalId })
      const state = found.transactionState as TransactionState
      const lastStartedAt = found.transactionStartTimeMs < 0 ? null : found.transactionStartTimeMs
      return {
        transactionalId,
        state,
        producerId: found.producerId,
        producerEpoch: found.producerEpoch,
        timeoutMs: found.transactionTimeoutMs,
        partitions: found.topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
        startedAt: underWay.has(state) ? lastStartedAt : null,
        lastStartedAt,
      }
    })
  }

  /** Open before and after the coordinators were asked: one that began or ended meanwhile is not among them. */
  async findHangingTransactions(): Promise<readonly HangingTransactionDescription[]> {
    this.cluster.assertOpen()
    const before = await this.openEverywhere()
    if (before.length === 0) return []
    const known = new Set(
      (await this.all()).flatMap(({ producerId, partitions }) =>
        partitions.map((place) => `${producerId} ${partitionName(place)}`),
      ),
    )
    const after = new Set((await this.openEverywhere()).map(nameOf))
    return before
      .filter((open) => !known.has(`${open.producerId} ${partitionName(open)}`) && after.has(nameOf(open)))
      .map(({ topic, partition, producerId, producerEpoch, firstOffset, lastTimestamp }) => ({
        topic,
        partition,
        producerId,
        producerEpoch,
        firstOffset,
        lastTimestamp,
      }))
  }

  private async openEverywhere(): Promise<readonly OpenTransaction[]> {
    return this.cluster.retrying(async () => {
      const topics = await this.cluster.describe(null)
      const places = [...topics.values()].flatMap(
        (view) => view?.leaders.map((_, partition) => ({ topic: view.topic, partition })) ?? [],
      )
      return this.openIn(places)
    })
  }

  private async openIn(places: readonly TopicPartition[]): Promise<readonly OpenTransaction[]> {
    const leaders = await Promise.all(places.map((place) => this.cluster.leaderOf(place)))
    const groups = Map.groupBy(places, (_, index) => leaders[index]!)
    return (await Promise.all(Array.from(groups, ([leader, group]) => this.openAt(leader, group)))).flat()
  }

  private async openAt(leader: number, places: readonly TopicPartition[]): Promise<readonly OpenTransaction[]> {
    const connection = await this.cluster.to(leader)
    const answer = await connection.ask('describeProducers', {
      topics: byTopic(places).map(({ name, of }) => ({ name, partitionIndexes: of.map(({ partition }) => partition) })),
    })
    return answer.topics.flatMap(({ name: topic, partitions }) =>
      partitions.flatMap(({ partitionIndex: partition, errorCode, errorMessage, activeProducers }) => {
        checkCode(errorCode, { where: partitionName({ topic, partition }), message: errorMessage, means: movedOn })
        return activeProducers
          .filter(({ currentTxnStartOffset }) => currentTxnStartOffset >= 0)
          .map(({ producerId, producerEpoch, currentTxnStartOffset: firstOffset, lastTimestamp, coordinatorEpoch }) => ({
            topic,
            partition,
            producerId,
            producerEpoch,
            firstOffset,
            lastTimestamp,
            coordinatorEpoch,
          }))
      }),
    )
  }

  async abortTransaction(target: string | HangingTransactionDescription): Promise<void> {
    this.cluster.assertOpen()
    if (isObject(target)) await this.abortHanging(target)
    else await this.abortOpen(target)
  }

  private async abortOpen(transactionalId: string): Promise<void> {
    const { state, timeoutMs } = await this.describeTransaction(transactionalId)
    if (state !== 'Ongoing')
      throw coreError('INVALID_TXN_STATE', { what: 'no transaction is open', where: transactionalId, received: state })
    await this.takeOver(transactionalId, timeoutMs)
  }

  private async abortHanging(target: HangingTransactionDescription): Promise<void> {
    const { topic, partition, producerId, producerEpoch } = target
    await this.cluster.retrying(async () => {
      const open = (await this.openIn([{ topic, partition }])).find((one) => nameOf(one) === nameOf(target))
      const where = partitionName(target)
      if (open === undefined) throw coreError('INVALID_TXN_STATE', { what: 'the transaction is not open there', where })
      const topics = [{ name: topic, partitionIndexes: [partition] }]
      const coordinatorEpoch = Math.max(0, open.coordinatorEpoch)
      const markers = [{ producerId, producerEpoch, transactionResult: false, topics, coordinatorEpoch }]
      const connection = await this.cluster.to(await this.cluster.leaderOf(target))
      const answer = await connection.ask('writeTxnMarkers', { markers })
      for (const { errorCode } of answer.markers.flatMap((marker) => marker.topics.flatMap(({ partitions }) => partitions)))
        checkCode(errorCode, { where, means: movedOn })
    })
  }

  async fenceProducers(transactionalIds: readonly string[]): Promise<void> {
    this.cluster.assertOpen()
    await Promise.all(transactionalIds.map((id) => this.takeOver(id, takeOverTimeoutMs)))
  }

  /** A producer that opens aborts what its namesake has open. */
  private async takeOver(transactionalId: string, transactionTimeoutMs: number): Promise<void> {
    await this.cluster.retrying(async () => {
      const request = { transactionalId, transactionTimeoutMs }
      const answer = await this.cluster.askCoordinator('transaction', transactionalId, 'initProducerId', request)
      checkCode(answer.errorCode, { where: transactionalId })
    })
  }
}

interface OpenTransaction extends HangingTransactionDescription {
  readonly coordinatorEpoch: number
}

/** What a producer has when nothing is said. */
const takeOverTimeoutMs = 60_000

function nameOf({ producerId, producerEpoch, firstOffset, ...place }: HangingTransactionDescription): string {
  return `${partitionName(place)} ${producerId} ${producerEpoch} ${firstOffset}`
}

function unlessGone(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'UNKNOWN_TRANSACTIONAL_ID') return null
  throw error
}
