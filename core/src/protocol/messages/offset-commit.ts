/** Commits a group's offsets. Generation -1 and an empty member id come from outside of the group. From 10 on topics go by id. */
export const offsetCommit = {
  key: 8,
  name: 'OffsetCommit',
  versions: '2-10',
  flexible: '8+',
  request: {
    groupId: { type: 'string' },
    generationIdOrMemberEpoch: { type: 'int32', default: -1 },
    memberId: { type: 'string' },
    groupInstanceId: { type: 'string', versions: '7+', nullable: true, default: null },
    retentionTimeMs: { type: 'int64', versions: '2-4', default: -1, ignorable: true },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string', versions: '2-9', ignorable: true },
        topicId: { type: 'uuid', versions: '10', ignorable: true },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            committedOffset: { type: 'int64' },
            committedLeaderEpoch: { type: 'int32', versions: '6+', default: -1, ignorable: true },
            committedMetadata: { type: 'string', nullable: true },
          },
        },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '3+', ignorable: true },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string', versions: '2-9', ignorable: true },
        topicId: { type: 'uuid', versions: '10', ignorable: true },
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
