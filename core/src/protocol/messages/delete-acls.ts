/** Deletes the access rules that filters match, and answers which they were. */
export const deleteAcls = {
  key: 31,
  name: 'DeleteAcls',
  versions: '1-3',
  flexible: '2+',
  request: {
    filters: {
      type: 'array',
      of: {
        resourceTypeFilter: { type: 'int8' },
        resourceNameFilter: { type: 'string', nullable: true },
        patternTypeFilter: { type: 'int8', default: 3 },
        principalFilter: { type: 'string', nullable: true },
        hostFilter: { type: 'string', nullable: true },
        operation: { type: 'int8' },
        permissionType: { type: 'int8' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    filterResults: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
        matchingAcls: {
          type: 'array',
          of: {
            errorCode: { type: 'int16' },
            errorMessage: { type: 'string', nullable: true },
            resourceType: { type: 'int8' },
            resourceName: { type: 'string' },
            patternType: { type: 'int8', default: 3 },
            principal: { type: 'string' },
            host: { type: 'string' },
            operation: { type: 'int8' },
            permissionType: { type: 'int8' },
          },
        },
      },
    },
  },
} as const
