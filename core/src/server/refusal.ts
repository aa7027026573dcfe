import { MillraceError } from '../base/errors.ts'
import { wireErrorOf } from '../protocol/wire-error.ts'

/** What an answer says of a request, or a part of it, that is not carried out. */
export interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export const accepted: Refusal = Object.freeze({ errorCode: 0, errorMessage: null })

/** What went wrong in `work`, to be answered. What is no error of ours is thrown on. */
export async function outcomeOf(work: () => Promise<void> | void): Promise<Refusal> {
  try {
    await work()
    return accepted
  } catch (error) {
    return refusalOf(error)
  }
}

/** @throws what is no error of ours */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return { errorCode: error.errorCode, errorMessage: error.message }
  if (!(error instanceof MillraceError)) throw error
  return { errorCode: wireErrorOf(error), errorMessage: error.message }
}

/** A rule of the wire that a request breaks, where the broker below has none. Never leaves the server room. */
export class Refused extends Error {
  readonly errorCode: number

  constructor(errorCode: number, message: string) {
    super(message)
    this.errorCode = errorCode
  }
}

/** Names that come more than once. */
export function duplicatesOf(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  return new Set(names.filter((name) => seen.size === seen.add(name).size))
}
