import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { accepted, duplicatesOf, type Refusal } from '../refusal.ts'
import { features } from './api-versions.ts'

type Update = RequestOf<'updateFeatures'>['featureUpdates'][number]

/** Features are switched on by the version of the server: what is said already may be said again, all else is refused. */
export const answerUpdateFeatures: Handler<'updateFeatures'> = ({ featureUpdates }) => {
  const twice = duplicatesOf(featureUpdates.map(({ feature }) => feature))
  const results = featureUpdates.map((update) => ({ feature: update.feature, ...outcome(update, twice) }))
  // From version 2 on there is one answer to all of them.
  const failed = results.find(({ errorCode }) => errorCode !== errorCodes.NONE)
  const { errorCode, errorMessage } = failed ?? accepted
  return { throttleTimeMs: 0, errorCode, errorMessage, results }
}

function outcome({ feature, maxVersionLevel }: Update, twice: ReadonlySet<string>): Refusal {
  if (twice.has(feature))
    return { errorCode: errorCodes.INVALID_REQUEST, errorMessage: `the request names the feature ${feature} more than once` }
  const known = features.find(({ name }) => name === feature)
  if (known?.max === maxVersionLevel) return accepted
  const reason = known === undefined ? 'is not known' : `stays at level ${known.max}`
  return { errorCode: errorCodes.INVALID_UPDATE_VERSION, errorMessage: `the feature ${feature} ${reason}` }
}
