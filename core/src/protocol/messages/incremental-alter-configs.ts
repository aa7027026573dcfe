/** Sets (0), deletes (1), appends to (2) or subtracts from (3) single settings (KIP-339). */
export const incrementalAlterConfigs = {
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: '0-1',
  flexible: '1+',
  request: {
    resources: {
      type: 'array',
      of: {
        resourceType: { type: 'int8' },
        resourceName: { type: 'string' },
        configs: {
          type: 'array',
          of: {
            name: { type: 'string' },
            configOperation: { type: 'int8' },
            value: { type: 'string', nullable: true },
          },
        },
      },
    },
    validateOnly: { type: 'bool' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    responses: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
        resourceType: { type: 'int8' },
        resourceName: { type: 'string' },
      },
    },
  },
} as const
