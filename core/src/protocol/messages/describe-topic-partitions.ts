/** Topics with their partitions, page by page (KIP-966). */
export const describeTopicPartitions = {
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: '0',
  flexible: '0+',
  request: {
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
      },
    },
    responsePartitionLimit: { type: 'int32', default: 2000 },
    cursor: {
      type: 'struct',
      nullable: true,
      default: null,
      of: {
        topicName: { type: 'string' },
        partitionIndex: { type: 'int32' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    topics: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        name: { type: 'string', nullable: true },
        topicId: { type: 'uuid' },
        isInternal: { type: 'bool', default: false },
        partitions: {
          type: 'array',
          of: {
            errorCode: { type: 'int16' },
            partitionIndex: { type: 'int32' },
            leaderId: { type: 'int32' },
            leaderEpoch: { type: 'int32', default: -1 },
            replicaNodes: { type: 'array', of: 'int32' },
            isrNodes: { type: 'array', of: 'int32' },
            eligibleLeaderReplicas: { type: 'array', nullable: true, default: null, of: 'int32' },
            lastKnownElr: { type: 'array', nullable: true, default: null, of: 'int32' },
            offlineReplicas: { type: 'array', of: 'int32' },
          },
        },
        topicAuthorizedOperations: { type: 'int32', default: -2147483648 },
      },
    },
    nextCursor: {
      type: 'struct',
      nullable: true,
      default: null,
      of: {
        topicName: { type: 'string' },
        partitionIndex: { type: 'int32' },
      },
    },
  },
} as const
