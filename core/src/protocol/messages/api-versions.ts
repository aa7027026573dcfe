/**
 * Which versions the server speaks. A client may ask in a version that the server does not know, so this one API answers with the
 * oldest header in every version, and in version 0 to what it does not know (KIP-511).
 */
export const apiVersions = {
  key: 18,
  name: 'ApiVersions',
  versions: '0-4',
  flexible: '3+',
  /** Of the response. */
  header: 'classic',
  request: {
    clientSoftwareName: { type: 'string', versions: '3+', ignorable: true },
    clientSoftwareVersion: { type: 'string', versions: '3+', ignorable: true },
  },
  response: {
    errorCode: { type: 'int16' },
    apiKeys: {
      type: 'array',
      of: {
        apiKey: { type: 'int16' },
        minVersion: { type: 'int16' },
        maxVersion: { type: 'int16' },
      },
    },
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    supportedFeatures: {
      type: 'array',
      versions: '3+',
      tag: 0,
      ignorable: true,
      of: {
        name: { type: 'string' },
        minVersion: { type: 'int16' },
        maxVersion: { type: 'int16' },
      },
    },
    finalizedFeaturesEpoch: { type: 'int64', versions: '3+', tag: 1, default: -1, ignorable: true },
    finalizedFeatures: {
      type: 'array',
      versions: '3+',
      tag: 2,
      ignorable: true,
      of: {
        name: { type: 'string' },
        maxVersionLevel: { type: 'int16' },
        minVersionLevel: { type: 'int16' },
      },
    },
    zkMigrationReady: { type: 'bool', versions: '3+', tag: 3, default: false, ignorable: true },
  },
} as const
