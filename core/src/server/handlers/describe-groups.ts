import type { Broker } from '../../broker/broker.ts'
import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { groupErrorOf } from '../group-outcome.ts'

type GroupAnswer = ResponseDraft<'describeGroups'>['groups'][number]
type Details = Awaited<ReturnType<Broker['groups']['describe']>>

const noBytes = new Uint8Array(0)
/** Nobody asked. */
const notSaid = -2_147_483_648
/** One bit an operation: read, delete, describe, and describe and alter configs. */
const allOperations = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11)

/** Groups of the classic protocol with their members. One that is not there is Dead, and from version 6 on an error (KIP-1043). */
export const answerDescribeGroups: Handler<'describeGroups'> = async (request, { broker, version }) => {
  const authorizedOperations = request.includeAuthorizedOperations ? allOperations : notSaid
  const groups = await Promise.all(request.groups.map((group) => describe(group, broker, version)))
  return { throttleTimeMs: 0, groups: groups.map((group) => ({ ...group, authorizedOperations })) }
}

async function describe(group: string, broker: Broker, version: number): Promise<GroupAnswer> {
  if (!broker.groups.isName(group)) return refused(group, errorCodes.INVALID_GROUP_ID)
  try {
    const details = await broker.groups.describe(group)
    if (details.type === 'consumer') return notHere(group, version, `Group ${group} is not a classic group.`)
    return details.state === 'Dead' ? notHere(group, version, `Group ${group} not found.`) : answerOf(details)
  } catch (error) {
    return refused(group, groupErrorOf(error))
  }
}

function notHere(groupId: string, version: number, errorMessage: string): GroupAnswer {
  const dead = { ...refused(groupId, errorCodes.NONE), groupState: 'Dead' }
  return version < 6 ? dead : { ...dead, errorCode: errorCodes.GROUP_ID_NOT_FOUND, errorMessage }
}

/** What members read is known when all have it: before, neither the protocol nor the assignments are those of this generation. */
function answerOf({ group, state, protocolType, protocol, members }: Details): GroupAnswer {
  const isStable = state === 'Stable'
  return {
    errorCode: errorCodes.NONE,
    groupId: group,
    groupState: state,
    protocolType,
    protocolData: isStable ? (protocol ?? '') : '',
    members: members.map(({ memberId, instanceId, clientId, clientHost, subscription, assignment }) => ({
      memberId,
      groupInstanceId: instanceId,
      clientId,
      clientHost,
      memberMetadata: isStable ? subscription : noBytes,
      memberAssignment: isStable ? assignment : noBytes,
    })),
  }
}

function refused(groupId: string, errorCode: number): GroupAnswer {
  return { errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
}
