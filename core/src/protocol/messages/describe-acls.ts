/** The access rules that a filter matches; null matches any. */
export const describeAcls = {
  key: 29,
  name: 'DescribeAcls',
  versions: '1-3',
  flexible: '2+',
  request: {
    resourceTypeFilter: { type: 'int8' },
    resourceNameFilter: { type: 'string', nullable: true },
    patternTypeFilter: { type: 'int8', default: 3 },
    principalFilter: { type: 'string', nullable: true },
    hostFilter: { type: 'string', nullable: true },
    operation: { type: 'int8' },
    permissionType: { type: 'int8' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    resources: {
      type: 'array',
      of: {
        resourceType: { type: 'int8' },
        resourceName: { type: 'string' },
        patternType: { type: 'int8', default: 3 },
        acls: {
          type: 'array',
          of: {
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
