/** Deletes groups that have no members. */
export const deleteGroups = {
  key: 42,
  name: 'DeleteGroups',
  versions: '0-2',
  flexible: '2+',
  request: {
    groupsNames: { type: 'array', of: 'string' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    results: {
      type: 'array',
      of: {
        groupId: { type: 'string' },
        errorCode: { type: 'int16' },
      },
    },
  },
} as const
