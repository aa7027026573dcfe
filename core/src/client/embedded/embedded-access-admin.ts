import type { AccessRule, AccessRuleFilter } from '../../base/access-rule.ts'
import { checkList } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type { AccessAdmin } from '../access-admin.ts'
import { readRule, readRuleFilter } from '../access-options.ts'

/** The access rules of the embedded log: kept here, and asked by a server on it. */
export class EmbeddedAccessAdmin implements AccessAdmin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
  }

  async addAccessRules(rules: readonly AccessRule[]): Promise<void> {
    this.broker.assertOpen()
    checkList('rules', rules)
    await this.broker.access.add(rules.map(readRule))
  }

  async removeAccessRules(filters: readonly AccessRuleFilter[]): Promise<readonly AccessRule[]> {
    this.broker.assertOpen()
    checkList('filters', filters)
    const removed = await this.broker.access.remove(filters.map(readRuleFilter))
    return [...new Set(removed.flat())]
  }

  async listAccessRules(filter: AccessRuleFilter = {}): Promise<readonly AccessRule[]> {
    this.broker.assertOpen()
    return this.broker.access.list(readRuleFilter(filter))
  }
}
