import type { Handler } from '../handler.ts'
import { groupOutcome } from '../group-outcome.ts'

/** A member is alive. */
export const answerHeartbeat: Handler<'heartbeat'> = async (request, { broker }) => {
  const { groupId, memberId, groupInstanceId: instanceId, generationId: generation } = request
  const ref = { memberId, instanceId, generation }
  return { throttleTimeMs: 0, errorCode: await groupOutcome(broker, groupId, () => broker.groups.heartbeat(groupId, ref)) }
}
