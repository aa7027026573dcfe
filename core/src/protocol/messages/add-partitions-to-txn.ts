/** Adds partitions to a transaction. Clients stay at 3; from 4 on brokers ask for several transactions at once (KIP-890). */
export const addPartitionsToTxn = {
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactions: {
      type: 'array',
      versions: '4+',
      of: {
        transactionalId: { type: 'string' },
        producerId: { type: 'int64' },
        producerEpoch: { type: 'int16' },
        verifyOnly: { type: 'bool', default: false },
        topics: {
          type: 'array',
          of: {
            name: { type: 'string' },
            partitions: { type: 'array', of: 'int32' },
          },
        },
      },
    },
    v3AndBelowTransactionalId: { type: 'string', versions: '0-3' },
    v3AndBelowProducerId: { type: 'int64', versions: '0-3' },
    v3AndBelowProducerEpoch: { type: 'int16', versions: '0-3' },
    v3AndBelowTopics: {
      type: 'array',
      versions: '0-3',
      of: {
        name: { type: 'string' },
        partitions: { type: 'array', of: 'int32' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16', versions: '4+', ignorable: true },
    resultsByTransaction: {
      type: 'array',
      versions: '4+',
      of: {
        transactionalId: { type: 'string' },
        topicResults: {
          type: 'array',
          of: {
            name: { type: 'string' },
            resultsByPartition: {
              type: 'array',
              of: {
                partitionIndex: { type: 'int32' },
                partitionErrorCode: { type: 'int16' },
              },
            },
          },
        },
      },
    },
    resultsByTopicV3AndBelow: {
      type: 'array',
      versions: '0-3',
      of: {
        name: { type: 'string' },
        resultsByPartition: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            partitionErrorCode: { type: 'int16' },
          },
        },
      },
    },
  },
} as const
