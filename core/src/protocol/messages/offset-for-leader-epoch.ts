/** Where the records of a leader epoch end: a consumer asks whether its position still stands. */
export const offsetForLeaderEpoch = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: '2-4',
  flexible: '4+',
  request: {
    replicaId: { type: 'int32', versions: '3+', default: -2, ignorable: true },
    topics: {
      type: 'array',
      of: {
        topic: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partition: { type: 'int32' },
            currentLeaderEpoch: { type: 'int32', default: -1 },
            leaderEpoch: { type: 'int32' },
          },
        },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    topics: {
      type: 'array',
      of: {
        topic: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            errorCode: { type: 'int16' },
            partition: { type: 'int32' },
            leaderEpoch: { type: 'int32', default: -1 },
            endOffset: { type: 'int64', default: -1 },
          },
        },
      },
    },
  },
} as const
