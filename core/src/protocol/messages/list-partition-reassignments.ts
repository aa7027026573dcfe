/** Which partitions are being moved. */
export const listPartitionReassignments = {
  key: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: '0+',
  request: {
    timeoutMs: { type: 'int32', default: 60000 },
    topics: {
      type: 'array',
      nullable: true,
      default: null,
      of: {
        name: { type: 'string' },
        partitionIndexes: { type: 'array', of: 'int32' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            replicas: { type: 'array', of: 'int32' },
            addingReplicas: { type: 'array', of: 'int32' },
            removingReplicas: { type: 'array', of: 'int32' },
          },
        },
      },
    },
  },
} as const
