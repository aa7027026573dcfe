/** Sets and removes quotas (KIP-546). */
export const alterClientQuotas = {
  key: 49,
  name: 'AlterClientQuotas',
  versions: '0-1',
  flexible: '1+',
  request: {
    entries: {
      type: 'array',
      of: {
        entity: {
          type: 'array',
          of: {
            entityType: { type: 'string' },
            entityName: { type: 'string', nullable: true },
          },
        },
        ops: {
          type: 'array',
          of: {
            key: { type: 'string' },
            value: { type: 'float64' },
            remove: { type: 'bool' },
          },
        },
      },
    },
    validateOnly: { type: 'bool' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    entries: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
        entity: {
          type: 'array',
          of: {
            entityType: { type: 'string' },
            entityName: { type: 'string', nullable: true },
          },
        },
      },
    },
  },
} as const
