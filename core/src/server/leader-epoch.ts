import { errorCodes } from '../protocol/error-codes.ts'

/** A client that knows an older or newer epoch than the log is at asks for metadata first (KIP-320). */
export function epochError(known: number, epoch: number): number {
  if (known < 0 || known === epoch) return errorCodes.NONE
  return known < epoch ? errorCodes.FENCED_LEADER_EPOCH : errorCodes.UNKNOWN_LEADER_EPOCH
}
