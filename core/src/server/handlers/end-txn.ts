import { errorCodes } from '../../protocol/error-codes.ts'
import { coordinatorErrorOf } from '../coordinator-errors.ts'
import type { Handler } from '../handler.ts'

/** The first version of clients whose epoch rises with each transaction (KIP-890). */
const risingEpoch = 5

/** Commits or aborts. All markers are written when the answer leaves, which says who writes the next transaction. */
export const answerEndTxn: Handler<'endTxn'> = async (request, { broker, version }) => {
  const { transactionalId, producerId, producerEpoch, committed } = request
  if (transactionalId === '') return { throttleTimeMs: 0, errorCode: errorCodes.INVALID_REQUEST }
  try {
    const next = await broker.transactions.end({
      id: transactionalId,
      by: { producerId, producerEpoch },
      kind: committed ? 'commit' : 'abort',
      version: version >= risingEpoch ? 2 : 1,
    })
    return { throttleTimeMs: 0, errorCode: errorCodes.NONE, ...next }
  } catch (error) {
    return { throttleTimeMs: 0, errorCode: coordinatorErrorOf(error, version, { fenced: 2, abortable: 4 }) }
  }
}
