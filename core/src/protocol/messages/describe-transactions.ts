/** Transactions by their ids: state, producer, partitions (KIP-664). */
export const describeTransactions = {
  key: 65,
  name: 'DescribeTransactions',
  versions: '0',
  flexible: '0+',
  request: {
    transactionalIds: { type: 'array', of: 'string' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    transactionStates: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        transactionalId: { type: 'string' },
        transactionState: { type: 'string' },
        transactionTimeoutMs: { type: 'int32' },
        transactionStartTimeMs: { type: 'int64' },
        producerId: { type: 'int64' },
        producerEpoch: { type: 'int16' },
        topics: {
          type: 'array',
          of: {
            topic: { type: 'string' },
            partitions: { type: 'array', of: 'int32' },
          },
        },
      },
    },
  },
} as const
