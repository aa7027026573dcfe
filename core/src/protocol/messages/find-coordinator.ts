/** Which broker coordinates a group (key type 0) or a transactional id (1). From 4 on several at once (KIP-699). */
export const findCoordinator = {
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  request: {
    key: { type: 'string', versions: '0-3' },
    keyType: { type: 'int8', versions: '1+', default: 0 },
    coordinatorKeys: { type: 'array', versions: '4+', of: 'string' },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '0-3' },
    errorMessage: { type: 'string', versions: '1-3', nullable: true, ignorable: true },
    nodeId: { type: 'int32', versions: '0-3' },
    host: { type: 'string', versions: '0-3' },
    port: { type: 'int32', versions: '0-3' },
    coordinators: {
      type: 'array',
      versions: '4+',
      of: {
        key: { type: 'string' },
        nodeId: { type: 'int32' },
        host: { type: 'string' },
        port: { type: 'int32' },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
      },
    },
  },
} as const
