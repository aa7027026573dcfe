/** A group's committed offsets; topics null asks for all. From 8 on several groups at once (KIP-709), from 10 on topics go by id. */
export const offsetFetch = {
  key: 9,
  name: 'OffsetFetch',
  versions: '1-10',
  flexible: '6+',
  request: {
    groupId: { type: 'string', versions: '1-7' },
    topics: {
      type: 'array',
      versions: '1-7',
      nullable: '2+',
      of: {
        name: { type: 'string' },
        partitionIndexes: { type: 'array', of: 'int32' },
      },
    },
    groups: {
      type: 'array',
      versions: '8+',
      of: {
        groupId: { type: 'string' },
        memberId: { type: 'string', versions: '9+', nullable: true, default: null, ignorable: true },
        memberEpoch: { type: 'int32', versions: '9+', default: -1, ignorable: true },
        topics: {
          type: 'array',
          nullable: true,
          of: {
            name: { type: 'string', versions: '8-9', ignorable: true },
            topicId: { type: 'uuid', versions: '10', ignorable: true },
            partitionIndexes: { type: 'array', of: 'int32' },
          },
        },
      },
    },
    requireStable: { type: 'bool', versions: '7+', default: false },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '3+', ignorable: true },
    topics: {
      type: 'array',
      versions: '1-7',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            committedOffset: { type: 'int64' },
            committedLeaderEpoch: { type: 'int32', versions: '5+', default: -1, ignorable: true },
            metadata: { type: 'string', nullable: true },
            errorCode: { type: 'int16' },
          },
        },
      },
    },
    errorCode: { type: 'int16', versions: '2-7', default: 0, ignorable: true },
    groups: {
      type: 'array',
      versions: '8+',
      of: {
        groupId: { type: 'string' },
        topics: {
          type: 'array',
          of: {
            name: { type: 'string', versions: '8-9', ignorable: true },
            topicId: { type: 'uuid', versions: '10', ignorable: true },
            partitions: {
              type: 'array',
              of: {
                partitionIndex: { type: 'int32' },
                committedOffset: { type: 'int64' },
                committedLeaderEpoch: { type: 'int32', default: -1 },
                metadata: { type: 'string', nullable: true },
                errorCode: { type: 'int16' },
              },
            },
          },
        },
        errorCode: { type: 'int16', default: 0 },
      },
    },
  },
} as const
