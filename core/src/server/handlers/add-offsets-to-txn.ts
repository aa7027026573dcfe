import { errorCodes } from '../../protocol/error-codes.ts'
import { coordinatorErrorOf } from '../coordinator-errors.ts'
import type { Handler } from '../handler.ts'

/** Puts a group into a transaction, before its offsets come. Clients of transaction version 2 leave it out. */
export const answerAddOffsetsToTxn: Handler<'addOffsetsToTxn'> = async (request, { broker, version }) => {
  const { transactionalId, producerId, producerEpoch, groupId } = request
  if (transactionalId === '') return { throttleTimeMs: 0, errorCode: errorCodes.INVALID_REQUEST }
  if (groupId === '') return { throttleTimeMs: 0, errorCode: errorCodes.INVALID_GROUP_ID }
  try {
    await broker.transactions.addOffsets(transactionalId, { producerId, producerEpoch }, groupId, 1)
    return { throttleTimeMs: 0, errorCode: errorCodes.NONE }
  } catch (error) {
    return { throttleTimeMs: 0, errorCode: coordinatorErrorOf(error, version, { fenced: 2, abortable: 4 }) }
  }
}
