/** Gives topics more partitions. */
export const createPartitions = {
  key: 37,
  name: 'CreatePartitions',
  versions: '0-3',
  flexible: '2+',
  request: {
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        count: { type: 'int32' },
        assignments: {
          type: 'array',
          nullable: true,
          of: {
            brokerIds: { type: 'array', of: 'int32' },
          },
        },
      },
    },
    timeoutMs: { type: 'int32' },
    validateOnly: { type: 'bool' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    results: {
      type: 'array',
      of: {
        name: { type: 'string' },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true, default: null },
      },
    },
  },
} as const
