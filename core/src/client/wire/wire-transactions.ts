import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { GroupCommit, ProducerIdentity } from '../../broker/transaction-work.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'
import { checkPositions, committed } from './wire-group-offsets.ts'

/**
 * The steps of the transactions of one transactional id, each asked of its coordinator. The versions are those in which partitions join
 * before they are written, and the epoch stays from one transaction to the next: every server knows them.
 */
export class WireTransactions {
  private readonly cluster: Cluster
  private readonly id: string
  private readonly timeoutMs: number
  /** In the transaction that is open. */
  private readonly joined = new Set<string>()

  constructor(cluster: Cluster, id: string, timeoutMs: number) {
    this.cluster = cluster
    this.id = id
    this.timeoutMs = timeoutMs
  }

  /**
   * Takes the id over, and aborts what its former producer has open. With `former`, which is this one's, the epoch rises, unless somebody
   * else has taken over. @throws PRODUCER_FENCED
   */
  async open(former?: ProducerIdentity): Promise<ProducerIdentity> {
    this.joined.clear()
    return this.cluster.retrying(async () => {
      const request = { transactionalId: this.id, transactionTimeoutMs: this.timeoutMs, ...former }
      const { errorCode, producerId, producerEpoch } = await this.ask('initProducerId', request)
      checkCode(errorCode, { where: this.id })
      return { producerId, producerEpoch }
    })
  }

  /** Partitions join before they are written. */
  async join(by: ProducerIdentity, places: readonly TopicPartition[]): Promise<void> {
    const added = places.filter((place) => !this.joined.has(partitionName(place)))
    if (added.length === 0) return
    const topics = byTopic([...new Map(added.map((place) => [partitionName(place), place])).values()])
    await this.cluster.retrying(async () => {
      for (const place of added) await this.cluster.leaderOf(place)
      const answer = await this.ask(
        'addPartitionsToTxn',
        {
          v3AndBelowTransactionalId: this.id,
          v3AndBelowProducerId: by.producerId,
          v3AndBelowProducerEpoch: by.producerEpoch,
          v3AndBelowTopics: topics.map(({ name, of }) => ({ name, partitions: of.map(({ partition }) => partition) })),
        },
        3,
      )
      const results = answer.resultsByTopicV3AndBelow.flatMap(({ name: topic, resultsByPartition }) =>
        resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => ({
          where: partitionName({ topic, partition: partitionIndex }),
          code: partitionErrorCode,
        })),
      )
      // What is to blame comes first: the others were not attempted.
      const failed = results.filter(({ code }) => code !== errorCodes.NONE)
      const blamed = failed.find(({ code }) => code !== errorCodes.OPERATION_NOT_ATTEMPTED) ?? failed[0]
      if (blamed !== undefined) checkCode(blamed.code, { where: blamed.where, means: inTransaction })
    })
    for (const place of added) this.joined.add(partitionName(place))
  }

  /** Before anything of a transaction is written. @throws NUMBER_OUT_OF_RANGE, INVALID_OPTION, UNKNOWN_TOPIC, UNKNOWN_PARTITION */
  async check({ positions }: GroupCommit): Promise<void> {
    checkPositions(positions)
    await this.cluster.retrying(async () => {
      for (const position of positions) await this.cluster.leaderOf(position)
    })
  }

  async commitOffsets({ producerId, producerEpoch }: ProducerIdentity, offsets: GroupCommit): Promise<void> {
    const { group, positions, member = '', generation = -1, instance } = offsets
    await this.check(offsets)
    const by = { transactionalId: this.id, producerId, producerEpoch, groupId: group }
    await this.cluster.retrying(async () => {
      const { errorCode } = await this.ask('addOffsetsToTxn', by)
      checkCode(errorCode, { where: `${this.id}, ${group}`, means: inTransaction })
    })
    await this.cluster.retrying(async () => {
      for (const position of positions) await this.cluster.leaderOf(position)
      const membership = member === '' && generation === -1 ? {} : { memberId: member, generationId: generation }
      const request = {
        ...by,
        ...membership,
        ...(instance === undefined ? {} : { groupInstanceId: instance }),
        topics: byTopic(positions).map(({ name, of }) => ({ name, partitions: of.map(committed) })),
      }
      const answer = await this.cluster.askCoordinator('group', group, 'txnOffsetCommit', request, { atMost: 4 })
      for (const { name: topic, partitions } of answer.topics)
        for (const { partitionIndex, errorCode } of partitions)
          checkCode(errorCode, { where: partitionName({ topic, partition: partitionIndex }), means: inTransaction })
    })
  }

  /** @throws INVALID_TXN_STATE, PRODUCER_FENCED */
  async end({ producerId, producerEpoch }: ProducerIdentity, kind: 'commit' | 'abort'): Promise<void> {
    this.joined.clear()
    await this.cluster.retrying(async () => {
      const request = { transactionalId: this.id, producerId, producerEpoch, committed: kind === 'commit' }
      const { errorCode } = await this.ask('endTxn', request, 4)
      checkCode(errorCode, { where: this.id, means: inTransaction })
    })
  }

  private ask<Name extends 'initProducerId' | 'addPartitionsToTxn' | 'addOffsetsToTxn' | 'endTxn'>(
    name: Name,
    request: Parameters<typeof this.cluster.askCoordinator<Name>>[3],
    atMost?: number,
  ): ReturnType<typeof this.cluster.askCoordinator<Name>> {
    return this.cluster.askCoordinator('transaction', this.id, name, request, atMost === undefined ? {} : { atMost })
  }
}

/** An epoch that has risen may be the server's doing: it aborts what takes too long. Whether it was somebody else shows when it goes on. */
export const inTransaction = {
  INVALID_PRODUCER_EPOCH: 'TRANSACTION_ABORTED',
  UNKNOWN_TOPIC_OR_PARTITION: 'SERVER_NOT_READY',
} as const

/** Any broker gives out producer ids that stand for no transactional id. */
export async function newProducerId(cluster: Cluster): Promise<ProducerIdentity> {
  return cluster.retrying(async () => {
    const connection = await cluster.any()
    const request = { transactionalId: null, transactionTimeoutMs: 0x7fff_ffff }
    const { errorCode, producerId, producerEpoch } = await connection.ask('initProducerId', request)
    checkCode(errorCode, { where: 'InitProducerId' })
    return { producerId, producerEpoch }
  })
}
