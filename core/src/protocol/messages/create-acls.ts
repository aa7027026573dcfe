/** Makes access rules. */
export const createAcls = {
  key: 30,
  name: 'CreateAcls',
  versions: '1-3',
  flexible: '2+',
  request: {
    creations: {
      type: 'array',
      of: {
        resourceType: { type: 'int8' },
        resourceName: { type: 'string' },
        resourcePatternType: { type: 'int8', default: 3 },
        principal: { type: 'string' },
        host: { type: 'string' },
        operation: { type: 'int8' },
        permissionType: { type: 'int8' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    results: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
      },
    },
  },
} as const
