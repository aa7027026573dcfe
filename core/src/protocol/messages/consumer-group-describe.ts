/** Groups of the new consumer group protocol with their members and assignments (KIP-848). */
export const consumerGroupDescribe = {
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupIds: { type: 'array', of: 'string' },
    includeAuthorizedOperations: { type: 'bool' },
  },
  response: {
    throttleTimeMs: { type: 'int32' },
    groups: {
      type: 'array',
      of: {
        errorCode: { type: 'int16' },
        errorMessage: { type: 'string', nullable: true, default: null },
        groupId: { type: 'string' },
        groupState: { type: 'string' },
        groupEpoch: { type: 'int32' },
        assignmentEpoch: { type: 'int32' },
        assignorName: { type: 'string' },
        members: {
          type: 'array',
          of: {
            memberId: { type: 'string' },
            instanceId: { type: 'string', nullable: true, default: null },
            rackId: { type: 'string', nullable: true, default: null },
            memberEpoch: { type: 'int32' },
            clientId: { type: 'string' },
            clientHost: { type: 'string' },
            subscribedTopicNames: { type: 'array', of: 'string' },
            subscribedTopicRegex: { type: 'string', nullable: true, default: null },
            assignment: {
              type: 'struct',
              of: {
                topicPartitions: {
                  type: 'array',
                  of: {
                    topicId: { type: 'uuid' },
                    topicName: { type: 'string' },
                    partitions: { type: 'array', of: 'int32' },
                  },
                },
              },
            },
            targetAssignment: {
              type: 'struct',
              of: {
                topicPartitions: {
                  type: 'array',
                  of: {
                    topicId: { type: 'uuid' },
                    topicName: { type: 'string' },
                    partitions: { type: 'array', of: 'int32' },
                  },
                },
              },
            },
            memberType: { type: 'int8', versions: '1', default: -1, ignorable: true },
          },
        },
        authorizedOperations: { type: 'int32', default: -2147483648 },
      },
    },
  },
} as const
