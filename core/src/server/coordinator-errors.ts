import { MillraceError } from '../base/errors.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { wireErrorOf } from '../protocol/wire-error.ts'

/** From which version on the clients of an API know an error. */
export interface ErrorVersions {
  /** PRODUCER_FENCED, which older ones know as INVALID_PRODUCER_EPOCH (KIP-588). */
  readonly fenced: number
  /** TRANSACTION_ABORTABLE: the transaction is lost, the producer is not (KIP-890). */
  readonly abortable: number
}

const unavailable: readonly number[] = [errorCodes.KAFKA_STORAGE_ERROR, errorCodes.BROKER_NOT_AVAILABLE]

/**
 * How a coordinator of transactions says an error in that version. A disk that takes nothing is a coordinator that is away: that is
 * what clients try again after. @throws what is none of ours
 */
export function coordinatorErrorOf(error: unknown, version: number, since: ErrorVersions): number {
  if (!(error instanceof MillraceError)) throw error
  if (error.code === 'TRANSACTION_ABORTED' && version >= since.abortable) return errorCodes.TRANSACTION_ABORTABLE
  if (error.code === 'PRODUCER_FENCED' || error.code === 'TRANSACTION_ABORTED')
    return version >= since.fenced ? errorCodes.PRODUCER_FENCED : errorCodes.INVALID_PRODUCER_EPOCH
  const code = wireErrorOf(error)
  return unavailable.includes(code) ? errorCodes.COORDINATOR_NOT_AVAILABLE : code
}
