/** Replaces all settings of a resource: what is not named goes back to its default. */
export const alterConfigs = {
  key: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: '2+',
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
