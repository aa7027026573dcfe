import { advertisedVersions } from '../../protocol/api.ts'
import { apiOf, type ApiName, type ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'

/**
 * Transactions of version 2 (KIP-890) and the new consumer protocol (KIP-848) are switched on by these features, not by versions of APIs
 * alone.
 */
export const features = [
  { name: 'group.version', max: 1 },
  { name: 'transaction.version', max: 2 },
] as const

const softwareForm = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/

/** What the server serves, and the features that are switched on. */
export const answerApiVersions: Handler<'apiVersions'> = ({ clientSoftwareName, clientSoftwareVersion }, { version, served }) => {
  const isNamed = softwareForm.test(clientSoftwareName) && softwareForm.test(clientSoftwareVersion)
  if (version >= 3 && !isNamed) return { errorCode: errorCodes.INVALID_REQUEST, apiKeys: [] }
  return {
    errorCode: errorCodes.NONE,
    apiKeys: keysOf(served),
    throttleTimeMs: 0,
    supportedFeatures: features.map(({ name, max }) => ({ name, minVersion: version >= 4 ? 0 : 1, maxVersion: max })),
    finalizedFeaturesEpoch: 0,
    finalizedFeatures: features.map(({ name, max }) => ({ name, maxVersionLevel: max, minVersionLevel: max })),
  }
}

/** In version 0, to a client that asked in a version that nobody knows. */
export function unknownVersionAnswer(served: readonly ApiName[]): ResponseDraft<'apiVersions'> {
  return { errorCode: errorCodes.UNSUPPORTED_VERSION, apiKeys: keysOf(served) }
}

interface ServedVersions {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

function keysOf(served: readonly ApiName[]): ServedVersions[] {
  const keys = served.map((name) => {
    const api = apiOf(name)
    const { min, max } = advertisedVersions(api)
    return { apiKey: api.key, minVersion: min, maxVersion: max }
  })
  return keys.toSorted((a, b) => a.apiKey - b.apiKey)
}
