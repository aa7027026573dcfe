import { MillraceError } from '../base/errors.ts'
import type { Broker } from '../broker/broker.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { wireErrorOf } from '../protocol/wire-error.ts'

/**
 * What clients of groups hear in place of the general code. A coordinator that cannot write or is about to end is looked for anew:
 * in these answers clients know no storage errors, and give up.
 */
const instead: ReadonlyMap<number, number> = new Map([
  [errorCodes.KAFKA_STORAGE_ERROR, errorCodes.NOT_COORDINATOR],
  [errorCodes.BROKER_NOT_AVAILABLE, errorCodes.COORDINATOR_NOT_AVAILABLE],
])

/** The code that says it. @throws what is no error of the log */
export function groupErrorOf(error: unknown): number {
  if (!(error instanceof MillraceError)) throw error
  const code = wireErrorOf(error)
  return instead.get(code) ?? code
}

/** Does what is asked of a group; resolves to the code that says how that went. */
export async function groupOutcome({ groups }: Broker, group: string, work: () => Promise<unknown>): Promise<number> {
  if (!groups.isName(group)) return errorCodes.INVALID_GROUP_ID
  try {
    await work()
    return errorCodes.NONE
  } catch (error) {
    return groupErrorOf(error)
  }
}
