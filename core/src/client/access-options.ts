import {
  operations,
  patternTypes,
  permissions,
  resourceTypes,
  type AccessRule,
  type AccessRuleFilter,
} from '../base/access-rule.ts'
import { isOneOf, isText, readOptions, type OptionRules } from '../base/options.ts'

function oneOf<Name extends string>(table: Readonly<Record<Name, number>>, ...more: readonly Name[]) {
  const names = [...(Object.keys(table) as Name[]), ...more]
  return { check: isOneOf(...names), expected: names.join(', ') }
}

const text = { check: isText, expected: 'a text that is not empty' }

const ruleRules: OptionRules<AccessRule> = {
  resourceType: oneOf(resourceTypes),
  resourceName: text,
  patternType: oneOf(patternTypes),
  principal: text,
  host: text,
  operation: oneOf(operations),
  permission: oneOf(permissions),
}

const filterRules: OptionRules<AccessRuleFilter> = {
  resourceType: { ...ruleRules.resourceType, default: undefined },
  resourceName: { ...text, default: undefined },
  patternType: { ...oneOf({ ...patternTypes, match: 2 }), default: undefined },
  principal: { ...text, default: undefined },
  host: { ...text, default: undefined },
  operation: { ...ruleRules.operation, default: undefined },
  permission: { ...ruleRules.permission, default: undefined },
}

/** @throws INVALID_OPTION, UNKNOWN_OPTION */
export function readRule(rule: AccessRule): AccessRule {
  return readOptions<AccessRule>('an access rule', rule, ruleRules)
}

/** @throws INVALID_OPTION, UNKNOWN_OPTION */
export function readRuleFilter(filter: AccessRuleFilter): AccessRuleFilter {
  return readOptions<AccessRuleFilter>('a filter of access rules', filter, filterRules)
}
