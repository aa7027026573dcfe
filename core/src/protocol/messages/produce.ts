/**
 * Appends record batches. Version 13 names topics by id; 12 and later add partitions to a transaction by themselves (KIP-890).
 *
 * Advertised from 0: librdkafka before 2.11 asks for version 0 to learn whether compression is supported, and sends 3 and later
 * (KAFKA-18659).
 */
export const produce = {
  key: 0,
  name: 'Produce',
  versions: '3-13',
  advertised: '0-13',
  flexible: '9+',
  request: {
    transactionalId: { type: 'string', nullable: true, default: null },
    acks: { type: 'int16' },
    timeoutMs: { type: 'int32' },
    topicData: {
      type: 'array',
      of: {
        name: { type: 'string', versions: '3-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13', ignorable: true },
        partitionData: {
          type: 'array',
          of: {
            index: { type: 'int32' },
            records: { type: 'records', nullable: true },
          },
        },
      },
    },
  },
  response: {
    responses: {
      type: 'array',
      of: {
        name: { type: 'string', versions: '3-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13', ignorable: true },
        partitionResponses: {
          type: 'array',
          of: {
            index: { type: 'int32' },
            errorCode: { type: 'int16' },
            baseOffset: { type: 'int64' },
            logAppendTimeMs: { type: 'int64', default: -1 },
            logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
            recordErrors: {
              type: 'array',
              versions: '8+',
              ignorable: true,
              of: {
                batchIndex: { type: 'int32' },
                batchIndexErrorMessage: { type: 'string', nullable: true, default: null },
              },
            },
            errorMessage: { type: 'string', versions: '8+', nullable: true, default: null, ignorable: true },
            currentLeader: {
              type: 'struct',
              versions: '10+',
              tag: 0,
              of: {
                leaderId: { type: 'int32', default: -1 },
                leaderEpoch: { type: 'int32', default: -1 },
              },
            },
          },
        },
      },
    },
    throttleTimeMs: { type: 'int32', default: 0 },
    nodeEndpoints: {
      type: 'array',
      versions: '10+',
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
