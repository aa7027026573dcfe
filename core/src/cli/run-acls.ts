import type { AccessRule, AccessRuleFilter } from '../base/access-rule.ts'
import { filtersOf, patternsOf, principalOf, rulesOf, type ResourceFlags, type RuleFlags } from './acl-rules.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { printRows, type Row } from './print-rows.ts'
import { withLog, type Place } from './with-log.ts'

interface ListValues extends Place, ResourceFlags {
  readonly principal: readonly string[]
  readonly json: boolean
}

export function listAcls(values: ListValues, context: CommandContext): Promise<ExitCode> {
  const patterns = patternsOf(values)
  const principals = values.principal.map(principalOf)
  const filters: readonly AccessRuleFilter[] = patterns.length === 0 ? [{}] : patterns
  return withLog(values, context, async ({ admin }) => {
    const found = await Promise.all(filters.map((filter) => admin.listAccessRules(filter)))
    const wanted = [...new Set(found.flat())].filter(({ principal }) => principals.length === 0 || principals.includes(principal))
    printRows(wanted.map(rowOf).sort(byText), values.json, context.out)
  })
}

interface ChangeValues extends Place, RuleFlags {
  readonly json: boolean
}

export function addAcls(values: ChangeValues, context: CommandContext): Promise<ExitCode> {
  const rules = rulesOf(values)
  return withLog(values, context, async ({ admin }) => {
    await admin.addAccessRules(rules)
    printRows(rules.map(rowOf), values.json, context.out)
  })
}

export function removeAcls(values: ChangeValues, context: CommandContext): Promise<ExitCode> {
  const filters = filtersOf(values)
  return withLog(values, context, async ({ admin }) => {
    const removed = await admin.removeAccessRules(filters)
    printRows(removed.map(rowOf).sort(byText), values.json, context.out)
    if (removed.length === 0) context.err('no rule is so: nothing is removed')
  })
}

function rowOf({ resourceType, resourceName, patternType, principal, host, operation, permission }: AccessRule): Row {
  return { resourceType, name: resourceName, pattern: patternType, permission, principal, operation, host }
}

function byText(a: Row, b: Row): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
