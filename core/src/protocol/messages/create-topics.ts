/** Makes topics. -1 partitions or replicas ask for the default; kafkajs says so in version 3, before Kafka allowed it. */
export const createTopics = {
  key: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: '5+',
  request: {
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        numPartitions: { type: 'int32' },
        replicationFactor: { type: 'int16' },
        assignments: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            brokerIds: { type: 'array', of: 'int32' },
          },
        },
        configs: {
          type: 'array',
          of: {
            name: { type: 'string' },
            value: { type: 'string', nullable: true },
          },
        },
      },
    },
    timeoutMs: { type: 'int32', default: 60000 },
    validateOnly: { type: 'bool', default: false },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        topicId: { type: 'uuid', versions: '7', ignorable: true },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
        topicConfigErrorCode: { type: 'int16', versions: '5+', tag: 0, ignorable: true },
        numPartitions: { type: 'int32', versions: '5+', default: -1, ignorable: true },
        replicationFactor: { type: 'int16', versions: '5+', default: -1, ignorable: true },
        configs: {
          type: 'array',
          versions: '5+',
          nullable: true,
          ignorable: true,
          of: {
            name: { type: 'string' },
            value: { type: 'string', nullable: true },
            readOnly: { type: 'bool' },
            configSource: { type: 'int8', default: -1 },
            isSensitive: { type: 'bool' },
          },
        },
      },
    },
  },
} as const
