import { coreError } from '../../base/error-catalogue.ts'
import type { Broker } from '../../broker/broker.ts'
import type { ProducerIdentity } from '../../broker/transaction-work.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { coordinatorErrorOf } from '../coordinator-errors.ts'
import type { Handler } from '../handler.ts'

/**
 * An identity for a producer. Without a transactional id any fresh one; with it the next of that id, and what its last producer has
 * open is aborted before the answer leaves. A producer that says who it is goes on after an error (KIP-360).
 */
export const answerInitProducerId: Handler<'initProducerId'> = async (request, { broker, version }) => {
  try {
    const identity = await identityFor(request, broker)
    return { throttleTimeMs: 0, errorCode: errorCodes.NONE, ...identity }
  } catch (error) {
    const errorCode = coordinatorErrorOf(error, version, { fenced: 4, abortable: 5 })
    return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 }
  }
}

async function identityFor(request: RequestOf<'initProducerId'>, broker: Broker): Promise<ProducerIdentity> {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  if (producerId === -1 ? producerEpoch !== -1 : producerEpoch === -1) throw invalid('a producer id and an epoch, or neither')
  if (transactionalId === null) return { producerId: await broker.producerIds.give(), producerEpoch: 0 }
  if (transactionalId === '') throw invalid('a transactional id that is not empty')
  const by = producerId === -1 ? null : { producerId, producerEpoch }
  return broker.transactions.initProducerId({ id: transactionalId, timeoutMs: transactionTimeoutMs, by })
}

function invalid(expected: string): Error {
  return coreError('INVALID_OPTION', { what: 'a request for a producer id makes no sense', expected })
}
