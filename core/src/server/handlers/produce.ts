import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler, RequestContext } from '../handler.ts'

type TopicData = RequestOf<'produce'>['topicData'][number]
type PartitionData = TopicData['partitionData'][number]
type PartitionAnswer = NonNullable<NonNullable<ResponseDraft<'produce'>['responses']>[number]['partitionResponses']>[number]

/**
 * Appends a batch to each partition, in the order in which they stand: all of it takes effect in the turn of the call, and is answered
 * when it is durable. A client that wants no answer hears of a failure by a closed connection, as in Kafka.
 */
export const answerProduce: Handler<'produce'> = async (request, context) => {
  const { acks, transactionalId, topicData } = request
  if (acks < -1 || acks > 1) return refusedWhole(topicData, errorCodes.INVALID_REQUIRED_ACKS)
  const responses = await Promise.all(
    topicData.map(async ({ name: given, topicId, partitionData }) => {
      const name = context.version >= 13 ? context.broker.topics.nameOf(topicId) : given
      const appended = partitionData.map((data) => append(name, data, transactionalId, context))
      return { name: given, topicId, partitionResponses: await Promise.all(appended) }
    }),
  )
  if (acks !== 0) return { responses, throttleTimeMs: 0 }
  const failed = responses.flatMap(({ partitionResponses }) => partitionResponses).find(({ errorCode }) => errorCode !== 0)
  if (failed === undefined) return null
  throw coreError('CORRUPT_BATCH', {
    what: 'a batch without acknowledgement was refused',
    received: `error code ${failed.errorCode}`,
  })
}

async function append(
  topic: string | undefined,
  { index, records }: PartitionData,
  transactionalId: string | null,
  { broker, version }: RequestContext,
): Promise<PartitionAnswer> {
  if (topic === undefined) return refused(index, errorCodes.UNKNOWN_TOPIC_ID, null)
  const to = { topic, partition: index }
  try {
    if (records === null) throw coreError('CORRUPT_BATCH', { what: 'a partition comes without records', where: topic })
    // The log keeps the batch: it may not hold the whole chunk of the network in memory.
    const batch = new Uint8Array(records)
    const baseOffset = await (transactionalId === null || !isTransactional(batch)
      ? broker.produce(to, batch)
      : broker.produceTransactional({ id: transactionalId, version: version >= 12 ? 2 : 1, to, batch }))
    const { startOffset } = broker.topics.log(to)
    return { index, errorCode: errorCodes.NONE, baseOffset, logAppendTimeMs: -1, logStartOffset: startOffset }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused(index, wireErrorOf(error), error.message)
  }
}

/** In the attributes of the batch. */
function isTransactional(batch: Uint8Array): boolean {
  return batch.length > 22 && (batch[22]! & 16) !== 0
}

function refused(index: number, errorCode: number, errorMessage: string | null): PartitionAnswer {
  return { index, errorCode, baseOffset: -1, errorMessage }
}

function refusedWhole(topicData: readonly TopicData[], errorCode: number): ResponseDraft<'produce'> {
  const responses = topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => refused(index, errorCode, null)),
  }))
  return { responses, throttleTimeMs: 0 }
}
