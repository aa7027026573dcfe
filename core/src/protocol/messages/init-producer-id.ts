/** Gives a producer its id and epoch; with a transactional id it fences those before (KIP-360 from 3 on). */
export const initProducerId = {
  key: 22,
  name: 'InitProducerId',
  versions: '0-5',
  flexible: '2+',
  request: {
    transactionalId: { type: 'string', nullable: true },
    transactionTimeoutMs: { type: 'int32' },
    producerId: { type: 'int64', versions: '3+', default: -1 },
    producerEpoch: { type: 'int16', versions: '3+', default: -1 },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    producerId: { type: 'int64', default: -1 },
    producerEpoch: { type: 'int16' },
  },
} as const
