import { clusterName } from '../../base/access-rule.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { clusterRefusal, mayOnCluster, split, type Guard } from './guard.ts'

const refusedId = errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
const refusedTopic = errorCodes.TOPIC_AUTHORIZATION_FAILED
const refusedGroup = errorCodes.GROUP_AUTHORIZATION_FAILED

/** An idempotent producer needs to be one that may write at all (KIP-679). */
export const guardInitProducerId: Guard<'initProducerId'> = (request, context, answer) => {
  const { access } = context
  const { transactionalId } = request
  const none = { throttleTimeMs: 0, producerId: -1, producerEpoch: -1 }
  if (transactionalId !== null)
    return access.may('write', 'transactionalId', transactionalId) ? answer(request) : { ...none, errorCode: refusedId }
  if (access.sees('idempotentWrite', 'cluster', clusterName) || access.maySome('write', 'topic')) return answer(request)
  mayOnCluster(context, 'idempotentWrite')
  return { ...none, errorCode: clusterRefusal.errorCode }
}

/** From version 4 on brokers ask, who may act on the cluster. */
export const guardAddPartitionsToTxn: Guard<'addPartitionsToTxn'> = (request, context, answer) => {
  const { access, version } = context
  if (version >= 4) {
    if (mayOnCluster(context, 'clusterAction')) return answer(request)
    return { throttleTimeMs: 0, errorCode: clusterRefusal.errorCode, resultsByTransaction: [] }
  }
  const { v3AndBelowTransactionalId: id, v3AndBelowTopics: topics } = request
  const mayTransact = access.may('write', 'transactionalId', id)
  const isRefused = new Set(topics.filter(({ name }) => !mayTransact || !access.may('write', 'topic', name)))
  if (isRefused.size === 0) return answer(request)
  const code = mayTransact ? refusedTopic : refusedId
  const resultsByTopicV3AndBelow = topics.map((topic) => ({
    name: topic.name,
    resultsByPartition: topic.partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: isRefused.has(topic) ? code : errorCodes.OPERATION_NOT_ATTEMPTED,
    })),
  }))
  return { throttleTimeMs: 0, resultsByTopicV3AndBelow }
}

export const guardAddOffsetsToTxn: Guard<'addOffsetsToTxn'> = (request, { access }, answer) => {
  if (!access.may('write', 'transactionalId', request.transactionalId)) return { throttleTimeMs: 0, errorCode: refusedId }
  if (!access.may('read', 'group', request.groupId)) return { throttleTimeMs: 0, errorCode: refusedGroup }
  return answer(request)
}

export const guardEndTxn: Guard<'endTxn'> = (request, { access }, answer) =>
  access.may('write', 'transactionalId', request.transactionalId) ? answer(request) : { throttleTimeMs: 0, errorCode: refusedId }

export const guardTxnOffsetCommit: Guard<'txnOffsetCommit'> = async (request, { access }, answer) => {
  if (!access.may('write', 'transactionalId', request.transactionalId)) return refusedOffsets(request.topics, refusedId)
  if (!access.may('read', 'group', request.groupId)) return refusedOffsets(request.topics, refusedGroup)
  const { allowed, refused } = split(request.topics, ({ name }) => access.may('read', 'topic', name))
  if (refused.length === 0) return answer(request)
  const answered = allowed.length === 0 ? null : await answer({ ...request, topics: allowed })
  return { throttleTimeMs: 0, topics: [...(answered?.topics ?? []), ...refusedOffsets(refused, refusedTopic).topics] }
}

function refusedOffsets(topics: RequestOf<'txnOffsetCommit'>['topics'], errorCode: number) {
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }
}

/** An administrator's way to end what hangs (KIP-664), or a broker's. */
export const guardWriteTxnMarkers: Guard<'writeTxnMarkers'> = (request, context, answer) => {
  if (context.access.sees('alter', 'cluster', clusterName) || mayOnCluster(context, 'clusterAction')) return answer(request)
  const { errorCode } = clusterRefusal
  const markers = request.markers.map(({ producerId, topics }) => ({
    producerId,
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode })),
    })),
  }))
  return { markers }
}

/** Of what a transaction writes to it shows what the client may describe. */
export const guardDescribeTransactions: Guard<'describeTransactions'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.transactionalIds, (id) => access.may('describe', 'transactionalId', id))
  const answered = (await answer({ ...request, transactionalIds: allowed }))!
  const known = answered.transactionStates.map((state) => ({
    ...state,
    topics: state.topics.filter(({ topic }) => access.sees('describe', 'topic', topic)),
  }))
  const withheld = refused.map((transactionalId) => ({
    errorCode: refusedId,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: -1,
    producerId: -1,
    producerEpoch: -1,
    topics: [],
  }))
  return { ...answered, transactionStates: [...known, ...withheld] }
}

export const guardListTransactions: Guard<'listTransactions'> = async (request, { access }, answer) => {
  const answered = (await answer(request))!
  const transactionStates = answered.transactionStates.filter(({ transactionalId }) =>
    access.sees('describe', 'transactionalId', transactionalId),
  )
  return { ...answered, transactionStates }
}
