/** The id of the cluster, its controller and brokers (KIP-700). */
export const describeCluster = {
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  request: {
    includeClusterAuthorizedOperations: { type: 'bool' },
    endpointType: { type: 'int8', versions: '1+', default: 1 },
    includeFencedBrokers: { type: 'bool', versions: '2' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true, default: null },
    endpointType: { type: 'int8', versions: '1+', default: 1 },
    clusterId: { type: 'string' },
    controllerId: { type: 'int32', default: -1 },
    brokers: {
      type: 'array',
      of: {
        brokerId: { type: 'int32' },
        host: { type: 'string' },
        port: { type: 'int32' },
        rack: { type: 'string', nullable: true, default: null },
        isFenced: { type: 'bool', versions: '2' },
      },
    },
    clusterAuthorizedOperations: { type: 'int32', default: -2147483648 },
  },
} as const
