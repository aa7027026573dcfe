/**
 * Sets and removes SCRAM credentials; the salted password comes from the client (KIP-554).
 *
 * librdkafka (seen in 2.16) sends a byte too many, which Kafka does not look at.
 */
export const alterUserScramCredentials = {
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: '0',
  flexible: '0+',
  trailing: 'ignored',
  request: {
    deletions: {
      type: 'array',
      of: {
        name: { type: 'string' },
        mechanism: { type: 'int8' },
      },
    },
    upsertions: {
      type: 'array',
      of: {
        name: { type: 'string' },
        mechanism: { type: 'int8' },
        iterations: { type: 'int32' },
        salt: { type: 'bytes' },
        saltedPassword: { type: 'bytes' },
      },
    },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    results: {
      type: 'array',
      of: {
        user: { type: 'string' },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true },
      },
    },
  },
} as const
