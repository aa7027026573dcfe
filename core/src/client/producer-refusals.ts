import { coreError } from '../base/error-catalogue.ts'
import type { OutgoingBatch } from './producer.ts'

/** What producers refuse, the same at every end of a log. */
export function closedProducer(): Error {
  return coreError('CLOSED', { what: 'the producer is closed' })
}

export function bufferFull(expected: number, received: number): Error {
  return coreError('BUFFER_FULL', { what: 'the producer holds twice what it may', expected, received })
}

export function foreignBatch(batch: OutgoingBatch): Error {
  const where = typeof batch === 'object' && batch !== null ? `${batch.topic}-${batch.partition}` : 'batch'
  return coreError('INVALID_OPTION', { what: 'the batch was not made by this producer', where })
}

export function transactionalOnly(where: string): Error {
  return coreError('TRANSACTIONAL_ONLY', { what: 'a transactional producer writes inside transactions only', where })
}

export function notTransactional(): Error {
  return coreError('NOT_TRANSACTIONAL', { what: 'the producer has no transactional id' })
}

export function transactionOpen(where: string): Error {
  return coreError('TRANSACTION_OPEN', { what: 'a transaction of this producer is open', where })
}
