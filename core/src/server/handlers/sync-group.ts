import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { groupErrorOf } from '../group-outcome.ts'

/** A member takes its assignment, and the leader hands in those of all: answered when it has. */
export const answerSyncGroup: Handler<'syncGroup'> = async (request, { broker, version, untilClosing }) => {
  const { groupId: group, memberId, groupInstanceId: instanceId, generationId: generation, assignments } = request
  const { protocolType, protocolName } = request
  if (!broker.groups.isName(group)) return refused(errorCodes.INVALID_GROUP_ID)
  // KIP-559: from version 5 on a member says what it takes the group for.
  if (version >= 5 && (protocolType === null || protocolName === null)) return refused(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
  const agreed = protocolType === null || protocolName === null ? {} : { protocolType, protocol: protocolName }
  try {
    const ref = { memberId, instanceId, generation }
    const synced = await untilClosing(broker.groups.sync({ group, ...ref, ...agreed, assignments }))
    if (synced === null) return refused(errorCodes.COORDINATOR_NOT_AVAILABLE)
    const { protocolType: type, protocol, assignment } = synced
    return { throttleTimeMs: 0, errorCode: errorCodes.NONE, protocolType: type, protocolName: protocol, assignment }
  } catch (error) {
    return refused(groupErrorOf(error))
  }
}

const noBytes = new Uint8Array(0)

function refused(errorCode: number): ResponseDraft<'syncGroup'> {
  return { throttleTimeMs: 0, errorCode, assignment: noBytes }
}
