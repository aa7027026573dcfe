import type { ScramChange } from '../../broker/scram-users.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { outcomeOf, Refused } from '../refusal.ts'
import { scramMechanismOf } from '../scram-types.ts'

type Request = RequestOf<'alterUserScramCredentials'>

/** Sets and removes credentials: of each user all that are asked for, or none. */
export const answerAlterUserScramCredentials: Handler<'alterUserScramCredentials'> = async (request, { broker }) => {
  const users = new Set([...request.deletions, ...request.upsertions].map(({ name }) => name))
  const results = []
  for (const user of users) {
    const refusal = await outcomeOf(() => broker.scramUsers.alter(user, changesOf(user, request)))
    results.push({ user, ...refusal })
  }
  return { throttleTimeMs: 0, results }
}

/** @throws Refused */
function changesOf(user: string, { deletions, upsertions }: Request): ScramChange[] {
  const removed = deletions.filter(({ name }) => name === user)
  const set = upsertions.filter(({ name }) => name === user)
  const types = [...removed, ...set].map(({ mechanism }) => mechanism)
  if (new Set(types).size < types.length)
    throw new Refused(errorCodes.DUPLICATE_RESOURCE, 'the request changes a credential of this user more than once')
  return [
    ...removed.map(({ mechanism }): ScramChange => ({ kind: 'remove', mechanism: mechanismOf(mechanism) })),
    ...set.map(({ mechanism, iterations, salt, saltedPassword }): ScramChange => {
      return { kind: 'set', mechanism: mechanismOf(mechanism), iterations, salt, saltedPassword }
    }),
  ]
}

/** @throws Refused */
function mechanismOf(type: number): ScramChange['mechanism'] {
  const mechanism = scramMechanismOf(type)
  if (mechanism === undefined) throw new Refused(errorCodes.UNSUPPORTED_SASL_MECHANISM, 'there is no such SCRAM mechanism')
  return mechanism
}
