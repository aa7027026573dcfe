import type { Handler } from '../handler.ts'
import { groupOutcome } from '../group-outcome.ts'

/** Deletes groups that have no members, with all that they have committed. */
export const answerDeleteGroups: Handler<'deleteGroups'> = async ({ groupsNames }, { broker }) => ({
  throttleTimeMs: 0,
  results: await Promise.all(
    groupsNames.map(async (groupId) => ({
      groupId,
      errorCode: await groupOutcome(broker, groupId, () => broker.groups.delete(groupId)),
    })),
  ),
})
