import { MillraceError } from '../../base/errors.ts'
import type { TransactionFacts } from '../../broker/transaction-work.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { namePattern, type NamePattern } from '../../base/name-pattern.ts'

/** As they are named on the wire, and here. */
const known: readonly string[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'PrepareEpochFence', // no transaction is in it, but it is a state
] satisfies readonly (TransactionFacts['state'] | 'PrepareEpochFence')[]

/** The transactional ids that all filters let through; a filter that is empty lets all through. */
export const answerListTransactions: Handler<'listTransactions'> = async (request, { broker }) => {
  const pattern = patternOf(request.transactionalIdPattern)
  if (pattern === undefined) return { ...nothing, errorCode: errorCodes.INVALID_REGULAR_EXPRESSION }
  const now = broker.transactions.now()
  const all = await broker.transactions.inspection.list()
  return {
    throttleTimeMs: 0,
    errorCode: errorCodes.NONE,
    unknownStateFilters: request.stateFilters.filter((state) => !known.includes(state)),
    transactionStates: all
      .filter((facts) => isAsked(facts, request, pattern, now))
      .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, transactionState: state })),
  }
}

const nothing = { throttleTimeMs: 0, unknownStateFilters: [], transactionStates: [] }

/** Null: every name. Undefined: it is none. */
function patternOf(text: string | null): NamePattern | null | undefined {
  if (text === null || text === '') return null
  try {
    return namePattern(text)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return undefined
  }
}

function isAsked(
  { transactionalId, producerId, state, lastStartedAt }: TransactionFacts,
  { stateFilters, producerIdFilters, durationFilter }: RequestOf<'listTransactions'>,
  pattern: NamePattern | null,
  now: number,
): boolean {
  return (
    (stateFilters.length === 0 || stateFilters.includes(state)) &&
    (producerIdFilters.length === 0 || producerIdFilters.includes(producerId)) &&
    // As Kafka does: also of a transaction that is complete, and before the first.
    (durationFilter < 0 || now - (lastStartedAt ?? -1) > durationFilter) &&
    (pattern === null || pattern.matches(transactionalId))
  )
}
