/** A token of the SASL exchange. From 1 on the answer says how long the session lasts (KIP-368). */
export const saslAuthenticate = {
  key: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexible: '2+',
  request: {
    authBytes: { type: 'bytes' },
  },
  response: {
    errorCode: { type: 'int16' },
    errorMessage: { type: 'string', nullable: true },
    authBytes: { type: 'bytes' },
    sessionLifetimeMs: { type: 'int64', versions: '1+', default: 0, ignorable: true },
  },
} as const
