import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { groupErrorOf } from '../group-outcome.ts'

/** All groups, or those in one of the states and of one of the types that are asked for, in any case of letters. */
export const answerListGroups: Handler<'listGroups'> = async ({ statesFilter, typesFilter }, { broker }) => {
  const isWanted = (filter: readonly string[], value: string): boolean =>
    filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase())
  try {
    const groups = await broker.groups.list()
    return {
      throttleTimeMs: 0,
      errorCode: errorCodes.NONE,
      groups: groups
        .filter(({ type, state }) => isWanted(typesFilter, type) && isWanted(statesFilter, state))
        .map(({ group, type, state, protocolType }) => ({ groupId: group, protocolType, groupState: state, groupType: type })),
    }
  } catch (error) {
    return { throttleTimeMs: 0, errorCode: groupErrorOf(error), groups: [] }
  }
}
