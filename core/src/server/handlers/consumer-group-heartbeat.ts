import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer } from '../../broker/groups.ts'
import type { TopicId } from '../../base/ids.ts'
import { MillraceError } from '../../base/errors.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { clientHostOf } from '../client-host.ts'
import { groupErrorOf } from '../group-outcome.ts'
import type { Handler, RequestContext } from '../handler.ts'

/** All that a member of the new consumer protocol says, and all that it is told (KIP-848). */
export const answerConsumerGroupHeartbeat: Handler<'consumerGroupHeartbeat'> = async (request, context) => {
  const { broker } = context
  if (!broker.groups.isName(request.groupId)) return refused(errorCodes.INVALID_REQUEST, 'the group has no name')
  try {
    return answerOf(await broker.groups.consumerHeartbeat(beatOf(request, context)))
  } catch (error) {
    return refused(groupErrorOf(error), error instanceof MillraceError ? error.message : null)
  }
}

function beatOf(
  request: RequestOf<'consumerGroupHeartbeat'>,
  { broker, version, clientId, remote, access }: RequestContext,
): ConsumerHeartbeat {
  const { memberId, memberEpoch, instanceId, rackId, rebalanceTimeoutMs, topicPartitions } = request
  // In version 0 the coordinator names members that join.
  const isUnnamed = version === 0 && memberEpoch === 0 && memberId === ''
  return {
    group: request.groupId,
    memberId: isUnnamed ? broker.groups.newMemberId(clientId) : memberId,
    epoch: memberEpoch,
    instanceId,
    rackId,
    clientId,
    clientHost: clientHostOf(remote),
    rebalanceTimeoutMs,
    topics: request.subscribedTopicNames,
    regex: request.subscribedTopicRegex,
    sees: access.isEnforced ? (topic) => access.sees('describe', 'topic', topic) : undefined,
    assignor: request.serverAssignor,
    owned: topicPartitions === null ? null : setsOf(topicPartitions),
  }
}

function setsOf(
  topics: readonly { readonly topicId: TopicId; readonly partitions: readonly number[] }[],
): ReadonlyMap<TopicId, ReadonlySet<number>> {
  const sets = new Map<TopicId, ReadonlySet<number>>()
  for (const { topicId, partitions } of topics) {
    if (partitions.length > 0) sets.set(topicId, new Set([...(sets.get(topicId) ?? []), ...partitions]))
  }
  return sets
}

function answerOf({
  memberId,
  epoch,
  heartbeatIntervalMs,
  assignment,
}: ConsumerHeartbeatAnswer): ResponseDraft<'consumerGroupHeartbeat'> {
  const topicPartitions = Array.from(assignment ?? [], ([topicId, partitions]) => ({ topicId, partitions: [...partitions] }))
  return {
    throttleTimeMs: 0,
    errorCode: errorCodes.NONE,
    memberId,
    memberEpoch: epoch,
    heartbeatIntervalMs,
    assignment: assignment === null ? null : { topicPartitions },
  }
}

function refused(errorCode: number, errorMessage: string | null): ResponseDraft<'consumerGroupHeartbeat'> {
  return { throttleTimeMs: 0, errorCode, errorMessage, memberEpoch: 0, heartbeatIntervalMs: 0 }
}
