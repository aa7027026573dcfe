import type { Handlers } from './handler.ts'
import { answerApiVersions } from './handlers/api-versions.ts'
import { answerDeleteGroups } from './handlers/delete-groups.ts'
import { answerDescribeGroups } from './handlers/describe-groups.ts'
import { answerFetch } from './handlers/fetch.ts'
import { answerFindCoordinator } from './handlers/find-coordinator.ts'
import { answerHeartbeat } from './handlers/heartbeat.ts'
import { answerJoinGroup } from './handlers/join-group.ts'
import { answerLeaveGroup } from './handlers/leave-group.ts'
import { answerListGroups } from './handlers/list-groups.ts'
import { answerListOffsets } from './handlers/list-offsets.ts'
import { answerMetadata } from './handlers/metadata.ts'
import { answerOffsetCommit } from './handlers/offset-commit.ts'
import { answerOffsetDelete } from './handlers/offset-delete.ts'
import { answerOffsetFetch } from './handlers/offset-fetch.ts'
import { answerProduce } from './handlers/produce.ts'
import { answerSyncGroup } from './handlers/sync-group.ts'

export const handlers: Handlers = {
  apiVersions: answerApiVersions,
  deleteGroups: answerDeleteGroups,
  describeGroups: answerDescribeGroups,
  fetch: answerFetch,
  findCoordinator: answerFindCoordinator,
  heartbeat: answerHeartbeat,
  joinGroup: answerJoinGroup,
  leaveGroup: answerLeaveGroup,
  listGroups: answerListGroups,
  listOffsets: answerListOffsets,
  metadata: answerMetadata,
  offsetCommit: answerOffsetCommit,
  offsetDelete: answerOffsetDelete,
  offsetFetch: answerOffsetFetch,
  produce: answerProduce,
  syncGroup: answerSyncGroup,
}
