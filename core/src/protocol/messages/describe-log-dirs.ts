/** How much of the disk each partition takes. */
export const describeLogDirs = {
  key: 35,
  name: 'DescribeLogDirs',
  versions: '1-5',
  flexible: '2+',
  request: {
    topics: {
      type: 'array',
      nullable: true,
      of: {
        topic: { type: 'string' },
        partitions: { type: 'array', of: 'int32' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16', versions: '3+', ignorable: true },
    results: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        logDir: { type: 'string' },
        topics: {
          type: 'array',
          of: {
            name: { type: 'string' },
            partitions: {
              type: 'array',
              of: {
                partitionIndex: { type: 'int32' },
                partitionSize: { type: 'int64' },
                offsetLag: { type: 'int64' },
                isFutureKey: { type: 'bool' },
              },
            },
          },
        },
        totalBytes: { type: 'int64', versions: '4+', default: -1, ignorable: true },
        usableBytes: { type: 'int64', versions: '4+', default: -1, ignorable: true },
        isCordoned: { type: 'bool', versions: '5', default: false, ignorable: true },
      },
    },
  },
} as const
