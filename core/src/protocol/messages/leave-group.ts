/** Leaves a group of the classic protocol; from 3 on several members at once, by static id too (KIP-345). */
export const leaveGroup = {
  key: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    groupId: { type: 'string' },
    memberId: { type: 'string', versions: '0-2' },
    members: {
      type: 'array',
      versions: '3+',
      of: {
        memberId: { type: 'string' },
        groupInstanceId: { type: 'string', nullable: true, default: null },
        reason: { type: 'string', versions: '5', nullable: true, default: null, ignorable: true },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16' },
    members: {
      type: 'array',
      versions: '3+',
      of: {
        memberId: { type: 'string' },
        groupInstanceId: { type: 'string', nullable: true },
        errorCode: { type: 'int16' },
      },
    },
  },
} as const
