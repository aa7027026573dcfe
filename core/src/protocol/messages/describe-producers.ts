/** The producers that are active in partitions, and where their open transactions begin (KIP-664). */
export const describeProducers = {
  key: 61,
  name: 'DescribeProducers',
  versions: '0',
  flexible: '0+',
  request: {
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitionIndexes: { type: 'array', of: 'int32' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            errorCode: { type: 'int16' },
            errorMessage: { type: 'string', nullable: true, default: null },
            activeProducers: {
              type: 'array',
              of: {
                producerId: { type: 'int64' },
                producerEpoch: { type: 'int32' },
                lastSequence: { type: 'int32', default: -1 },
                lastTimestamp: { type: 'int64', default: -1 },
                coordinatorEpoch: { type: 'int32' },
                currentTxnStartOffset: { type: 'int64', default: -1 },
              },
            },
          },
        },
      },
    },
  },
} as const
