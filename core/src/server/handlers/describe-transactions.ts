import { MillraceError } from '../../base/errors.ts'
import type { Broker } from '../../broker/broker.ts'
import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler } from '../handler.ts'
import { indexesOf } from '../topic-partitions.ts'

type State = NonNullable<ResponseDraft<'describeTransactions'>['transactionStates']>[number]

/** Transactions by their ids (KIP-664). */
export const answerDescribeTransactions: Handler<'describeTransactions'> = async ({ transactionalIds }, { broker }) => ({
  throttleTimeMs: 0,
  transactionStates: await Promise.all(transactionalIds.map((id) => stateOf(id, broker))),
})

async function stateOf(transactionalId: string, broker: Broker): Promise<State> {
  if (transactionalId === '') return refused(transactionalId, errorCodes.INVALID_REQUEST)
  try {
    const { state, timeoutMs, lastStartedAt, producerId, producerEpoch, partitions } =
      await broker.transactions.inspection.describe(transactionalId)
    return {
      errorCode: errorCodes.NONE,
      transactionalId,
      transactionState: state,
      transactionTimeoutMs: timeoutMs,
      transactionStartTimeMs: lastStartedAt ?? -1,
      producerId,
      producerEpoch,
      topics: indexesOf(partitions).map(({ name, partitions: indexes }) => ({ topic: name, partitions: indexes })),
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused(transactionalId, wireErrorOf(error))
  }
}

function refused(transactionalId: string, errorCode: number): State {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: -1,
    producerId: -1,
    producerEpoch: -1,
    topics: [],
  }
}
