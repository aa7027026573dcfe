/** The resources that have settings of their own; version 0 knows client metrics only. */
export const listConfigResources = {
  key: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  request: {
    resourceTypes: { type: 'array', versions: '1', of: 'int8' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    configResources: {
      type: 'array',
      of: {
        resourceName: { type: 'string' },
        resourceType: { type: 'int8', versions: '1', default: 16, ignorable: true },
      },
    },
  },
} as const
