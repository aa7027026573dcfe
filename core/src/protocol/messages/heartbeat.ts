/** A member of a group of the classic protocol is alive. */
export const heartbeat = {
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  request: {
    groupId: { type: 'string' },
    generationId: { type: 'int32' },
    memberId: { type: 'string' },
    groupInstanceId: { type: 'string', versions: '3+', nullable: true, default: null },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16' },
  },
} as const
