import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import { attributesOf, BATCH_OVERHEAD_BYTES, COMPRESSION_BITS, TRANSACTIONAL_BIT } from '../../record/batch-header.ts'
import { isBatchIntact } from '../../record/batch-validation.ts'
import type { Handler, RequestContext } from '../handler.ts'

/** The first version that puts partitions into a transaction by itself (KIP-890). */
const implicitAdding = 12
/** The first version that may carry zstd (KIP-110). */
const zstdSince = 7
const zstd = 4

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
  throw unansweredRefusal(failed.errorCode)
}

/** Closes the connection of a client that wants no answer. */
export function unansweredRefusal(errorCode: number): Error {
  return coreError('CORRUPT_BATCH', {
    what: 'a batch without acknowledgement was refused',
    received: `error code ${errorCode}`,
  })
}

async function append(
  topic: string | undefined,
  { index, records }: PartitionData,
  transactionalId: string | null,
  { broker, version }: RequestContext,
): Promise<PartitionAnswer> {
  if (topic === undefined) return refusedAppend(index, errorCodes.UNKNOWN_TOPIC_ID, null)
  if (records === null) return refusedAppend(index, errorCodes.INVALID_RECORD, 'the partition comes without records')
  // The log keeps the batch: it may not hold the whole chunk of the network in memory.
  const batch = new Uint8Array(records)
  const attributes = batch.length < BATCH_OVERHEAD_BYTES ? 0 : attributesOf(batch, 0)
  if (version < zstdSince && (attributes & COMPRESSION_BITS) === zstd)
    return refusedAppend(index, errorCodes.UNSUPPORTED_COMPRESSION_TYPE, `zstd needs version ${zstdSince}`)
  const isTransactional = (attributes & TRANSACTIONAL_BIT) !== 0
  if (isTransactional && transactionalId === null)
    return refusedAppend(index, errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, null)
  const to = { topic, partition: index }
  try {
    const { baseOffset, appendedAt } = await (transactionalId !== null && isTransactional
      ? broker.produceTransactional({ id: transactionalId, version: version >= implicitAdding ? 2 : 1, to, batch })
      : broker.produce(to, batch))
    const { startOffset } = broker.topics.log(to)
    return { index, errorCode: errorCodes.NONE, baseOffset, logAppendTimeMs: appendedAt ?? -1, logStartOffset: startOffset }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const recordErrors =
      error.recordIndex === undefined ? [] : [{ batchIndex: error.recordIndex, batchIndexErrorMessage: error.message }]
    return { ...refusedAppend(index, produceErrorOf(error, batch, version), error.message), recordErrors }
  }
}

/**
 * As producers take it. One that is fenced hears INVALID_PRODUCER_EPOCH in all versions (KIP-588): it may abort and go on. A batch that
 * came whole and is wrong all the same would be wrong again: CORRUPT_MESSAGE makes clients send it anew.
 */
function produceErrorOf(error: MillraceError, batch: Uint8Array, version: number): number {
  switch (error.code) {
    case 'PRODUCER_FENCED':
      return errorCodes.INVALID_PRODUCER_EPOCH
    case 'CORRUPT_BATCH':
      return isBatchIntact(batch, 0) ? errorCodes.INVALID_RECORD : errorCodes.CORRUPT_MESSAGE
    case 'CONCURRENT_TRANSACTIONS':
      // Older clients know it from coordinators only, and try again after this one.
      return version >= implicitAdding ? errorCodes.CONCURRENT_TRANSACTIONS : errorCodes.NOT_ENOUGH_REPLICAS
    default:
      return wireErrorOf(error)
  }
}

export function refusedAppend(index: number, errorCode: number, errorMessage: string | null): PartitionAnswer {
  return { index, errorCode, baseOffset: -1, errorMessage }
}

function refusedWhole(topicData: readonly TopicData[], errorCode: number): ResponseDraft<'produce'> {
  const responses = topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => refusedAppend(index, errorCode, null)),
  }))
  return { responses, throttleTimeMs: 0 }
}
