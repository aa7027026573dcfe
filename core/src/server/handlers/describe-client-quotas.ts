import { entityTypes, type EntityMatch, type EntityType } from '../../broker/quotas.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { duplicatesOf, refusalOf, Refused } from '../refusal.ts'

type Component = RequestOf<'describeClientQuotas'>['components'][number]

const matchTypes = { exact: 0, default: 1, any: 2 } as const

/** The quotas of entities that a filter names (KIP-546). */
export const answerDescribeClientQuotas: Handler<'describeClientQuotas'> = async ({ components, strict }, { broker }) => {
  try {
    const found = await broker.quotas.describe(matchesOf(components), strict)
    const entries = found.map(({ entity, values }) => ({
      entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
      values: Object.entries(values).map(([key, value]) => ({ key, value })),
    }))
    return { throttleTimeMs: 0, errorCode: errorCodes.NONE, errorMessage: null, entries }
  } catch (error) {
    return { throttleTimeMs: 0, ...refusalOf(error), entries: null }
  }
}

/** @throws Refused */
function matchesOf(components: readonly Component[]): readonly EntityMatch[] {
  const types = components.map(({ entityType }) => entityType)
  if (types.includes('') || duplicatesOf(types).size > 0) throw invalid('a filter names each type of entity once')
  const matches = components.map(matchOf)
  if (types.includes('ip') && types.length > 1) throw invalid('addresses are asked for without users and client ids')
  return matches
}

function matchOf({ entityType, matchType, match }: Component): EntityMatch {
  if (!isEntityType(entityType))
    throw new Refused(errorCodes.UNSUPPORTED_VERSION, `types of entities are ${entityTypes.join(', ')}`)
  const wantsName = matchType === matchTypes.exact
  if (!Object.values<number>(matchTypes).includes(matchType)) throw invalid(`there is no type of match ${matchType}`)
  if (wantsName !== (match !== null)) throw invalid('an exact match has a name, and no other match has one')
  return { type: entityType, name: match, isAny: matchType === matchTypes.any }
}

function isEntityType(type: string): type is EntityType {
  return (entityTypes as readonly string[]).includes(type)
}

function invalid(message: string): Refused {
  return new Refused(errorCodes.INVALID_REQUEST, message)
}
