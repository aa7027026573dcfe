/** Deletes a group's committed offsets of topics that no member subscribes to (KIP-496). */
export const offsetDelete = {
  key: 47,
  name: 'OffsetDelete',
  versions: '0',
  flexible: 'none',
  request: {
    groupId: { type: 'string' },
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
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
