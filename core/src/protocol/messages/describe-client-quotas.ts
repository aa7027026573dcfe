/** The quotas of users, client ids and addresses (KIP-546). */
export const describeClientQuotas = {
  key: 48,
  name: 'DescribeClientQuotas',
  versions: '0-1',
  flexible: '1+',
  request: {
    components: {
      type: 'array',
      of: {
        entityType: { type: 'string' },
        matchType: { type: 'int8' },
        match: { type: 'string', nullable: true },
      },
    },
    strict: { type: 'bool' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    entries: {
      type: 'array',
      nullable: true,
      of: {
        entity: {
          type: 'array',
          of: {
            entityType: { type: 'string' },
            entityName: { type: 'string', nullable: true },
          },
        },
        values: {
          type: 'array',
          of: {
            key: { type: 'string' },
            value: { type: 'float64' },
          },
        },
      },
    },
  },
} as const
