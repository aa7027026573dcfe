/** Groups of the classic protocol with their members. From 6 on a group that is not there is an error. */
export const describeGroups = {
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  request: {
    groups: { type: 'array', of: 'string' },
    includeAuthorizedOperations: { type: 'bool', versions: '3+' },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    groups: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', versions: '6', nullable: true, default: null },
        groupId: { type: 'string' },
        groupState: { type: 'string' },
        protocolType: { type: 'string' },
        protocolData: { type: 'string' },
        members: {
          type: 'array',
          of: {
            memberId: { type: 'string' },
            groupInstanceId: { type: 'string', versions: '4+', nullable: true, default: null, ignorable: true },
            clientId: { type: 'string' },
            clientHost: { type: 'string' },
            memberMetadata: { type: 'bytes' },
            memberAssignment: { type: 'bytes' },
          },
        },
        authorizedOperations: { type: 'int32', versions: '3+', default: -2147483648 },
      },
    },
  },
} as const
