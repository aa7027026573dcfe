import type { TopicId } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'
import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { groupErrorOf } from '../group-outcome.ts'
import type { Handler } from '../handler.ts'

type GroupAnswer = ResponseDraft<'consumerGroupDescribe'>['groups'][number]
type MemberAnswer = GroupAnswer['members'][number]
type Described = NonNullable<Awaited<ReturnType<Broker['groups']['describeConsumers']>>>
type DescribedMember = Described['members'][number]

/** Nobody asked. */
const notSaid = -2_147_483_648
/** One bit an operation: read, delete, describe, and describe and alter configs. */
const allOperations = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11)
/** Of a member that speaks the protocol of its group; there are no others here. */
const consumerMember = 1

/** Groups of the new consumer protocol with what their members have, and are to have (KIP-848). */
export const answerConsumerGroupDescribe: Handler<'consumerGroupDescribe'> = async (request, { broker }) => {
  const authorizedOperations = request.includeAuthorizedOperations ? allOperations : notSaid
  const groups = await Promise.all(request.groupIds.map((group) => describe(group, broker)))
  return { throttleTimeMs: 0, groups: groups.map((group) => ({ ...group, authorizedOperations })) }
}

async function describe(group: string, broker: Broker): Promise<GroupAnswer> {
  if (!broker.groups.isName(group)) return refused(group, errorCodes.INVALID_GROUP_ID, null)
  try {
    const found = await broker.groups.describeConsumers(group)
    return found === undefined
      ? refused(group, errorCodes.GROUP_ID_NOT_FOUND, `Group ${group} is not a consumer group.`)
      : answerOf(found, broker)
  } catch (error) {
    return refused(group, groupErrorOf(error), null)
  }
}

function answerOf({ group, state, epoch, targetEpoch, assignor, members }: Described, broker: Broker): GroupAnswer {
  return {
    errorCode: errorCodes.NONE,
    groupId: group,
    groupState: state,
    groupEpoch: epoch,
    assignmentEpoch: targetEpoch,
    assignorName: assignor,
    members: members.map((member) => memberOf(member, broker)),
  }
}

function memberOf(member: DescribedMember, broker: Broker): MemberAnswer {
  const { id: memberId, instanceId, rackId, epoch: memberEpoch, clientId, clientHost, topics, regex, assigned, target } = member
  return {
    memberId,
    instanceId,
    rackId,
    memberEpoch,
    clientId,
    clientHost,
    subscribedTopicNames: [...topics],
    subscribedTopicRegex: regex,
    assignment: { topicPartitions: topicsOf(assigned, broker) },
    targetAssignment: { topicPartitions: topicsOf(target, broker) },
    memberType: consumerMember,
  }
}

/** What belongs to a topic that is gone has no name to be shown by. */
function topicsOf(
  sets: ReadonlyMap<TopicId, ReadonlySet<number>>,
  { topics }: Broker,
): MemberAnswer['assignment']['topicPartitions'] {
  return [...sets].flatMap(([topicId, partitions]) => {
    const topicName = topics.nameOf(topicId)
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...partitions].toSorted((a, b) => a - b) }]
  })
}

function refused(groupId: string, errorCode: number, errorMessage: string | null): GroupAnswer {
  return { errorCode, errorMessage, groupId, groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
}
