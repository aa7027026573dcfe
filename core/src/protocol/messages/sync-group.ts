/** The leader of a group of the classic protocol hands in all assignments, and each member takes its own. */
export const syncGroup = {
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    groupId: { type: 'string' },
    generationId: { type: 'int32' },
    memberId: { type: 'string' },
    groupInstanceId: { type: 'string', versions: '3+', nullable: true, default: null },
    protocolType: { type: 'string', versions: '5', nullable: true, default: null, ignorable: true },
    protocolName: { type: 'string', versions: '5', nullable: true, default: null, ignorable: true },
    assignments: {
      type: 'array',
      of: {
        memberId: { type: 'string' },
        assignment: { type: 'bytes' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16' },
    protocolType: { type: 'string', versions: '5', nullable: true, default: null, ignorable: true },
    protocolName: { type: 'string', versions: '5', nullable: true, default: null, ignorable: true },
    assignment: { type: 'bytes' },
  },
} as const
