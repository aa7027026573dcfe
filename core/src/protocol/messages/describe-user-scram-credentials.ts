/** Which users have SCRAM credentials, never the credentials (KIP-554). */
export const describeUserScramCredentials = {
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: '0',
  flexible: '0+',
  request: {
    users: {
      type: 'array',
      nullable: true,
      of: {
        name: { type: 'string' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    results: {
      type: 'array',
      of: {
        user: { type: 'string' },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
        credentialInfos: {
          type: 'array',
          of: {
            mechanism: { type: 'int8' },
            iterations: { type: 'int32' },
          },
        },
      },
    },
  },
} as const
