/** Deletes the records before an offset; -1 for the high watermark. */
export const deleteRecords = {
  key: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: '2+',
  request: {
    topics: {
      type: 'array',
      of: {
        name: { type: 'string' },
        partitions: {
          type: 'array',
          of: {
            partitionIndex: { type: 'int32' },
            offset: { type: 'int64' },
          },
        },
      },
    },
    timeoutMs: { type: 'int32' },
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
            lowWatermark: { type: 'int64' },
            errorCode: { type: 'int16' },
          },
        },
      },
    },
  },
} as const
