/** The offset at a time. Negative times: -1 the end, -2 the start, -3 the greatest timestamp, from 8 on -4 the local start (KIP-405). */
export const listOffsets = {
  key: 2,
  name: 'ListOffsets',
  versions: '1-11',
  flexible: '6+',
  request: {
    replicaId: { type: 'int32' },
    isolationLevel: { type: 'int8', versions: '2+' },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            currentLeaderEpoch: { type: 'int32', versions: '4+', default: -1, ignorable: true },
            timestamp: { type: 'int64', unlimited: true },
          },
        },
      },
    },
    timeoutMs: { type: 'int32', versions: '10+', ignorable: true },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '2+', ignorable: true },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            errorCode: { type: 'int16' },
            timestamp: { type: 'int64', default: -1 },
            offset: { type: 'int64', default: -1 },
            leaderEpoch: { type: 'int32', versions: '4+', default: -1 },
          },
        },
      },
    },
  },
} as const
