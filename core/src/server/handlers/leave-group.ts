import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { groupOutcome } from '../group-outcome.ts'

/** Members leave, one after the other; before version 3 there is one, and what became of it is the answer. */
export const answerLeaveGroup: Handler<'leaveGroup'> = async ({ groupId, memberId, members }, { broker, version }) => {
  const { groups } = broker
  if (version < 3) {
    return { throttleTimeMs: 0, errorCode: await groupOutcome(broker, groupId, () => groups.leave(groupId, memberId, null)) }
  }
  if (!groups.isName(groupId)) return { throttleTimeMs: 0, errorCode: errorCodes.INVALID_GROUP_ID, members: [] }
  const left = members.map(async ({ memberId: id, groupInstanceId }) => {
    const errorCode = await groupOutcome(broker, groupId, () => groups.leave(groupId, id, groupInstanceId))
    return { memberId: id, groupInstanceId, errorCode }
  })
  return { throttleTimeMs: 0, errorCode: errorCodes.NONE, members: await Promise.all(left) }
}
