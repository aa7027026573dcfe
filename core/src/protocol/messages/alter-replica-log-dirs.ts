/** Moves replicas to other directories of a broker. */
export const alterReplicaLogDirs = {
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: '1-2',
  flexible: '2+',
  request: {
    dirs: {
      type: 'array',
      of: {
        path: { type: 'string' },
        topics: {
          type: 'array',
          of: {
            name: { type: 'string' },
            partitions: { type: 'array', of: 'int32' },
          },
        },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    results: {
      type: 'array',
      of: {
        topicName: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            errorCode: { type: 'int16' },
          },
        },
      },
    },
  },
} as const
