import {
  clusterName,
  operations,
  patternTypes,
  permissions,
  resourceTypes,
  wildcard,
  type AccessRule,
  type AccessRuleFilter,
  type Operation,
  type PatternType,
  type ResourceType,
} from '../base/access-rule.ts'
import { coreError } from '../base/error-catalogue.ts'

/**
 * Access rules, and what follows from them, as Kafka's StandardAuthorizer decides. A record of the metadata a rule, and all of it is in the key:
 *
 *   access-rule/[resourceType, patternType, resourceName, principal, host, operation, permission]   { v: 1 }     null: removed
 *
 * Invariants
 *   A1  A rule that denies wins over all that allow. What no rule speaks of is refused, except that a resource that no rule at all is
 *       about is `unruled`: the server's settings say what that means.
 *   A2  A decision looks at the rules of the name, of `*`, and of each prefix of the name that has rules; never at all rules.
 */
export type Decision = 'allowed' | 'refused' | 'unruled'

/** Who asks, from where. */
export interface Asker {
  /** `User:alice`. */
  readonly principal: string
  readonly host: string
}

/** The rules of one pattern, by principal. */
type OfPattern = Map<string, Map<string, AccessRule>>

interface OfType {
  readonly literal: Map<string, OfPattern>
  readonly prefixed: Map<string, OfPattern>
  /** How many prefixes there are of each length. */
  readonly counts: Map<number, number>
  /** Those lengths, the shortest first. */
  lengths: readonly number[]
}

const everybody = `User:${wildcard}`
const longestText = 1_000

/** What a permission to do one thing permits as well. A denial denies the one thing only. */
const implied: { readonly [Name in Operation]?: readonly Operation[] } = {
  read: ['describe'],
  write: ['describe'],
  delete: ['describe'],
  alter: ['describe'],
  alterConfigs: ['describeConfigs'],
}

export class AccessRules {
  private readonly byKey = new Map<string, AccessRule>()
  private readonly byType = new Map<ResourceType, OfType>()

  get size(): number {
    return this.byKey.size
  }

  has(rule: AccessRule): boolean {
    return this.byKey.has(keyOf(rule))
  }

  matching(filter: AccessRuleFilter): readonly AccessRule[] {
    return [...this.byKey.values()].filter((rule) => matches(rule, filter))
  }

  decide({ principal, host }: Asker, operation: Operation, resourceType: ResourceType, name: string): Decision {
    const rules = this.byType.get(resourceType)
    if (rules === undefined) return 'unruled'
    let decision: Decision = 'unruled'
    const consider = (pattern: OfPattern | undefined): boolean => {
      if (pattern === undefined) return false
      const judged = judge(pattern, principal, host, operation)
      if (decision !== 'allowed') decision = judged === 'allow' ? 'allowed' : 'refused'
      return judged === 'deny'
    }
    if (consider(rules.literal.get(name))) return 'refused'
    if (name !== wildcard && consider(rules.literal.get(wildcard))) return 'refused'
    for (const length of rules.lengths) {
      if (length > name.length) break
      if (consider(rules.prefixed.get(name.slice(0, length)))) return 'refused'
    }
    return decision
  }

  /** Whether there can be a resource of the type with which the asker may do it. `unruled`: only one that no rule is about. */
  decideAny(asker: Asker, operation: Operation, resourceType: ResourceType): Decision {
    const rules = this.byType.get(resourceType)
    if (rules === undefined) return 'unruled'
    const of = (pattern: OfPattern): Verdict => judge(pattern, asker.principal, asker.host, operation, sameOperation)
    const onAll = rules.literal.get(wildcard)
    const all = onAll === undefined ? null : of(onAll)
    if (all === 'deny') return 'refused'
    if (all === 'allow') return 'allowed'
    const denied = (name: string): boolean =>
      rules.lengths.some((length) => {
        const pattern = length > name.length ? undefined : rules.prefixed.get(name.slice(0, length))
        return pattern !== undefined && of(pattern) === 'deny'
      })
    for (const [name, pattern] of rules.literal) if (of(pattern) === 'allow' && !denied(name)) return 'allowed'
    for (const [prefix, pattern] of rules.prefixed) if (of(pattern) === 'allow' && !denied(prefix)) return 'allowed'
    return onAll === undefined ? 'unruled' : 'refused'
  }

  replay(key: string, value: string | null): void {
    const rule = ruleOf(key)
    if (value === null) this.remove(key, rule)
    else if (!this.byKey.has(key)) this.add(key, rule)
  }

  private add(key: string, rule: AccessRule): void {
    this.byKey.set(key, rule)
    const rules = ofKey(this.byType, rule.resourceType, newType)
    const { resourceName, patternType, principal } = rule
    if (patternType === 'prefixed' && !rules.prefixed.has(resourceName)) count(rules, resourceName.length, 1)
    const pattern = ofKey(rules[patternType], resourceName, (): OfPattern => new Map())
    ofKey(pattern, principal, () => new Map<string, AccessRule>()).set(key, rule)
  }

  private remove(key: string, { resourceType, patternType, resourceName, principal }: AccessRule): void {
    if (!this.byKey.delete(key)) return
    const rules = this.byType.get(resourceType)!
    const pattern = rules[patternType].get(resourceName)!
    const own = pattern.get(principal)!
    own.delete(key)
    if (own.size === 0) pattern.delete(principal)
    if (pattern.size > 0) return
    rules[patternType].delete(resourceName)
    if (patternType === 'prefixed') count(rules, resourceName.length, -1)
    if (rules.literal.size + rules.prefixed.size === 0) this.byType.delete(resourceType)
  }
}

function ofKey<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

function newType(): OfType {
  return { literal: new Map(), prefixed: new Map(), counts: new Map(), lengths: [] }
}

/** A prefix of the length has come or gone. */
function count(rules: OfType, length: number, by: 1 | -1): void {
  const before = rules.counts.get(length) ?? 0
  if (before + by === 0) rules.counts.delete(length)
  else rules.counts.set(length, before + by)
  if (before === 0 || before + by === 0) rules.lengths = [...rules.counts.keys()].sort((a, b) => a - b)
}

/** Null: no rule of the pattern speaks of it. */
type Verdict = 'allow' | 'deny' | null
type Speaks = (rule: AccessRule, operation: Operation) => boolean

function judge(pattern: OfPattern, principal: string, host: string, operation: Operation, speaks: Speaks = speaksOf): Verdict {
  const own = judgeOne(pattern.get(principal), host, operation, speaks)
  if (own === 'deny') return own
  return judgeOne(pattern.get(everybody), host, operation, speaks) ?? own
}

function judgeOne(
  rules: ReadonlyMap<string, AccessRule> | undefined,
  host: string,
  operation: Operation,
  speaks: Speaks,
): Verdict {
  if (rules === undefined) return null
  let verdict: Verdict = null
  for (const rule of rules.values()) {
    if ((rule.host !== wildcard && rule.host !== host) || !speaks(rule, operation)) continue
    if (rule.permission === 'deny') return 'deny'
    verdict = 'allow'
  }
  return verdict
}

function sameOperation(rule: AccessRule, operation: Operation): boolean {
  return rule.operation === operation || rule.operation === 'all'
}

function speaksOf(rule: AccessRule, operation: Operation): boolean {
  if (sameOperation(rule, operation)) return true
  return rule.permission === 'allow' && implied[rule.operation]?.includes(operation) === true
}

function matches(rule: AccessRule, filter: AccessRuleFilter): boolean {
  return (
    (filter.resourceType === undefined || filter.resourceType === rule.resourceType) &&
    (filter.principal === undefined || filter.principal === rule.principal) &&
    (filter.host === undefined || filter.host === rule.host) &&
    (filter.operation === undefined || filter.operation === rule.operation) &&
    (filter.permission === undefined || filter.permission === rule.permission) &&
    matchesPattern(rule, filter)
  )
}

function matchesPattern(rule: AccessRule, { resourceName, patternType }: AccessRuleFilter): boolean {
  if (patternType !== undefined && patternType !== 'match' && patternType !== rule.patternType) return false
  if (resourceName === undefined || resourceName === rule.resourceName) return true
  if (patternType !== 'match') return false
  return rule.patternType === 'prefixed' ? resourceName.startsWith(rule.resourceName) : rule.resourceName === wildcard
}

/** @throws INVALID_OPTION */
export function checkAccessRule(rule: AccessRule): void {
  const { resourceType, resourceName, principal, host } = rule
  const why =
    fieldFault(rule) ??
    (resourceName === ''
      ? 'the resource has no name'
      : resourceType === 'cluster' && resourceName !== clusterName
        ? `the only name of a cluster is ${clusterName}`
        : !/^[^:]+:./s.test(principal)
          ? 'a principal is a type and a name, User:alice'
          : host === ''
            ? 'the host is an address, or * for any'
            : [resourceName, principal, host].some(({ length }) => length > longestText)
              ? `no name is longer than ${longestText} characters`
              : null)
  if (why !== null)
    throw coreError('INVALID_OPTION', { what: `the access rule cannot be: ${why}`, where: resourceName.slice(0, 80) })
}

function fieldFault({ resourceType, patternType, operation, permission }: AccessRule): string | null {
  if (!Object.hasOwn(resourceTypes, resourceType)) return 'there is no such type of resources'
  if (!Object.hasOwn(patternTypes, patternType)) return 'a pattern is literal or prefixed'
  if (!Object.hasOwn(operations, operation)) return 'there is no such operation'
  return Object.hasOwn(permissions, permission) ? null : 'a rule allows or denies'
}

export const accessRulePrefix = 'access-rule/'

/** As the metadata have it. */
export function accessRuleRecord(rule: AccessRule, isThere: boolean): { readonly key: string; readonly value: string | null } {
  return { key: accessRulePrefix + keyOf(rule), value: isThere ? '{"v":1}' : null }
}

function keyOf({ resourceType, patternType, resourceName, principal, host, operation, permission }: AccessRule): string {
  return JSON.stringify([resourceType, patternType, resourceName, principal, host, operation, permission])
}

type KeyParts = readonly [ResourceType, PatternType, string, string, string, Operation, AccessRule['permission']]

/** @throws UNSUPPORTED_FORMAT: a rule that is not understood may deny, so it is never passed over */
function ruleOf(key: string): AccessRule {
  try {
    const [resourceType, patternType, resourceName, principal, host, operation, permission] = JSON.parse(key) as KeyParts
    const rule: AccessRule = { resourceType, resourceName, patternType, principal, host, operation, permission }
    checkAccessRule(rule)
    return rule
  } catch (error) {
    throw coreError('UNSUPPORTED_FORMAT', { what: 'an access rule is not understood', where: key.slice(0, 200), cause: error })
  }
}
