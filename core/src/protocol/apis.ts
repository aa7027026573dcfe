import type { Api } from './api.ts'
import { addOffsetsToTxn } from './messages/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from './messages/add-partitions-to-txn.ts'
import { alterClientQuotas } from './messages/alter-client-quotas.ts'
import { alterConfigs } from './messages/alter-configs.ts'
import { alterPartitionReassignments } from './messages/alter-partition-reassignments.ts'
import { alterReplicaLogDirs } from './messages/alter-replica-log-dirs.ts'
import { alterUserScramCredentials } from './messages/alter-user-scram-credentials.ts'
import { apiVersions } from './messages/api-versions.ts'
import { consumerGroupDescribe } from './messages/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from './messages/consumer-group-heartbeat.ts'
import { createAcls } from './messages/create-acls.ts'
import { createPartitions } from './messages/create-partitions.ts'
import { createTopics } from './messages/create-topics.ts'
import { deleteAcls } from './messages/delete-acls.ts'
import { deleteGroups } from './messages/delete-groups.ts'
import { deleteRecords } from './messages/delete-records.ts'
import { deleteTopics } from './messages/delete-topics.ts'
import { describeAcls } from './messages/describe-acls.ts'
import { describeClientQuotas } from './messages/describe-client-quotas.ts'
import { describeCluster } from './messages/describe-cluster.ts'
import { describeConfigs } from './messages/describe-configs.ts'
import { describeGroups } from './messages/describe-groups.ts'
import { describeLogDirs } from './messages/describe-log-dirs.ts'
import { describeProducers } from './messages/describe-producers.ts'
import { describeQuorum } from './messages/describe-quorum.ts'
import { describeTopicPartitions } from './messages/describe-topic-partitions.ts'
import { describeTransactions } from './messages/describe-transactions.ts'
import { describeUserScramCredentials } from './messages/describe-user-scram-credentials.ts'
import { electLeaders } from './messages/elect-leaders.ts'
import { endTxn } from './messages/end-txn.ts'
import { fetch } from './messages/fetch.ts'
import { findCoordinator } from './messages/find-coordinator.ts'
import { heartbeat } from './messages/heartbeat.ts'
import { incrementalAlterConfigs } from './messages/incremental-alter-configs.ts'
import { initProducerId } from './messages/init-producer-id.ts'
import { joinGroup } from './messages/join-group.ts'
import { leaveGroup } from './messages/leave-group.ts'
import { listConfigResources } from './messages/list-config-resources.ts'
import { listGroups } from './messages/list-groups.ts'
import { listOffsets } from './messages/list-offsets.ts'
import { listPartitionReassignments } from './messages/list-partition-reassignments.ts'
import { listTransactions } from './messages/list-transactions.ts'
import { metadata } from './messages/metadata.ts'
import { offsetCommit } from './messages/offset-commit.ts'
import { offsetDelete } from './messages/offset-delete.ts'
import { offsetFetch } from './messages/offset-fetch.ts'
import { offsetForLeaderEpoch } from './messages/offset-for-leader-epoch.ts'
import { produce } from './messages/produce.ts'
import { saslAuthenticate } from './messages/sasl-authenticate.ts'
import { saslHandshake } from './messages/sasl-handshake.ts'
import { syncGroup } from './messages/sync-group.ts'
import { txnOffsetCommit } from './messages/txn-offset-commit.ts'
import { updateFeatures } from './messages/update-features.ts'
import { writeTxnMarkers } from './messages/write-txn-markers.ts'
import type { DraftOf, MessageOf } from './schema.ts'

/**
 * Every API that the wire knows, by key. What is not here is refused: Kafka's own talk between brokers, delegation tokens,
 * telemetry, share and streams groups.
 */
interface Apis {
  readonly produce: typeof produce
  readonly fetch: typeof fetch
  readonly listOffsets: typeof listOffsets
  readonly metadata: typeof metadata
  readonly offsetCommit: typeof offsetCommit
  readonly offsetFetch: typeof offsetFetch
  readonly findCoordinator: typeof findCoordinator
  readonly joinGroup: typeof joinGroup
  readonly heartbeat: typeof heartbeat
  readonly leaveGroup: typeof leaveGroup
  readonly syncGroup: typeof syncGroup
  readonly describeGroups: typeof describeGroups
  readonly listGroups: typeof listGroups
  readonly saslHandshake: typeof saslHandshake
  readonly apiVersions: typeof apiVersions
  readonly createTopics: typeof createTopics
  readonly deleteTopics: typeof deleteTopics
  readonly deleteRecords: typeof deleteRecords
  readonly initProducerId: typeof initProducerId
  readonly offsetForLeaderEpoch: typeof offsetForLeaderEpoch
  readonly addPartitionsToTxn: typeof addPartitionsToTxn
  readonly addOffsetsToTxn: typeof addOffsetsToTxn
  readonly endTxn: typeof endTxn
  readonly writeTxnMarkers: typeof writeTxnMarkers
  readonly txnOffsetCommit: typeof txnOffsetCommit
  readonly describeAcls: typeof describeAcls
  readonly createAcls: typeof createAcls
  readonly deleteAcls: typeof deleteAcls
  readonly describeConfigs: typeof describeConfigs
  readonly alterConfigs: typeof alterConfigs
  readonly alterReplicaLogDirs: typeof alterReplicaLogDirs
  readonly describeLogDirs: typeof describeLogDirs
  readonly saslAuthenticate: typeof saslAuthenticate
  readonly createPartitions: typeof createPartitions
  readonly deleteGroups: typeof deleteGroups
  readonly electLeaders: typeof electLeaders
  readonly incrementalAlterConfigs: typeof incrementalAlterConfigs
  readonly alterPartitionReassignments: typeof alterPartitionReassignments
  readonly listPartitionReassignments: typeof listPartitionReassignments
  readonly offsetDelete: typeof offsetDelete
  readonly describeClientQuotas: typeof describeClientQuotas
  readonly alterClientQuotas: typeof alterClientQuotas
  readonly describeUserScramCredentials: typeof describeUserScramCredentials
  readonly alterUserScramCredentials: typeof alterUserScramCredentials
  readonly describeQuorum: typeof describeQuorum
  readonly updateFeatures: typeof updateFeatures
  readonly describeCluster: typeof describeCluster
  readonly describeProducers: typeof describeProducers
  readonly describeTransactions: typeof describeTransactions
  readonly listTransactions: typeof listTransactions
  readonly consumerGroupHeartbeat: typeof consumerGroupHeartbeat
  readonly consumerGroupDescribe: typeof consumerGroupDescribe
  readonly listConfigResources: typeof listConfigResources
  readonly describeTopicPartitions: typeof describeTopicPartitions
}

export type ApiName = keyof Apis

export const apis: Apis = {
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  saslHandshake,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeAcls,
  createAcls,
  deleteAcls,
  describeConfigs,
  alterConfigs,
  alterReplicaLogDirs,
  describeLogDirs,
  saslAuthenticate,
  createPartitions,
  deleteGroups,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  offsetDelete,
  describeClientQuotas,
  alterClientQuotas,
  describeUserScramCredentials,
  alterUserScramCredentials,
  describeQuorum,
  updateFeatures,
  describeCluster,
  describeProducers,
  describeTransactions,
  listTransactions,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
  listConfigResources,
  describeTopicPartitions,
}

/** What decoding a request answers: every field, in any version. */
export type RequestOf<Name extends ApiName> = MessageOf<Apis[Name]['request']>
/** What encoding a request takes. */
export type RequestDraft<Name extends ApiName> = DraftOf<Apis[Name]['request']>
/** What decoding a response answers: every field, in any version. */
export type ResponseOf<Name extends ApiName> = MessageOf<Apis[Name]['response']>
/** What encoding a response takes. */
export type ResponseDraft<Name extends ApiName> = DraftOf<Apis[Name]['response']>

const known: Readonly<Record<ApiName, Api>> = apis
export const apiNames: readonly ApiName[] = Object.keys(known) as ApiName[]

/** The same as `apis`, for whoever does not care which one it is. */
export function apiOf(name: ApiName): Api {
  return known[name]
}

const namesByKey: ReadonlyMap<number, ApiName> = new Map(apiNames.map((name) => [known[name].key, name]))

export function apiNameOf(key: number): ApiName | undefined {
  return namesByKey.get(key)
}
