import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { accepted, duplicatesOf, type Refusal } from '../refusal.ts'
import { scramTypes } from '../scram-types.ts'

/** Which credentials users have, never the credentials. Users that are named are answered one by one; where none is named, all. */
export const answerDescribeUserScramCredentials: Handler<'describeUserScramCredentials'> = async ({ users }, { broker }) => {
  const there = await broker.scramUsers.describe()
  const asked = (users ?? []).map(({ name }) => name)
  const twice = duplicatesOf(asked)
  const results = [...new Set(asked.length === 0 ? there.keys() : asked)].map((user) => {
    const refusal = outcome(twice.has(user), there.has(user))
    const own = refusal === accepted ? [...there.get(user)!] : []
    const credentialInfos = own.map(([mechanism, { iterations }]) => ({ mechanism: scramTypes[mechanism], iterations }))
    return { user, ...refusal, credentialInfos: credentialInfos.toSorted((a, b) => a.mechanism - b.mechanism) }
  })
  return { throttleTimeMs: 0, errorCode: errorCodes.NONE, errorMessage: null, results }
}

function outcome(isTwice: boolean, isThere: boolean): Refusal {
  if (isTwice) return { errorCode: errorCodes.DUPLICATE_RESOURCE, errorMessage: 'the request names this user more than once' }
  return isThere ? accepted : { errorCode: errorCodes.RESOURCE_NOT_FOUND, errorMessage: 'the user has no SCRAM credentials' }
}
