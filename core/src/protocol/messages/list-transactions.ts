/** All transactions, by state, producer id, age and pattern (KIP-664). */
export const listTransactions = {
  key: 66,
  name: 'ListTransactions',
  versions: '0-2',
  flexible: '0+',
  request: {
    stateFilters: { type: 'array', of: 'string' },
    producerIdFilters: { type: 'array', of: 'int64' },
    durationFilter: { type: 'int64', versions: '1+', default: -1 },
    transactionalIdPattern: { type: 'string', versions: '2', nullable: true, default: null },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    unknownStateFilters: { type: 'array', of: 'string' },
    transactionStates: {
      type: 'array',
      of: {
        transactionalId: { type: 'string' },
        producerId: { type: 'int64' },
        transactionState: { type: 'string' },
      },
    },
  },
} as const
