import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'

/** What consumers refuse, the same at every end of a log. */
export function closedError(): Error {
  return coreError('CLOSED', { what: 'the consumer is closed' })
}

export function isOfRebalance(error: unknown): boolean {
  if (!(error instanceof MillraceError)) return false
  return ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(error.code)
}

/** @throws INVALID_OPTION */
export function checkTopics(topics: unknown): void {
  if (topics instanceof RegExp) return
  if (Array.isArray(topics) && topics.length > 0 && topics.every((topic) => typeof topic === 'string')) return
  throw coreError('INVALID_OPTION', {
    what: 'this cannot be subscribed to',
    where: 'topics',
    expected: 'names of topics, or a regular expression',
    received: typeof topics,
  })
}

export function conflict(now: string, before: string): Error {
  return coreError('SUBSCRIPTION_CONFLICT', { what: `${now} after ${before}` })
}

export function checkedOffset(where: string, offset: number): number {
  if (Number.isSafeInteger(offset) && offset >= 0) return offset
  throw coreError('NUMBER_OUT_OF_RANGE', { what: 'the offset is not valid', where, received: offset })
}

export function unknownPlace(where: string, received: unknown): Error {
  const expected = 'an offset, earliest or latest'
  return coreError('INVALID_OPTION', {
    what: 'a place to start from cannot be named so',
    where,
    expected,
    received: String(received),
  })
}

/** How long it takes until the group is asked again, while a transaction may still change what it has committed. */
export const unstableWaitMs: number = 100

export function noStart(where: string): Error {
  return coreError('NO_OFFSET', {
    what: 'nothing says where to start',
    where,
    expected: 'an offset, a committed one, or a reset policy',
  })
}

/** @throws INVALID_OPTION */
export function groupOf(group: string | null, purpose: string): string {
  if (group !== null) return group
  const what = `a consumer without a group cannot ${purpose}`
  throw coreError('INVALID_OPTION', { what, where: 'group', expected: 'the name of a group' })
}
