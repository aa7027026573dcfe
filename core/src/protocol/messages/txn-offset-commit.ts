/** Commits a group's offsets within a transaction; from 3 on the member and its generation are checked (KIP-447). */
export const txnOffsetCommit = {
  key: 28,
  name: 'TxnOffsetCommit',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactionalId: { type: 'string' },
    groupId: { type: 'string' },
    producerId: { type: 'int64' },
    producerEpoch: { type: 'int16' },
    generationId: { type: 'int32', versions: '3+', default: -1 },
    memberId: { type: 'string', versions: '3+', default: '' },
    groupInstanceId: { type: 'string', versions: '3+', nullable: true, default: null },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            committedOffset: { type: 'int64' },
            committedLeaderEpoch: { type: 'int32', versions: '2+', default: -1, ignorable: true },
            committedMetadata: { type: 'string', nullable: true },
          },
        },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
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
} as const
