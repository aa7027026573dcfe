/** Moves partitions to other brokers. */
export const alterPartitionReassignments = {
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: '0-1',
  flexible: '0+',
  request: {
    timeoutMs: { type: 'int32', default: 60000 },
    allowReplicationFactorChange: { type: 'bool', versions: '1', default: true },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            replicas: { type: 'array', nullable: true, default: null, of: 'int32' },
          },
        },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    allowReplicationFactorChange: { type: 'bool', versions: '1', default: true, ignorable: true },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    responses: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            errorCode: { type: 'int16' },
            errorMessage: { type: 'string', nullable: true },
          },
        },
      },
    },
  },
} as const
