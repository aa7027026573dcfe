import { codesOf, filterOf } from '../access-rule-codes.ts'
import type { Handler } from '../handler.ts'
import { noAuthorizer } from '../no-authorizer.ts'
import { accepted, refusalOf } from '../refusal.ts'

/** The access rules that a filter matches, by what they are about. */
export const answerDescribeAcls: Handler<'describeAcls'> = async (request, { broker, access }) => {
  if (!access.isEnforced) return { throttleTimeMs: 0, ...noAuthorizer, resources: [] }
  try {
    const rules = (await broker.access.list(filterOf(request))).map(codesOf)
    const byResource = Map.groupBy(rules, (rule) => JSON.stringify([rule.resourceType, rule.patternType, rule.resourceName]))
    const resources = [...byResource.values()].map(([first, ...more]) => {
      const { resourceType, resourceName, patternType } = first!
      return { resourceType, resourceName, patternType, acls: [first!, ...more] }
    })
    return { throttleTimeMs: 0, ...accepted, resources }
  } catch (error) {
    return { throttleTimeMs: 0, ...refusalOf(error), resources: [] }
  }
}
