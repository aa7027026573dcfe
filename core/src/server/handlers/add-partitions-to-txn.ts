import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { ProducerIdentity } from '../../broker/transaction-work.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { coordinatorErrorOf, type ErrorVersions } from '../coordinator-errors.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { placesOf, refusals, type TopicIndexes } from '../topic-partitions.ts'

type Asked = RequestOf<'addPartitionsToTxn'>['transactions'][number]
type TopicResults = NonNullable<ResponseDraft<'addPartitionsToTxn'>['resultsByTopicV3AndBelow']>
type CodeOf = (place: TopicPartition) => number

const since: ErrorVersions = { fenced: 2, abortable: 5 }

/**
 * Puts partitions into a transaction, all or none of them. Clients do it up to version 3; in later ones brokers ask about several
 * transactions at once, or only whether the partitions are in them (KIP-890).
 */
export const answerAddPartitionsToTxn: Handler<'addPartitionsToTxn'> = async (request, context) => {
  if (context.version >= 4) {
    const results = request.transactions.map(async (asked) => ({
      transactionalId: asked.transactionalId,
      topicResults: resultsOf(asked.topics, await (asked.verifyOnly ? verified(asked, context) : added(asked, 2, context))),
    }))
    return { throttleTimeMs: 0, errorCode: errorCodes.NONE, resultsByTransaction: await Promise.all(results) }
  }
  const asked = {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    topics: request.v3AndBelowTopics,
  }
  return { throttleTimeMs: 0, resultsByTopicV3AndBelow: resultsOf(asked.topics, await added(asked, 1, context)) }
}

type Transaction = Omit<Asked, 'verifyOnly'>

async function added(transaction: Transaction, transactionVersion: 1 | 2, context: RequestContext): Promise<CodeOf> {
  const { broker, version } = context
  const places = placesOf(transaction.topics)
  if (transaction.transactionalId === '') return () => errorCodes.INVALID_REQUEST
  const refused = refusals(places, (place) => broker.topics.logToWrite(place))
  if (refused.size > 0) return (place) => refused.get(partitionName(place)) ?? errorCodes.OPERATION_NOT_ATTEMPTED
  try {
    await broker.transactions.addPartitions(transaction.transactionalId, whoOf(transaction), places, transactionVersion)
    return () => errorCodes.NONE
  } catch (error) {
    const code = coordinatorErrorOf(error, version, since)
    return () => code
  }
}

async function verified(transaction: Transaction, { broker, version }: RequestContext): Promise<CodeOf> {
  try {
    const places = placesOf(transaction.topics)
    const inside = await broker.transactions.verify(transaction.transactionalId, whoOf(transaction), places)
    const names = new Set(inside.map(partitionName))
    const outside = version >= since.abortable ? errorCodes.TRANSACTION_ABORTABLE : errorCodes.INVALID_TXN_STATE
    return (place) => (names.has(partitionName(place)) ? errorCodes.NONE : outside)
  } catch (error) {
    const code = coordinatorErrorOf(error, version, since)
    return () => code
  }
}

function whoOf({ producerId, producerEpoch }: Transaction): ProducerIdentity {
  return { producerId, producerEpoch }
}

function resultsOf(topics: readonly TopicIndexes[], codeOf: CodeOf): TopicResults {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: codeOf({ topic: name, partition: partitionIndex }),
    })),
  }))
}
