import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { groupErrorOf } from '../group-outcome.ts'
import { clientHostOf } from '../client-host.ts'

/** Enters a group: answered when the rebalance that this makes necessary has everybody. */
export const answerJoinGroup: Handler<'joinGroup'> = async (request, context) => {
  const { broker, version } = context
  const { groupId, memberId } = request
  if (!broker.groups.isName(groupId)) return refused(errorCodes.INVALID_GROUP_ID, memberId, version)
  try {
    const joined = await context.untilClosing(broker.groups.join(joinOf(request, context)))
    if (joined === null) return refused(errorCodes.COORDINATOR_NOT_AVAILABLE, memberId, version)
    return 'retry' in joined ? refused(errorCodes.MEMBER_ID_REQUIRED, joined.retry, version) : answerOf(joined, version)
  } catch (error) {
    return refused(groupErrorOf(error), memberId, version)
  }
}

type Join = Parameters<RequestContext['broker']['groups']['join']>[0]
type Joined = Exclude<Awaited<ReturnType<RequestContext['broker']['groups']['join']>>, { readonly retry: string }>

function joinOf(request: RequestOf<'joinGroup'>, { broker, version, clientId, remote }: RequestContext): Join {
  const { groupId: group, memberId, groupInstanceId: instanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocolType } = request
  return {
    group,
    memberId,
    freshMemberId: broker.groups.newMemberId(instanceId ?? clientId),
    requireKnownMember: version >= 4,
    instanceId,
    clientId,
    clientHost: clientHostOf(remote),
    sessionTimeoutMs,
    // Version 0 has no other time for it.
    rebalanceTimeoutMs: version === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    protocolType,
    // The group keeps them: it may not hold the whole chunk of the network in memory.
    protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: new Uint8Array(metadata) })),
  }
}

/**
 * A static member that came back and leads has nothing to assign (KIP-345). From version 9 on that is said (KIP-814), and it watches the
 * topics of all as a leader does; before, it is told that it does not lead.
 */
function answerOf(answer: Joined, version: number): ResponseDraft<'joinGroup'> {
  const { memberId, generation, protocolType, protocol, leader, skipsAssignment, members } = answer
  const hidesLead = skipsAssignment && version < 9
  return {
    throttleTimeMs: 0,
    errorCode: errorCodes.NONE,
    generationId: generation,
    protocolType,
    protocolName: protocol,
    leader: hidesLead ? '' : leader,
    skipAssignment: skipsAssignment && !hidesLead,
    memberId,
    members: hidesLead
      ? []
      : members.map(({ memberId: id, instanceId, subscription }) => ({
          memberId: id,
          groupInstanceId: instanceId,
          metadata: subscription,
        })),
  }
}

function refused(errorCode: number, memberId: string, version: number): ResponseDraft<'joinGroup'> {
  const protocolName = version >= 7 ? null : ''
  return { throttleTimeMs: 0, errorCode, generationId: -1, protocolName, leader: '', memberId, members: [] }
}
