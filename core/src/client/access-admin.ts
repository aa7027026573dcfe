import type { AccessRule, AccessRuleFilter } from '../base/access-rule.ts'

/** Access rules: who may do what with which resource, in Kafka's model. They bind clients of a server that has an authorizer. */
export interface AccessAdmin {
  /** All or none; rules that are there already stay. @throws INVALID_OPTION, POLICY_VIOLATION when there are too many */
  addAccessRules(rules: readonly AccessRule[]): Promise<void>
  /** Removes the rules that any of the filters matches, and resolves to them. @throws INVALID_OPTION */
  removeAccessRules(filters: readonly AccessRuleFilter[]): Promise<readonly AccessRule[]>
  /** Those that the filter matches; without one, all. @throws INVALID_OPTION */
  listAccessRules(filter?: AccessRuleFilter): Promise<readonly AccessRule[]>
}
