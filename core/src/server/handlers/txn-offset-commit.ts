import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { GroupCommit } from '../../broker/transaction-work.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { coordinatorErrorOf } from '../coordinator-errors.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { refusals } from '../topic-partitions.ts'

type Request = RequestOf<'txnOffsetCommit'>
type Asked = Request['topics'][number]['partitions'][number] & TopicPartition

/** The first version that puts the group into the transaction by itself (KIP-890). */
const implicitAdding = 5
/** `offset.metadata.max.bytes`. */
const longestMetadata = 4096

/**
 * Positions of a group that count when the transaction is committed. A partition that is not there is refused alone; a member that
 * the group has gone on without (KIP-447, from version 3 on) or a producer that is fenced loses all of them.
 */
export const answerTxnOffsetCommit: Handler<'txnOffsetCommit'> = async (request, context) => {
  const asked = request.topics.flatMap(({ name, partitions }) =>
    partitions.map((one): Asked => ({ ...one, topic: name, partition: one.partitionIndex })),
  )
  const tooLong = asked.filter(({ committedMetadata }) => (committedMetadata?.length ?? 0) > longestMetadata)
  const refused = new Map([
    ...tooLong.map((one) => [partitionName(one), errorCodes.OFFSET_METADATA_TOO_LARGE] as const),
    ...refusals(asked, (place) => context.broker.topics.checkPlace(place)),
  ])
  const taken = asked.filter((one) => !refused.has(partitionName(one)))
  const errorCode = await commit(request, taken, context)
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: refused.get(partitionName({ topic: name, partition: partitionIndex })) ?? errorCode,
    })),
  }))
  return { throttleTimeMs: 0, topics }
}

async function commit(request: Request, taken: readonly Asked[], { broker, version }: RequestContext): Promise<number> {
  const { transactionalId, producerId, producerEpoch, groupId } = request
  if (groupId === '') return errorCodes.INVALID_GROUP_ID
  if (taken.length === 0) return errorCodes.NONE
  try {
    const transactionVersion = version >= implicitAdding ? 2 : 1
    await broker.transactions.commitOffsets(
      transactionalId,
      { producerId, producerEpoch },
      groupCommit(request, taken),
      transactionVersion,
    )
    return errorCodes.NONE
  } catch (error) {
    // Clients of all versions take INVALID_PRODUCER_EPOCH here for being fenced, as brokers have always said it.
    return coordinatorErrorOf(error, version, { fenced: Infinity, abortable: 4 })
  }
}

function groupCommit({ groupId, generationId, memberId, groupInstanceId }: Request, taken: readonly Asked[]): GroupCommit {
  return {
    group: groupId,
    member: memberId === '' ? undefined : memberId,
    generation: generationId < 0 ? undefined : generationId,
    instance: groupInstanceId ?? undefined,
    positions: taken.map(({ topic, partition, committedOffset, committedLeaderEpoch, committedMetadata }) => ({
      topic,
      partition,
      offset: committedOffset,
      metadata: committedMetadata ?? '',
      leaderEpoch: committedLeaderEpoch,
    })),
  }
}
