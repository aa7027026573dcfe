/** Deletes topics by name; from 6 on by name or id. */
export const deleteTopics = {
  key: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: '4+',
  request: {
    topics: {
      type: 'array',
      versions: '6',
      of: {
        name: { type: 'string', nullable: true, default: null },
        topicId: { type: 'uuid' },
      },
    },
    topicNames: { type: 'array', versions: '1-5', ignorable: true, of: 'string' },
    timeoutMs: { type: 'int32' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    responses: {
      type: 'array',
      of: {
        name: { type: 'string', nullable: '6' },
        topicId: { type: 'uuid', versions: '6', ignorable: true },
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', versions: '5+', nullable: true, default: null, ignorable: true },
      },
    },
  },
} as const
