import { ruleOf } from '../access-rule-codes.ts'
import type { Handler } from '../handler.ts'
import { noAuthorizer } from '../no-authorizer.ts'
import { accepted, outcomeOf } from '../refusal.ts'

/** Makes access rules, durably; each for itself: one that cannot be keeps no other from being made. */
export const answerCreateAcls: Handler<'createAcls'> = async ({ creations }, { broker, access }) => {
  if (!access.isEnforced) return { throttleTimeMs: 0, results: creations.map(() => noAuthorizer) }
  const checked = await Promise.all(creations.map((creation) => outcomeOf(() => broker.access.check(ruleOf(creation)))))
  const rules = creations.filter((_, index) => checked[index] === accepted).map(ruleOf)
  const outcome = await outcomeOf(() => broker.access.add(rules))
  return { throttleTimeMs: 0, results: checked.map((one) => (one === accepted ? outcome : one)) }
}
