import type { Handlers } from './handler.ts'
import { answerAddOffsetsToTxn } from './handlers/add-offsets-to-txn.ts'
import { answerAddPartitionsToTxn } from './handlers/add-partitions-to-txn.ts'
import { answerApiVersions } from './handlers/api-versions.ts'
import { answerDeleteGroups } from './handlers/delete-groups.ts'
import { answerDescribeGroups } from './handlers/describe-groups.ts'
import { answerDescribeProducers } from './handlers/describe-producers.ts'
import { answerDescribeTransactions } from './handlers/describe-transactions.ts'
import { answerEndTxn } from './handlers/end-txn.ts'
import { answerFetch } from './handlers/fetch.ts'
import { answerFindCoordinator } from './handlers/find-coordinator.ts'
import { answerHeartbeat } from './handlers/heartbeat.ts'
import { answerInitProducerId } from './handlers/init-producer-id.ts'
import { answerJoinGroup } from './handlers/join-group.ts'
import { answerLeaveGroup } from './handlers/leave-group.ts'
import { answerListGroups } from './handlers/list-groups.ts'
import { answerListOffsets } from './handlers/list-offsets.ts'
import { answerListTransactions } from './handlers/list-transactions.ts'
import { answerMetadata } from './handlers/metadata.ts'
import { answerOffsetCommit } from './handlers/offset-commit.ts'
import { answerOffsetDelete } from './handlers/offset-delete.ts'
import { answerOffsetFetch } from './handlers/offset-fetch.ts'
import { answerOffsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'
import { answerProduce } from './handlers/produce.ts'
import { answerSyncGroup } from './handlers/sync-group.ts'
import { answerTxnOffsetCommit } from './handlers/txn-offset-commit.ts'
import { answerWriteTxnMarkers } from './handlers/write-txn-markers.ts'

export const handlers: Handlers = {
  addOffsetsToTxn: answerAddOffsetsToTxn,
  addPartitionsToTxn: answerAddPartitionsToTxn,
  apiVersions: answerApiVersions,
  deleteGroups: answerDeleteGroups,
  describeGroups: answerDescribeGroups,
  describeProducers: answerDescribeProducers,
  describeTransactions: answerDescribeTransactions,
  endTxn: answerEndTxn,
  fetch: answerFetch,
  findCoordinator: answerFindCoordinator,
  heartbeat: answerHeartbeat,
  initProducerId: answerInitProducerId,
  joinGroup: answerJoinGroup,
  leaveGroup: answerLeaveGroup,
  listGroups: answerListGroups,
  listOffsets: answerListOffsets,
  listTransactions: answerListTransactions,
  metadata: answerMetadata,
  offsetCommit: answerOffsetCommit,
  offsetDelete: answerOffsetDelete,
  offsetFetch: answerOffsetFetch,
  offsetForLeaderEpoch: answerOffsetForLeaderEpoch,
  produce: answerProduce,
  syncGroup: answerSyncGroup,
  txnOffsetCommit: answerTxnOffsetCommit,
  writeTxnMarkers: answerWriteTxnMarkers,
}
