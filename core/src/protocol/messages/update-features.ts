/** Finalizes levels of features (KIP-584). */
export const updateFeatures = {
  key: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: '0+',
  request: {
    timeoutMs: { type: 'int32', default: 60000 },
    featureUpdates: {
      type: 'array',
      of: {
        feature: { type: 'string' },
        maxVersionLevel: { type: 'int16' },
        allowDowngrade: { type: 'bool', versions: '0' },
        upgradeType: { type: 'int8', versions: '1+', default: 1 },
      },
    },
    validateOnly: { type: 'bool', versions: '1+', default: false },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    results: {
      type: 'array',
      versions: '0-1',
      ignorable: true,
      of: {
        feature: { type: 'string' },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
      },
    },
  },
} as const
