import type { Operation, ResourceType } from '../base/access-rule.ts'
import { principalText, type Principal } from '../base/principal.ts'
import type { Broker } from '../broker/broker.ts'
import type { Access } from './access.ts'

export interface AuthorizerOptions {
  /** `User:admin`: may do everything, whatever the rules say (super.users). */
  readonly superUsers: readonly string[]
  /** What holds for a resource that no rule at all is about (allow.everyone.if.no.acl.found). */
  readonly allowIfNoRule: boolean
}

/** Hears what is refused. */
export type OnRefused = (operation: Operation, resourceType: ResourceType, name: string) => void

/** Decides by the access rules of the log, as Kafka's StandardAuthorizer does. */
export class Authorizer {
  private readonly rules: Broker['access']
  private readonly superUsers: ReadonlySet<string>
  private readonly allowIfNoRule: boolean

  constructor(rules: Broker['access'], { superUsers, allowIfNoRule }: AuthorizerOptions) {
    this.rules = rules
    this.superUsers = new Set(superUsers)
    this.allowIfNoRule = allowIfNoRule
  }

  /** For one request: who sends it stays the same while it is answered. */
  accessOf(by: Principal, host: string, onRefused: OnRefused): Access {
    const principal = principalText(by)
    if (this.superUsers.has(principal)) return superAccess
    const asker = { principal, host: plainAddress(host) }
    const sees: Access['sees'] = (operation, resourceType, name) =>
      this.isAllowed(this.rules.decide(asker, operation, resourceType, name))
    return {
      isEnforced: true,
      sees,
      may: (operation, resourceType, name) => {
        if (sees(operation, resourceType, name)) return true
        onRefused(operation, resourceType, name)
        return false
      },
      maySome: (operation, resourceType) => this.isAllowed(this.rules.decideAny(asker, operation, resourceType)),
    }
  }

  private isAllowed(decision: ReturnType<Broker['access']['decide']>): boolean {
    return decision === 'allowed' || (decision === 'unruled' && this.allowIfNoRule)
  }
}

const superAccess: Access = Object.freeze({ isEnforced: true, may: () => true, sees: () => true, maySome: () => true })

/** A socket that listens to IPv6 as well names IPv4 addresses in the way of IPv6; rules name them as they are. */
export function plainAddress(host: string): string {
  return host.replace(/^::ffff:(?=\d+\.)/, '')
}
