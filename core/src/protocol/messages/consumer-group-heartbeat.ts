/** The whole of the new consumer group protocol (KIP-848): joining, leaving, subscription and assignment. Null says unchanged. */
export const consumerGroupHeartbeat = {
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupId: { type: 'string' },
    memberId: { type: 'string' },
    memberEpoch: { type: 'int32' },
    instanceId: { type: 'string', nullable: true, default: null },
    rackId: { type: 'string', nullable: true, default: null },
    rebalanceTimeoutMs: { type: 'int32', default: -1 },
    subscribedTopicNames: { type: 'array', nullable: true, default: null, of: 'string' },
    subscribedTopicRegex: { type: 'string', versions: '1', nullable: true, default: null },
    serverAssignor: { type: 'string', nullable: true, default: null },
    topicPartitions: {
      type: 'array',
      nullable: true,
      default: null,
      of: {
        topicId: { type: 'uuid' },
        partitions: { type: 'array', of: 'int32' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true, default: null },
    memberId: { type: 'string', nullable: true, default: null },
    memberEpoch: { type: 'int32' },
    heartbeatIntervalMs: { type: 'int32' },
    assignment: {
      type: 'struct',
      nullable: true,
      default: null,
      of: {
        topicPartitions: {
          type: 'array',
          of: {
            topicId: { type: 'uuid' },
            partitions: { type: 'array', of: 'int32' },
          },
        },
      },
    },
  },
} as const
