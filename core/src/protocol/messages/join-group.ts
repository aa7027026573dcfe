/** Enters a group of the classic protocol. From 4 on a member without an id is given one and asked to come again (KIP-394). */
export const joinGroup = {
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  request: {
    groupId: { type: 'string' },
    sessionTimeoutMs: { type: 'int32' },
    rebalanceTimeoutMs: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    memberId: { type: 'string' },
    groupInstanceId: { type: 'string', versions: '5+', nullable: true, default: null },
    protocolType: { type: 'string' },
    protocols: {
      type: 'array',
      of: {
        name: { type: 'string' },
        metadata: { type: 'bytes' },
      },
    },
    reason: { type: 'string', versions: '8+', nullable: true, default: null, ignorable: true },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '2+', ignorable: true },
    errorCode: { type: 'int16' },
    generationId: { type: 'int32', default: -1 },
    protocolType: { type: 'string', versions: '7+', nullable: true, default: null, ignorable: true },
    protocolName: { type: 'string', nullable: '7+' },
    leader: { type: 'string' },
    skipAssignment: { type: 'bool', versions: '9', default: false },
    memberId: { type: 'string' },
    members: {
      type: 'array',
      of: {
        memberId: { type: 'string' },
        groupInstanceId: { type: 'string', versions: '5+', nullable: true, default: null, ignorable: true },
        metadata: { type: 'bytes' },
      },
    },
  },
} as const
