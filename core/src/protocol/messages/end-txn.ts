/** Commits or aborts a transaction. From 5 on the answer has the producer id and epoch to go on with (KIP-890). */
export const endTxn = {
  key: 26,
  name: 'EndTxn',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactionalId: { type: 'string' },
    producerId: { type: 'int64' },
    producerEpoch: { type: 'int16' },
    committed: { type: 'bool' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    producerId: { type: 'int64', versions: '5', default: -1, ignorable: true },
    producerEpoch: { type: 'int16', versions: '5', default: -1, ignorable: true },
  },
} as const
