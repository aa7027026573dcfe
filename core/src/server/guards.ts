import type { ApiName, RequestOf } from '../protocol/apis.ts'
import {
  guardAlterPartitionReassignments,
  guardAlterReplicaLogDirs,
  guardAlterUserScramCredentials,
  guardCreateAcls,
  guardDeleteAcls,
  guardDescribeAcls,
  guardDescribeCluster,
  guardDescribeLogDirs,
  guardDescribeQuorum,
  guardDescribeUserScramCredentials,
  guardElectLeaders,
  guardListPartitionReassignments,
  guardUpdateFeatures,
} from './guards/cluster.ts'
import {
  guardAlterClientQuotas,
  guardAlterConfigs,
  guardDescribeClientQuotas,
  guardDescribeConfigs,
  guardIncrementalAlterConfigs,
  guardListConfigResources,
} from './guards/configs.ts'
import {
  guardConsumerGroupDescribe,
  guardConsumerGroupHeartbeat,
  guardDeleteGroups,
  guardDescribeGroups,
  guardFindCoordinator,
  guardHeartbeat,
  guardJoinGroup,
  guardLeaveGroup,
  guardListGroups,
  guardOffsetCommit,
  guardOffsetDelete,
  guardOffsetFetch,
  guardSyncGroup,
} from './guards/groups.ts'
import {
  guardDeleteRecords,
  guardDescribeProducers,
  guardListOffsets,
  guardOffsetForLeaderEpoch,
  guardProduce,
} from './guards/records.ts'
import {
  guardCreatePartitions,
  guardCreateTopics,
  guardDeleteTopics,
  guardDescribeTopicPartitions,
  guardMetadata,
} from './guards/topics.ts'
import {
  guardAddOffsetsToTxn,
  guardAddPartitionsToTxn,
  guardDescribeTransactions,
  guardEndTxn,
  guardInitProducerId,
  guardListTransactions,
  guardTxnOffsetCommit,
  guardWriteTxnMarkers,
} from './guards/transactions.ts'
import type { Guard } from './guards/guard.ts'
import type { Handler, RequestContext } from './handler.ts'

/**
 * How each API is held to the access rules: the table is whole, so that no API comes without a decision.
 *
 *   open        who asks need not have said who they are
 *   inHandler   what a request is about is known to the handler alone
 */
type Guards = { readonly [Name in ApiName]: Guard<Name> | 'open' | 'inHandler' }

export const guards: Guards = {
  addOffsetsToTxn: guardAddOffsetsToTxn,
  addPartitionsToTxn: guardAddPartitionsToTxn,
  alterClientQuotas: guardAlterClientQuotas,
  alterConfigs: guardAlterConfigs,
  alterPartitionReassignments: guardAlterPartitionReassignments,
  alterReplicaLogDirs: guardAlterReplicaLogDirs,
  alterUserScramCredentials: guardAlterUserScramCredentials,
  apiVersions: 'open',
  consumerGroupDescribe: guardConsumerGroupDescribe,
  consumerGroupHeartbeat: guardConsumerGroupHeartbeat,
  createAcls: guardCreateAcls,
  createPartitions: guardCreatePartitions,
  createTopics: guardCreateTopics,
  deleteAcls: guardDeleteAcls,
  deleteGroups: guardDeleteGroups,
  deleteRecords: guardDeleteRecords,
  deleteTopics: guardDeleteTopics,
  describeAcls: guardDescribeAcls,
  describeClientQuotas: guardDescribeClientQuotas,
  describeCluster: guardDescribeCluster,
  describeConfigs: guardDescribeConfigs,
  describeGroups: guardDescribeGroups,
  describeLogDirs: guardDescribeLogDirs,
  describeProducers: guardDescribeProducers,
  describeQuorum: guardDescribeQuorum,
  describeTopicPartitions: guardDescribeTopicPartitions,
  describeTransactions: guardDescribeTransactions,
  describeUserScramCredentials: guardDescribeUserScramCredentials,
  electLeaders: guardElectLeaders,
  endTxn: guardEndTxn,
  fetch: 'inHandler',
  findCoordinator: guardFindCoordinator,
  heartbeat: guardHeartbeat,
  incrementalAlterConfigs: guardIncrementalAlterConfigs,
  initProducerId: guardInitProducerId,
  joinGroup: guardJoinGroup,
  leaveGroup: guardLeaveGroup,
  listConfigResources: guardListConfigResources,
  listGroups: guardListGroups,
  listOffsets: guardListOffsets,
  listPartitionReassignments: guardListPartitionReassignments,
  listTransactions: guardListTransactions,
  metadata: guardMetadata,
  offsetCommit: guardOffsetCommit,
  offsetDelete: guardOffsetDelete,
  offsetFetch: guardOffsetFetch,
  offsetForLeaderEpoch: guardOffsetForLeaderEpoch,
  produce: guardProduce,
  saslAuthenticate: 'open',
  saslHandshake: 'open',
  syncGroup: guardSyncGroup,
  txnOffsetCommit: guardTxnOffsetCommit,
  updateFeatures: guardUpdateFeatures,
  writeTxnMarkers: guardWriteTxnMarkers,
}

/** The answer of the handler, as far as the access rules let the client have it. */
export function guarded<Name extends ApiName>(
  name: Name,
  handler: Handler<Name>,
  request: RequestOf<Name>,
  context: RequestContext,
): ReturnType<Handler<Name>> {
  const guard: Guard<Name> | 'open' | 'inHandler' = guards[name]
  return typeof guard === 'string' ? handler(request, context) : guard(request, context, (allowed) => handler(allowed, context))
}
