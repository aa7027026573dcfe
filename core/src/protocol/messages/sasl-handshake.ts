/** Chooses the SASL mechanism. After version 0 tokens follow as bare frames, after 1 in SaslAuthenticate. */
export const saslHandshake = {
  key: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexible: 'none',
  request: {
    mechanism: { type: 'string' },
  },
  response: {
    errorCode: { type: 'int16' },
    mechanisms: { type: 'array', of: 'string' },
  },
} as const
