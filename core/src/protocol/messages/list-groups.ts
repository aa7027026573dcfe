/** All groups; from 4 on by state, from 5 on by type. */
export const listGroups = {
  key: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  request: {
    statesFilter: { type: 'array', versions: '4+', of: 'string' },
    typesFilter: { type: 'array', versions: '5', of: 'string' },
  },
  response: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16' },
    groups: {
      type: 'array',
      of: {
        groupId: { type: 'string' },
        protocolType: { type: 'string' },
        groupState: { type: 'string', versions: '4+', ignorable: true },
        groupType: { type: 'string', versions: '5', ignorable: true },
      },
    },
  },
} as const
