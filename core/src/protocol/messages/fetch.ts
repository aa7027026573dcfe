/** Reads record batches. From 7 on partitions may be remembered in a session (KIP-227), from 13 on topics go by id (KIP-516). */
export const fetch = {
  key: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: '12+',
  request: {
    clusterId: { type: 'string', versions: '12+', nullable: true, tag: 0, default: null, ignorable: true },
    replicaId: { type: 'int32', versions: '4-14', default: -1 },
    replicaState: {
      type: 'struct',
      versions: '15+',
      tag: 1,
      of: {
        replicaId: { type: 'int32', default: -1 },
        replicaEpoch: { type: 'int64', default: -1 },
      },
    },
    maxWaitMs: { type: 'int32' },
    minBytes: { type: 'int32' },
    maxBytes: { type: 'int32', default: 0x7fff_ffff },
    isolationLevel: { type: 'int8', default: 0 },
    sessionId: { type: 'int32', versions: '7+', default: 0, ignorable: true },
    sessionEpoch: { type: 'int32', versions: '7+', default: -1, ignorable: true },
    topics: {
      type: 'array',
      of: {
        topic: { type: 'string', versions: '4-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitions: {
          type: 'array',
          of: {
            partition: { type: 'int32' },
            currentLeaderEpoch: { type: 'int32', versions: '9+', default: -1, ignorable: true },
            fetchOffset: { type: 'int64' },
            lastFetchedEpoch: { type: 'int32', versions: '12+', default: -1 },
            logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
            partitionMaxBytes: { type: 'int32' },
            replicaDirectoryId: { type: 'uuid', versions: '17+', tag: 0, ignorable: true },
            highWatermark: { type: 'int64', versions: '18', tag: 1, unlimited: true, default: 'unlimited', ignorable: true },
          },
        },
      },
    },
    forgottenTopicsData: {
      type: 'array',
      versions: '7+',
      of: {
        topic: { type: 'string', versions: '7-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitions: { type: 'array', of: 'int32' },
      },
    },
    rackId: { type: 'string', versions: '11+', default: '', ignorable: true },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16', versions: '7+', ignorable: true },
    sessionId: { type: 'int32', versions: '7+', default: 0 },
    responses: {
      type: 'array',
      of: {
        topic: { type: 'string', versions: '4-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            errorCode: { type: 'int16' },
            highWatermark: { type: 'int64' },
            lastStableOffset: { type: 'int64', default: -1 },
            logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
            divergingEpoch: {
              type: 'struct',
              versions: '12+',
              tag: 0,
              of: {
                epoch: { type: 'int32', default: -1 },
                endOffset: { type: 'int64', default: -1 },
              },
            },
            currentLeader: {
              type: 'struct',
              versions: '12+',
              tag: 1,
              of: {
                leaderId: { type: 'int32', default: -1 },
                leaderEpoch: { type: 'int32', default: -1 },
              },
            },
            snapshotId: {
              type: 'struct',
              versions: '12+',
              tag: 2,
              of: {
                endOffset: { type: 'int64', default: -1 },
                epoch: { type: 'int32', default: -1 },
              },
            },
            abortedTransactions: {
              type: 'array',
              nullable: true,
              of: {
                producerId: { type: 'int64' },
                firstOffset: { type: 'int64' },
              },
            },
            preferredReadReplica: { type: 'int32', versions: '11+', default: -1 },
            records: { type: 'records', nullable: true },
          },
        },
      },
    },
    nodeEndpoints: {
      type: 'array',
      versions: '16+',
      tag: 0,
      of: {
        nodeId: { type: 'int32' },
        host: { type: 'string' },
        port: { type: 'int32' },
        rack: { type: 'string', nullable: true, default: null },
      },
    },
  },
} as const
