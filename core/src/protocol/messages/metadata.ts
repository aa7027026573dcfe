/** Brokers, topics and their partitions. Topics null asks for all; in version 0 an empty list does. From 10 on topics have ids. */
export const metadata = {
  key: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  request: {
    topics: {
      type: 'array',
      nullable: '1+',
      of: {
        topicId: { type: 'uuid', versions: '10+', ignorable: true },
        name: { type: 'string', nullable: '10+' },
      },
    },
    allowAutoTopicCreation: { type: 'bool', versions: '4+', default: true },
    includeClusterAuthorizedOperations: { type: 'bool', versions: '8-10' },
    includeTopicAuthorizedOperations: { type: 'bool', versions: '8+' },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '3+', ignorable: true },
    brokers: {
      type: 'array',
      of: {
        nodeId: { type: 'int32' },
        host: { type: 'string' },
        port: { type: 'int32' },
        rack: { type: 'string', versions: '1+', nullable: true, default: null, ignorable: true },
      },
    },
    clusterId: { type: 'string', versions: '2+', nullable: true, default: null, ignorable: true },
    controllerId: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    topics: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        name: { type: 'string', nullable: '12+' },
        topicId: { type: 'uuid', versions: '10+', ignorable: true },
        isInternal: { type: 'bool', versions: '1+', default: false, ignorable: true },
        partitions: {
          type: 'array',
          of: {
            errorCode: { type: 'int16' },
            partitionIndex: { type: 'int32' },
            leaderId: { type: 'int32' },
            leaderEpoch: { type: 'int32', versions: '7+', default: -1, ignorable: true },
            replicaNodes: { type: 'array', of: 'int32' },
            isrNodes: { type: 'array', of: 'int32' },
            offlineReplicas: { type: 'array', versions: '5+', ignorable: true, of: 'int32' },
          },
        },
        topicAuthorizedOperations: { type: 'int32', versions: '8+', default: -2147483648 },
      },
    },
    clusterAuthorizedOperations: { type: 'int32', versions: '8-10', default: -2147483648 },
    errorCode: { type: 'int16', versions: '13', ignorable: true },
  },
} as const
