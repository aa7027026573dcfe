/** Elects the preferred or, from 1 on, any leader of partitions. */
export const electLeaders = {
  key: 43,
  name: 'ElectLeaders',
  versions: '0-2',
  flexible: '2+',
  request: {
    electionType: { type: 'int8', versions: '1+' },
    topicPartitions: {
      type: 'array',
      nullable: true,
      of: {
        topic: { type: 'string' },
        partitions: { type: 'array', of: 'int32' },
      },
    },
    timeoutMs: { type: 'int32', default: 60000 },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16', versions: '1+' },
    replicaElectionResults: {
      type: 'array',
      of: {
        topic: { type: 'string' },
        partitionResult: {
          type: 'array',
          of: {
            partitionId: { type: 'int32' },
            errorCode: { type: 'int16' },
            errorMessage: { type: 'string', nullable: true },
          },
        },
      },
    },
  },
} as const
