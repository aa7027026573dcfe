import { clusterName, type Operation, type ResourceType } from '../base/access-rule.ts'
import type { TopicId } from '../base/ids.ts'
import type { ApiName, RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { BatchBuilder } from '../record/batch-builder.ts'

/** A permission: on a topic `t`, a group `g`, a transactional id `tx`, or the cluster. */
export type Need = readonly [ResourceType, string, Operation]

/** One thing that an API does, and every permission that it needs. */
export interface AccessCase<Name extends ApiName> {
  readonly request: (topicId: TopicId) => RequestDraft<Name>
  readonly needs: readonly Need[]
  /** Default: the newest. */
  readonly version?: number
  /** Where it is said otherwise than by an error code. */
  readonly isRefused?: (response: ResponseOf<Name>) => boolean
}

type AccessCases = { readonly [Name in ApiName]: 'open' | readonly AccessCase<Name>[] }

function onTopic(operation: Operation): readonly Need[] {
  return [['topic', 't', operation]]
}

function onGroup(operation: Operation): readonly Need[] {
  return [['group', 'g', operation]]
}

function onId(operation: Operation): readonly Need[] {
  return [['transactionalId', 'tx', operation]]
}

function onCluster(operation: Operation): readonly Need[] {
  return [['cluster', clusterName, operation]]
}

const noBytes = new Uint8Array(0)
const topics = [{ name: 't', partitions: [0] }]
const indexes = [{ name: 't', partitionIndexes: [0] }]
const position = { partitionIndex: 0, committedOffset: 0, committedMetadata: null }
const writer = { producerId: 0, producerEpoch: 0 }
const member = { groupId: 'g', generationId: 1, memberId: 'm' }
const anyRule = { resourceType: 2, resourceName: 'x', principal: 'User:x', host: '*', operation: 3, permissionType: 3 }
const anyFilter = {
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}

function produceRequest(transactionalId: string | null, topic: { readonly name: string } | { readonly topicId: TopicId }) {
  const builder = new BatchBuilder()
  builder.append(null, 'v', 1_000)
  const transactional = transactionalId !== null
  const records = transactional ? builder.build({ ...writer, baseSequence: 0, transactional }) : builder.build()
  return { transactionalId, acks: -1, timeoutMs: 1_000, topicData: [{ ...topic, partitionData: [{ index: 0, records }] }] }
}

function fetchRequest(topic: { readonly topic: string } | { readonly topicId: TopicId }): RequestDraft<'fetch'> {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000 }]
  return { maxWaitMs: 0, minBytes: 0, topics: [{ ...topic, partitions }], forgottenTopicsData: [] }
}

function committed(topic: { readonly name: string } | { readonly topicId: TopicId }): RequestDraft<'offsetCommit'> {
  return { groupId: 'g', memberId: '', topics: [{ ...topic, partitions: [position] }] }
}

function configCases(operation: Operation): readonly (readonly [number, string, readonly Need[]])[] {
  return [
    [2, 't', onTopic(operation)],
    [4, '1', onCluster(operation)],
    [32, 'g', onGroup(operation)],
  ]
}

/** Every API: one that is added and not here does not compile. */
export const accessCases: AccessCases = {
  apiVersions: 'open',
  saslHandshake: 'open',
  saslAuthenticate: 'open',

  produce: [
    { request: (topicId) => produceRequest(null, { topicId }), needs: onTopic('write') },
    { request: () => produceRequest(null, { name: 't' }), version: 12, needs: onTopic('write') },
    { request: () => produceRequest('tx', { name: 't' }), version: 12, needs: [...onTopic('write'), ...onId('write')] },
  ],
  fetch: [
    { request: (topicId) => fetchRequest({ topicId }), needs: onTopic('read') },
    { request: () => fetchRequest({ topic: 't' }), version: 12, needs: onTopic('read') },
  ],
  listOffsets: [
    {
      request: () => ({ replicaId: -1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
      needs: onTopic('describe'),
    },
  ],
  metadata: [
    { request: () => ({ topics: [{ name: 't' }] }), needs: onTopic('describe') },
    { request: (topicId) => ({ topics: [{ name: null, topicId }] }), needs: onTopic('describe') },
    { request: () => ({ topics: [{ name: 't' }] }), version: 0, needs: onTopic('describe') },
    { request: () => ({ topics: null }), needs: onTopic('describe'), isRefused: ({ topics: seen }) => seen.length === 0 },
    {
      request: () => ({ topics: [] }),
      version: 0,
      needs: onTopic('describe'),
      isRefused: ({ topics: seen }) => seen.length === 0,
    },
  ],
  offsetCommit: [
    { request: (topicId) => committed({ topicId }), needs: [...onGroup('read'), ...onTopic('read')] },
    { request: () => committed({ name: 't' }), version: 9, needs: [...onGroup('read'), ...onTopic('read')] },
  ],
  offsetFetch: [
    {
      request: (topicId) => ({ groups: [{ groupId: 'g', topics: [{ topicId, partitionIndexes: [0] }] }] }),
      needs: [...onGroup('describe'), ...onTopic('describe')],
    },
    {
      request: () => ({ groups: [{ groupId: 'g', topics: null }] }),
      needs: [...onGroup('describe'), ...onTopic('describe')],
      isRefused: ({ groups }) => groups[0]!.errorCode !== 0 || groups[0]!.topics.length === 0,
    },
    {
      request: () => ({ groupId: 'g', topics: indexes }),
      version: 7,
      needs: [...onGroup('describe'), ...onTopic('describe')],
    },
    { request: () => ({ groupId: 'g', topics: indexes }), version: 1, needs: [...onGroup('describe'), ...onTopic('describe')] },
  ],
  findCoordinator: [
    { request: () => ({ coordinatorKeys: ['g'] }), needs: onGroup('describe') },
    { request: () => ({ keyType: 1, coordinatorKeys: ['tx'] }), needs: onId('describe') },
    { request: () => ({ key: 'g' }), version: 0, needs: onGroup('describe') },
    { request: () => ({ key: 'tx', keyType: 1 }), version: 3, needs: onId('describe') },
  ],
  joinGroup: [
    {
      request: () => ({
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        // Nobody knows it, so that nobody joins.
        memberId: 'unknown',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: noBytes }],
      }),
      needs: onGroup('read'),
    },
  ],
  heartbeat: [{ request: () => member, needs: onGroup('read') }],
  leaveGroup: [
    { request: () => ({ groupId: 'g', members: [{ memberId: 'm' }] }), needs: onGroup('read') },
    { request: () => ({ groupId: 'g', memberId: 'm' }), version: 0, needs: onGroup('read') },
  ],
  syncGroup: [{ request: () => ({ ...member, assignments: [] }), needs: onGroup('read') }],
  describeGroups: [{ request: () => ({ groups: ['g'] }), needs: onGroup('describe') }],
  listGroups: [
    { request: () => ({}), needs: onGroup('describe'), isRefused: ({ groups }) => groups.length === 0 },
    { request: () => ({}), needs: onCluster('describe'), isRefused: ({ groups }) => groups.length === 0 },
  ],
  deleteGroups: [{ request: () => ({ groupsNames: ['g'] }), needs: onGroup('delete') }],
  offsetDelete: [
    {
      request: () => ({ groupId: 'g', topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] }),
      needs: [...onGroup('delete'), ...onTopic('read')],
    },
  ],
  consumerGroupHeartbeat: [
    {
      request: () => ({ groupId: 'g', memberId: 'm', memberEpoch: 0, subscribedTopicNames: ['t'] }),
      needs: [...onGroup('read'), ...onTopic('describe')],
    },
  ],
  consumerGroupDescribe: [
    { request: () => ({ groupIds: ['g'], includeAuthorizedOperations: false }), needs: onGroup('describe') },
  ],

  initProducerId: [
    { request: () => ({ transactionalId: 'tx', transactionTimeoutMs: 60_000 }), needs: onId('write') },
    { request: () => ({ transactionalId: null, transactionTimeoutMs: 60_000 }), needs: onCluster('idempotentWrite') },
  ],
  addPartitionsToTxn: [
    {
      request: () => ({
        v3AndBelowTransactionalId: 'tx',
        v3AndBelowProducerId: 0,
        v3AndBelowProducerEpoch: 0,
        v3AndBelowTopics: topics,
      }),
      version: 3,
      needs: [...onId('write'), ...onTopic('write')],
    },
    {
      request: () => ({ transactions: [{ transactionalId: 'tx', ...writer, topics }] }),
      needs: onCluster('clusterAction'),
    },
  ],
  addOffsetsToTxn: [
    { request: () => ({ transactionalId: 'tx', ...writer, groupId: 'g' }), needs: [...onId('write'), ...onGroup('read')] },
  ],
  endTxn: [{ request: () => ({ transactionalId: 'tx', ...writer, committed: true }), needs: onId('write') }],
  txnOffsetCommit: [
    {
      request: () => ({ transactionalId: 'tx', ...writer, groupId: 'g', topics: [{ name: 't', partitions: [position] }] }),
      needs: [...onId('write'), ...onGroup('read'), ...onTopic('read')],
    },
  ],
  writeTxnMarkers: ['alter' as const, 'clusterAction' as const].map((operation) => ({
    request: () => ({ markers: [{ ...writer, transactionResult: false, topics: indexes, coordinatorEpoch: 0 }] }),
    needs: onCluster(operation),
  })),
  describeTransactions: [{ request: () => ({ transactionalIds: ['tx'] }), needs: onId('describe') }],
  listTransactions: [
    {
      request: () => ({ stateFilters: [], producerIdFilters: [] }),
      needs: onId('describe'),
      isRefused: ({ transactionStates }) => transactionStates.length === 0,
    },
  ],
  describeProducers: [{ request: () => ({ topics: indexes }), needs: onTopic('read') }],

  createTopics: [onTopic('create'), onCluster('create')].map((needs) => ({
    request: () => ({
      topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      validateOnly: true,
    }),
    needs,
  })),
  deleteTopics: [
    { request: (topicId) => ({ topics: [{ name: null, topicId }], timeoutMs: 1_000 }), needs: onTopic('delete') },
    { request: () => ({ topicNames: ['t'], timeoutMs: 1_000 }), version: 5, needs: onTopic('delete') },
    { request: () => ({ topicNames: ['t'], timeoutMs: 1_000 }), version: 5, needs: onCluster('delete') },
  ],
  deleteRecords: [
    {
      request: () => ({ topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 1_000 }),
      needs: onTopic('delete'),
    },
  ],
  createPartitions: [
    {
      request: () => ({ topics: [{ name: 't', count: 2, assignments: null }], timeoutMs: 1_000, validateOnly: true }),
      needs: onTopic('alter'),
    },
  ],
  describeTopicPartitions: [
    { request: () => ({ topics: [{ name: 't' }] }), needs: onTopic('describe') },
    { request: () => ({ topics: [] }), needs: onTopic('describe'), isRefused: ({ topics: seen }) => seen.length === 0 },
  ],
  offsetForLeaderEpoch: [
    { request: () => ({ topics: [{ topic: 't', partitions: [{ partition: 0, leaderEpoch: 0 }] }] }), needs: onTopic('describe') },
  ],

  describeConfigs: configCases('describeConfigs').map(([resourceType, resourceName, needs]) => ({
    request: () => ({ resources: [{ resourceType, resourceName, configurationKeys: null }] }),
    needs,
  })),
  alterConfigs: configCases('alterConfigs').map(([resourceType, resourceName, needs]) => ({
    request: () => ({ resources: [{ resourceType, resourceName, configs: [] }], validateOnly: true }),
    needs,
  })),
  incrementalAlterConfigs: configCases('alterConfigs').map(([resourceType, resourceName, needs]) => ({
    request: () => ({ resources: [{ resourceType, resourceName, configs: [] }], validateOnly: true }),
    needs,
  })),
  listConfigResources: [{ request: () => ({ resourceTypes: [] }), needs: onCluster('describeConfigs') }],
  describeClientQuotas: [{ request: () => ({ components: [], strict: false }), needs: onCluster('describeConfigs') }],
  alterClientQuotas: [
    {
      request: () => ({
        entries: [{ entity: [{ entityType: 'user', entityName: 'u' }], ops: [] }],
        validateOnly: true,
      }),
      needs: onCluster('alterConfigs'),
    },
  ],

  describeCluster: [
    {
      request: () => ({ includeClusterAuthorizedOperations: true }),
      needs: onCluster('describe'),
      isRefused: ({ clusterAuthorizedOperations }) => clusterAuthorizedOperations === 0,
    },
  ],
  describeLogDirs: [{ request: () => ({ topics: null }), needs: onCluster('describe') }],
  alterReplicaLogDirs: [{ request: () => ({ dirs: [{ path: '/d', topics }] }), needs: onCluster('alter') }],
  electLeaders: [{ request: () => ({ electionType: 0, topicPartitions: null }), needs: onCluster('alter') }],
  alterPartitionReassignments: [{ request: () => ({ topics: [] }), needs: onCluster('alter') }],
  listPartitionReassignments: [{ request: () => ({}), needs: onCluster('describe') }],
  describeQuorum: [{ request: () => ({ topics: [] }), needs: onCluster('describe') }],
  updateFeatures: [{ request: () => ({ featureUpdates: [{ feature: 'f', maxVersionLevel: 1 }] }), needs: onCluster('alter') }],
  describeUserScramCredentials: [{ request: () => ({ users: null }), needs: onCluster('describe') }],
  alterUserScramCredentials: [
    { request: () => ({ deletions: [{ name: 'u', mechanism: 1 }], upsertions: [] }), needs: onCluster('alter') },
  ],
  describeAcls: [{ request: () => ({ resourceTypeFilter: 1, ...anyFilter }), needs: onCluster('describe') }],
  createAcls: [{ request: () => ({ creations: [anyRule] }), needs: onCluster('alter') }],
  deleteAcls: [{ request: () => ({ filters: [{ resourceTypeFilter: 6, ...anyFilter }] }), needs: onCluster('alter') }],
}
