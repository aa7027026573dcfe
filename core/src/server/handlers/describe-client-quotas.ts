import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { accepted, duplicatesOf, type Refusal } from '../refusal.ts'

const entityTypes: readonly string[] = ['user', 'client-id', 'ip']

/** There are no quotas. What asks for them is checked as in Kafka. */
export const answerDescribeClientQuotas: Handler<'describeClientQuotas'> = ({ components }) => {
  const outcome = checked(components)
  return { throttleTimeMs: 0, ...outcome, entries: outcome === accepted ? [] : null }
}

function checked(components: RequestOf<'describeClientQuotas'>['components']): Refusal {
  const types = components.map(({ entityType }) => entityType)
  if (types.includes('') || duplicatesOf(types).size > 0)
    return { errorCode: errorCodes.INVALID_REQUEST, errorMessage: 'a filter names each type of entity once' }
  if (types.every((type) => entityTypes.includes(type))) return accepted
  return { errorCode: errorCodes.UNSUPPORTED_VERSION, errorMessage: `types of entities are ${entityTypes.join(', ')}` }
}
