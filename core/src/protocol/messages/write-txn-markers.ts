/** Ends transactions in partitions: how an operator aborts one that hangs. */
export const writeTxnMarkers = {
  key: 27,
  name: 'WriteTxnMarkers',
  versions: '1-2',
  flexible: '1+',
  request: {
    markers: {
      type: 'array',
      of: {
        producerId: { type: 'int64' },
        producerEpoch: { type: 'int16' },
        transactionResult: { type: 'bool' },
        topics: {
          type: 'array',
          of: {
            name: { type: 'string' },
            partitionIndexes: { type: 'array', of: 'int32' },
          },
        },
        coordinatorEpoch: { type: 'int32' },
        transactionVersion: { type: 'int8', versions: '2', default: 0, ignorable: true },
      },
    },
  },
  response: {
    markers: {
      type: 'array',
      of: {
        producerId: { type: 'int64' },
        topics: {
          type: 'array',
          of: {
            name: { type: 'string' },
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
    },
  },
} as const
