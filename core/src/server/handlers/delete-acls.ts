import type { AccessRule, AccessRuleFilter } from '../../base/access-rule.ts'
import { codesOf, filterOf } from '../access-rule-codes.ts'
import type { Handler } from '../handler.ts'
import { noAuthorizer } from '../no-authorizer.ts'
import { accepted, outcomeOf } from '../refusal.ts'

/** Removes the access rules that filters match, all in one step; a filter that makes no sense is refused alone. */
export const answerDeleteAcls: Handler<'deleteAcls'> = async ({ filters }, { broker, access }) => {
  if (!access.isEnforced) return { throttleTimeMs: 0, filterResults: filters.map(() => ({ ...noAuthorizer, matchingAcls: [] })) }
  const read = new Map<number, AccessRuleFilter>()
  const checked = await Promise.all(filters.map((filter, index) => outcomeOf(() => void read.set(index, filterOf(filter)))))
  const removed = new Map<number, readonly AccessRule[]>()
  const outcome = await outcomeOf(async () => {
    const found = await broker.access.remove([...read.values()])
    for (const [at, index] of [...read.keys()].entries()) removed.set(index, found[at]!)
  })
  const filterResults = checked.map((one, index) => ({
    ...(one === accepted ? outcome : one),
    matchingAcls: (removed.get(index) ?? []).map((rule) => ({ ...accepted, ...codesOf(rule) })),
  }))
  return { throttleTimeMs: 0, filterResults }
}
