/** The voters and observers of the quorum that keeps the metadata (KIP-595). */
export const describeQuorum = {
  key: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: '0+',
  request: {
    topics: {
      type: 'array',
      of: {
        topicName: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
          },
        },
      },
    },
  },
  response: {
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', versions: '2', nullable: true, ignorable: true },
    topics: {
      type: 'array',
      of: {
        topicName: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            errorCode: { type: 'int16' },
            errorMessage: { type: 'string', versions: '2', nullable: true, ignorable: true },
            leaderId: { type: 'int32' },
            leaderEpoch: { type: 'int32' },
            highWatermark: { type: 'int64' },
            currentVoters: {
              type: 'array',
              of: {
                replicaId: { type: 'int32' },
                replicaDirectoryId: { type: 'uuid', versions: '2' },
                logEndOffset: { type: 'int64' },
                lastFetchTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
                lastCaughtUpTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
              },
            },
            observers: {
              type: 'array',
              of: {
                replicaId: { type: 'int32' },
                replicaDirectoryId: { type: 'uuid', versions: '2' },
                logEndOffset: { type: 'int64' },
                lastFetchTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
                lastCaughtUpTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
              },
            },
          },
        },
      },
    },
    nodes: {
      type: 'array',
      versions: '2',
      of: {
        nodeId: { type: 'int32' },
        listeners: {
          type: 'array',
          of: {
            name: { type: 'string' },
            host: { type: 'string' },
            port: { type: 'uint16' },
          },
        },
      },
    },
  },
} as const
