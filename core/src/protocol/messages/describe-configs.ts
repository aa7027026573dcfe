/** The settings of topics and brokers, with where each comes from. */
export const describeConfigs = {
  key: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: '4+',
  request: {
    resources: {
      type: 'array',
      of: {
        resourceType: { type: 'int8' },
        resourceName: { type: 'string' },
        configurationKeys: { type: 'array', nullable: true, of: 'string' },
      },
    },
    includeSynonyms: { type: 'bool', default: false },
    includeDocumentation: { type: 'bool', versions: '3+', default: false },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    results: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
        resourceType: { type: 'int8' },
        resourceName: { type: 'string' },
        configs: {
          type: 'array',
          of: {
            name: { type: 'string' },
            value: { type: 'string', nullable: true },
            readOnly: { type: 'bool' },
            configSource: { type: 'int8', default: -1 },
            isSensitive: { type: 'bool' },
            synonyms: {
              type: 'array',
              of: {
                name: { type: 'string' },
                value: { type: 'string', nullable: true },
                source: { type: 'int8' },
              },
            },
            configType: { type: 'int8', versions: '3+', default: 0, ignorable: true },
            documentation: { type: 'string', versions: '3+', nullable: true, ignorable: true },
          },
        },
      },
    },
  },
} as const
