import type { AccessRule, AccessRuleFilter, Operation, ResourceType } from '../base/access-rule.ts'
import { coreError } from '../base/error-catalogue.ts'
import { accessRuleRecord, checkAccessRule, type Asker, type Decision } from '../coordinator/access-rules.ts'
import type { MetadataLog } from './metadata-log.ts'

/** Far more than anybody keeps apart; a client that may make rules is not to fill the memory with them. */
const mostRules = 100_000

/**
 * The access rules of the log: kept whether or not a server asks them.
 *
 * Invariants
 *   AC1  What `add` and `remove` tell of is durable; decisions follow in the same turn.
 */
export class AccessControl {
  private readonly metadata: MetadataLog

  constructor(metadata: MetadataLog) {
    this.metadata = metadata
  }

  /** Whether it can be one. @throws INVALID_OPTION */
  check(rule: AccessRule): void {
    checkAccessRule(rule)
  }

  /** All or none; those that are there already stay. @throws INVALID_OPTION; POLICY_VIOLATION when there are too many */
  async add(rules: readonly AccessRule[]): Promise<void> {
    rules.forEach(checkAccessRule)
    await this.metadata.change(({ accessRules }) => {
      const fresh = rules.filter((rule) => !accessRules.has(rule))
      if (accessRules.size + fresh.length > mostRules)
        throw coreError('POLICY_VIOLATION', { what: 'there are too many access rules', expected: `at most ${mostRules}` })
      return fresh.map((rule) => accessRuleRecord(rule, true))
    })
  }

  /** Those that each filter matches, in the order of the filters; a rule that several match is named for each. */
  async remove(filters: readonly AccessRuleFilter[]): Promise<readonly (readonly AccessRule[])[]> {
    let matching: readonly (readonly AccessRule[])[] = []
    await this.metadata.change(({ accessRules }) => {
      matching = filters.map((filter) => accessRules.matching(filter))
      return [...new Set(matching.flat())].map((rule) => accessRuleRecord(rule, false))
    })
    return matching
  }

  list(filter: AccessRuleFilter): Promise<readonly AccessRule[]> {
    return this.metadata.answer(({ accessRules }) => accessRules.matching(filter))
  }

  decide(asker: Asker, operation: Operation, resourceType: ResourceType, name: string): Decision {
    return this.metadata.view.accessRules.decide(asker, operation, resourceType, name)
  }

  /** See `AccessRules.decideAny`. */
  decideAny(asker: Asker, operation: Operation, resourceType: ResourceType): Decision {
    return this.metadata.view.accessRules.decideAny(asker, operation, resourceType)
  }
}
