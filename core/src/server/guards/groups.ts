import { clusterName } from '../../base/access-rule.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { narrowed, operationBits } from '../authorized-operations.ts'
import type { RequestContext } from '../handler.ts'
import { mayWithTopic, onGroup, split, type Guard } from './guard.ts'

const refusedGroup = errorCodes.GROUP_AUTHORIZATION_FAILED
const refusedTopic = errorCodes.TOPIC_AUTHORIZATION_FAILED
const noBytes = new Uint8Array(0)
const groupOf = ({ groupId }: { readonly groupId: string }): string => groupId

export const guardJoinGroup: Guard<'joinGroup'> = onGroup(groupOf, ({ memberId }, version) => {
  const protocolName = version >= 7 ? null : ''
  return { errorCode: refusedGroup, protocolName, leader: '', memberId, members: [] }
})

export const guardSyncGroup: Guard<'syncGroup'> = onGroup(groupOf, () => ({ errorCode: refusedGroup, assignment: noBytes }))
export const guardHeartbeat: Guard<'heartbeat'> = onGroup(groupOf, () => ({ errorCode: refusedGroup }))
export const guardLeaveGroup: Guard<'leaveGroup'> = onGroup(groupOf, () => ({ errorCode: refusedGroup }))

/** Topics that a member names have to be such as it may know of (KIP-848). */
export const guardConsumerGroupHeartbeat: Guard<'consumerGroupHeartbeat'> = (request, { access }, answer) => {
  if (!access.may('read', 'group', request.groupId)) return refusedHeartbeat(refusedGroup)
  const mayAll = (request.subscribedTopicNames ?? []).every((name) => access.may('describe', 'topic', name))
  return mayAll ? answer(request) : refusedHeartbeat(refusedTopic)
}

function refusedHeartbeat(errorCode: number): ResponseDraft<'consumerGroupHeartbeat'> {
  return { throttleTimeMs: 0, errorCode, memberEpoch: 0, heartbeatIntervalMs: 0 }
}

/** A group that reads topics which the client may not know of is not shown at all, as in Kafka. */
export const guardConsumerGroupDescribe: Guard<'consumerGroupDescribe'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.groupIds, (group) => access.may('describe', 'group', group))
  const answered = (await answer({ ...request, groupIds: allowed }))!
  const sees = (name: string): boolean => access.sees('describe', 'topic', name)
  const groups = answered.groups.map((group) =>
    namesIn(group).every(sees)
      ? {
          ...group,
          authorizedOperations: narrowed(group.authorizedOperations, () => operationBits(access, 'group', group.groupId)),
        }
      : {
          ...refusedDescription(group.groupId, refusedTopic),
          errorMessage: 'the group reads topics that no access rule allows to describe',
        },
  )
  return { ...answered, groups: [...groups, ...refused.map((group) => refusedDescription(group, refusedGroup))] }
}

type Description = ResponseDraft<'consumerGroupDescribe'>['groups'][number]

function namesIn({ members }: Description): readonly string[] {
  return members.flatMap(({ subscribedTopicNames, assignment, targetAssignment }) => [
    ...subscribedTopicNames,
    ...[...assignment.topicPartitions, ...targetAssignment.topicPartitions].map(({ topicName }) => topicName),
  ])
}

function refusedDescription(groupId: string, errorCode: number): Description {
  return { errorCode, groupId, groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
}

export const guardDescribeGroups: Guard<'describeGroups'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.groups, (group) => access.may('describe', 'group', group))
  const answered = (await answer({ ...request, groups: allowed }))!
  const groups = answered.groups.map((group) => ({
    ...group,
    authorizedOperations: narrowed(group.authorizedOperations, () => operationBits(access, 'group', group.groupId)),
  }))
  const nothing = { errorCode: refusedGroup, groupState: '', protocolType: '', protocolData: '', members: [] }
  return { ...answered, groups: [...groups, ...refused.map((groupId) => ({ groupId, ...nothing }))] }
}

export const guardListGroups: Guard<'listGroups'> = async (request, { access }, answer) => {
  const answered = (await answer(request))!
  if (access.sees('describe', 'cluster', clusterName)) return answered
  return { ...answered, groups: answered.groups.filter(({ groupId }) => access.sees('describe', 'group', groupId)) }
}

export const guardDeleteGroups: Guard<'deleteGroups'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.groupsNames, (group) => access.may('delete', 'group', group))
  const answered = (await answer({ ...request, groupsNames: allowed }))!
  return { ...answered, results: [...answered.results, ...refused.map((groupId) => ({ groupId, errorCode: refusedGroup }))] }
}

export const guardOffsetDelete: Guard<'offsetDelete'> = async (request, { access }, answer) => {
  if (!access.may('delete', 'group', request.groupId)) return { throttleTimeMs: 0, errorCode: refusedGroup, topics: [] }
  const { allowed, refused } = split(request.topics, ({ name }) => access.may('read', 'topic', name))
  const answered = (await answer({ ...request, topics: allowed }))!
  const topics = refused.map(({ name, partitions }) => ({ name, partitions: partitions.map(refusedPartition) }))
  return { ...answered, topics: [...answered.topics, ...(answered.errorCode === errorCodes.NONE ? topics : [])] }
}

export const guardOffsetCommit: Guard<'offsetCommit'> = async (request, context, answer) => {
  const { access, version, broker } = context
  const mayCommit = access.may('read', 'group', request.groupId)
  const { allowed, refused } = mayCommit
    ? split(request.topics, ({ name, topicId }) =>
        mayWithTopic(access, 'read', version >= 10 ? broker.topics.nameOf(topicId) : name),
      )
    : { allowed: [], refused: request.topics }
  if (refused.length === 0) return answer(request)
  const code = mayCommit ? refusedTopic : refusedGroup
  const answered = allowed.length === 0 ? null : await answer({ ...request, topics: allowed })
  const topics = refused.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })),
  }))
  return { throttleTimeMs: 0, topics: [...(answered?.topics ?? []), ...topics] }
}

function refusedPartition({ partitionIndex }: { readonly partitionIndex: number }): {
  readonly partitionIndex: number
  readonly errorCode: number
} {
  return { partitionIndex, errorCode: refusedTopic }
}

export const guardFindCoordinator: Guard<'findCoordinator'> = async (request, { access, version }, answer) => {
  const { key, keyType, coordinatorKeys } = request
  const isGroup = keyType === 0
  const errorCode = isGroup ? refusedGroup : errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  const may = (name: string): boolean => access.may('describe', isGroup ? 'group' : 'transactionalId', name)
  const nowhere = { nodeId: -1, host: '', port: -1, errorCode, errorMessage: null }
  if (version < 4) return may(key) ? answer(request) : nowhere
  const { allowed, refused } = split(coordinatorKeys, may)
  const answered = (await answer({ ...request, coordinatorKeys: allowed }))!
  return { ...answered, coordinators: [...(answered.coordinators ?? []), ...refused.map((one) => ({ key: one, ...nowhere }))] }
}

type GroupOffsets = NonNullable<ResponseDraft<'offsetFetch'>['groups']>[number]
type AskedGroup = RequestOf<'offsetFetch'>['groups'][number]

/** Of all that a group has committed it shows the topics that the client may describe. */
export const guardOffsetFetch: Guard<'offsetFetch'> = async (request, context, answer) => {
  const { access, version } = context
  if (version < 8) return oneGroup(request, context, answer)
  const { allowed, refused } = split(request.groups, ({ groupId }) => access.may('describe', 'group', groupId))
  const places = allowed.map((group) => placesOf(group, context))
  const asked = allowed.map((group, index) => ({ ...group, topics: group.topics === null ? null : places[index]!.allowed }))
  const answered = (await answer({ ...request, groups: asked }))!
  const groups = (answered.groups ?? []).map((group, index): GroupOffsets => ({
    ...group,
    topics: [...group.topics.filter((topic) => isShown(topic, context)), ...withheld(group, places[index]!.refused)],
  }))
  return { ...answered, groups: [...groups, ...refused.map(({ groupId }) => ({ groupId, errorCode: refusedGroup, topics: [] }))] }
}

function placesOf({ topics }: AskedGroup, { access, version, broker }: RequestContext) {
  return split(topics ?? [], ({ name, topicId }) =>
    mayWithTopic(access, 'describe', version >= 10 ? broker.topics.nameOf(topicId) : name),
  )
}

/** What was asked for by name was looked at before; this is for groups that were asked for everything. */
function isShown({ name, topicId }: GroupOffsets['topics'][number], { access, version, broker }: RequestContext): boolean {
  const known = version >= 10 ? (topicId === undefined ? undefined : broker.topics.nameOf(topicId)) : name
  return known === undefined || access.sees('describe', 'topic', known)
}

function withheld({ errorCode }: GroupOffsets, topics: NonNullable<AskedGroup['topics']>): GroupOffsets['topics'] {
  if (errorCode !== undefined && errorCode !== errorCodes.NONE) return []
  return topics.map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((partition) => nothingOf(partition, refusedTopic)),
  }))
}

function nothingOf(partitionIndex: number, errorCode: number): GroupOffsets['topics'][number]['partitions'][number] {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
}

const oneGroup: Guard<'offsetFetch'> = async (request, { access, version }, answer) => {
  const all = request.topics ?? []
  const refuse = (topics: typeof all, errorCode: number): NonNullable<ResponseDraft<'offsetFetch'>['topics']> =>
    topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partition) => nothingOf(partition, errorCode)),
    }))
  // Version 1 has no place for it but at each partition.
  if (!access.may('describe', 'group', request.groupId))
    return { errorCode: refusedGroup, topics: version === 1 ? refuse(all, refusedGroup) : [] }
  const { allowed, refused } = split(all, ({ name }) => access.may('describe', 'topic', name))
  const answered = (await answer({ ...request, topics: request.topics === null ? null : allowed }))!
  const topics = (answered.topics ?? []).filter(({ name }) => access.sees('describe', 'topic', name))
  return { ...answered, topics: [...topics, ...(answered.errorCode === errorCodes.NONE ? refuse(refused, refusedTopic) : [])] }
}
