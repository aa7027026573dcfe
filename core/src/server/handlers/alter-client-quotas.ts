import type { QuotaChanges, QuotaEntity } from '../../broker/quotas.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { duplicatesOf, outcomeOf, Refused } from '../refusal.ts'

type Entry = RequestOf<'alterClientQuotas'>['entries'][number]

/** Sets and removes quotas (KIP-546): all of an entity or none, each entity for itself. */
export const answerAlterClientQuotas: Handler<'alterClientQuotas'> = async ({ entries, validateOnly }, context) => {
  const answers = []
  for (const entry of entries)
    answers.push({ ...(await outcomeOf(() => change(entry, validateOnly, context))), entity: entry.entity })
  return { throttleTimeMs: 0, entries: answers }
}

async function change({ entity, ops }: Entry, validateOnly: boolean, { broker }: RequestContext): Promise<void> {
  if (duplicatesOf(entity.map(({ entityType }) => entityType)).size > 0)
    throw new Refused(errorCodes.INVALID_REQUEST, 'an entity has each type once')
  // The catalogue of types is the broker's: what is none is refused there.
  const named: QuotaEntity = Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName]))
  const changes: QuotaChanges = Object.fromEntries(ops.map(({ key, value, remove }) => [key, remove ? null : value]))
  if (validateOnly) broker.quotas.check(named, changes)
  else await broker.quotas.alter(named, changes)
}
