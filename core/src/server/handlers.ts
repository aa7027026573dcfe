import type { Handlers } from './handler.ts'
import { answerAddOffsetsToTxn } from './handlers/add-offsets-to-txn.ts'
import { answerAddPartitionsToTxn } from './handlers/add-partitions-to-txn.ts'
import { answerAlterClientQuotas } from './handlers/alter-client-quotas.ts'
import { answerAlterConfigs } from './handlers/alter-configs.ts'
import { answerAlterPartitionReassignments } from './handlers/alter-partition-reassignments.ts'
import { answerAlterReplicaLogDirs } from './handlers/alter-replica-log-dirs.ts'
import { answerAlterUserScramCredentials } from './handlers/alter-user-scram-credentials.ts'
import { answerApiVersions } from './handlers/api-versions.ts'
import { answerConsumerGroupDescribe } from './handlers/consumer-group-describe.ts'
import { answerConsumerGroupHeartbeat } from './handlers/consumer-group-heartbeat.ts'
import { answerCreateAcls } from './handlers/create-acls.ts'
import { answerCreatePartitions } from './handlers/create-partitions.ts'
import { answerCreateTopics } from './handlers/create-topics.ts'
import { answerDeleteAcls } from './handlers/delete-acls.ts'
import { answerDeleteGroups } from './handlers/delete-groups.ts'
import { answerDeleteRecords } from './handlers/delete-records.ts'
import { answerDeleteTopics } from './handlers/delete-topics.ts'
import { answerDescribeAcls } from './handlers/describe-acls.ts'
import { answerDescribeClientQuotas } from './handlers/describe-client-quotas.ts'
import { answerDescribeCluster } from './handlers/describe-cluster.ts'
import { answerDescribeConfigs } from './handlers/describe-configs.ts'
import { answerDescribeGroups } from './handlers/describe-groups.ts'
import { answerDescribeLogDirs } from './handlers/describe-log-dirs.ts'
import { answerDescribeProducers } from './handlers/describe-producers.ts'
import { answerDescribeQuorum } from './handlers/describe-quorum.ts'
import { answerDescribeTopicPartitions } from './handlers/describe-topic-partitions.ts'
import { answerDescribeTransactions } from './handlers/describe-transactions.ts'
import { answerDescribeUserScramCredentials } from './handlers/describe-user-scram-credentials.ts'
import { answerElectLeaders } from './handlers/elect-leaders.ts'
import { answerEndTxn } from './handlers/end-txn.ts'
import { answerFetch } from './handlers/fetch.ts'
import { answerFindCoordinator } from './handlers/find-coordinator.ts'
import { answerHeartbeat } from './handlers/heartbeat.ts'
import { answerIncrementalAlterConfigs } from './handlers/incremental-alter-configs.ts'
import { answerInitProducerId } from './handlers/init-producer-id.ts'
import { answerJoinGroup } from './handlers/join-group.ts'
import { answerLeaveGroup } from './handlers/leave-group.ts'
import { answerListConfigResources } from './handlers/list-config-resources.ts'
import { answerListGroups } from './handlers/list-groups.ts'
import { answerListOffsets } from './handlers/list-offsets.ts'
import { answerListPartitionReassignments } from './handlers/list-partition-reassignments.ts'
import { answerListTransactions } from './handlers/list-transactions.ts'
import { answerMetadata } from './handlers/metadata.ts'
import { answerOffsetCommit } from './handlers/offset-commit.ts'
import { answerOffsetDelete } from './handlers/offset-delete.ts'
import { answerOffsetFetch } from './handlers/offset-fetch.ts'
import { answerOffsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'
import { answerProduce } from './handlers/produce.ts'
import { answerSaslAuthenticate } from './handlers/sasl-authenticate.ts'
import { answerSaslHandshake } from './handlers/sasl-handshake.ts'
import { answerSyncGroup } from './handlers/sync-group.ts'
import { answerTxnOffsetCommit } from './handlers/txn-offset-commit.ts'
import { answerUpdateFeatures } from './handlers/update-features.ts'
import { answerWriteTxnMarkers } from './handlers/write-txn-markers.ts'

export const handlers: Handlers = {
  addOffsetsToTxn: answerAddOffsetsToTxn,
  addPartitionsToTxn: answerAddPartitionsToTxn,
  alterClientQuotas: answerAlterClientQuotas,
  alterConfigs: answerAlterConfigs,
  alterPartitionReassignments: answerAlterPartitionReassignments,
  alterReplicaLogDirs: answerAlterReplicaLogDirs,
  alterUserScramCredentials: answerAlterUserScramCredentials,
  apiVersions: answerApiVersions,
  consumerGroupDescribe: answerConsumerGroupDescribe,
  consumerGroupHeartbeat: answerConsumerGroupHeartbeat,
  createAcls: answerCreateAcls,
  createPartitions: answerCreatePartitions,
  createTopics: answerCreateTopics,
  deleteAcls: answerDeleteAcls,
  deleteGroups: answerDeleteGroups,
  deleteRecords: answerDeleteRecords,
  deleteTopics: answerDeleteTopics,
  describeAcls: answerDescribeAcls,
  describeClientQuotas: answerDescribeClientQuotas,
  describeCluster: answerDescribeCluster,
  describeConfigs: answerDescribeConfigs,
  describeGroups: answerDescribeGroups,
  describeLogDirs: answerDescribeLogDirs,
  describeProducers: answerDescribeProducers,
  describeQuorum: answerDescribeQuorum,
  describeTopicPartitions: answerDescribeTopicPartitions,
  describeTransactions: answerDescribeTransactions,
  describeUserScramCredentials: answerDescribeUserScramCredentials,
  electLeaders: answerElectLeaders,
  endTxn: answerEndTxn,
  fetch: answerFetch,
  findCoordinator: answerFindCoordinator,
  heartbeat: answerHeartbeat,
  incrementalAlterConfigs: answerIncrementalAlterConfigs,
  initProducerId: answerInitProducerId,
  joinGroup: answerJoinGroup,
  leaveGroup: answerLeaveGroup,
  listConfigResources: answerListConfigResources,
  listGroups: answerListGroups,
  listOffsets: answerListOffsets,
  listPartitionReassignments: answerListPartitionReassignments,
  listTransactions: answerListTransactions,
  metadata: answerMetadata,
  offsetCommit: answerOffsetCommit,
  offsetDelete: answerOffsetDelete,
  offsetFetch: answerOffsetFetch,
  offsetForLeaderEpoch: answerOffsetForLeaderEpoch,
  produce: answerProduce,
  saslAuthenticate: answerSaslAuthenticate,
  saslHandshake: answerSaslHandshake,
  syncGroup: answerSyncGroup,
  txnOffsetCommit: answerTxnOffsetCommit,
  updateFeatures: answerUpdateFeatures,
  writeTxnMarkers: answerWriteTxnMarkers,
}
