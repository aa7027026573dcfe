import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { duplicatesOf, type Refusal } from '../refusal.ts'

/** Nobody has credentials. Users that are named are answered one by one; to none, or an empty list, all that there are: none. */
export const answerDescribeUserScramCredentials: Handler<'describeUserScramCredentials'> = ({ users }) => {
  const names = (users ?? []).map(({ name }) => name)
  const twice = duplicatesOf(names)
  return {
    throttleTimeMs: 0,
    errorCode: errorCodes.NONE,
    errorMessage: null,
    results: [...new Set(names)].map((user) => ({ user, ...outcome(user, twice), credentialInfos: [] })),
  }
}

function outcome(user: string, twice: ReadonlySet<string>): Refusal {
  return twice.has(user)
    ? { errorCode: errorCodes.DUPLICATE_RESOURCE, errorMessage: 'the request names this user more than once' }
    : { errorCode: errorCodes.RESOURCE_NOT_FOUND, errorMessage: 'the user has no SCRAM credentials' }
}
