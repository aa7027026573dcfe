import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import type { AccessRule, AccessRuleFilter, Operation, ResourceType } from '../base/access-rule.ts'
import { accessRuleRecord, accessRulePrefix, AccessRules, checkAccessRule, type Asker, type Decision } from './access-rules.ts'

const types = ['topic', 'group'] as const
const names = ['a', 'ab', 'abc', 'b', '*'] as const
const asked: readonly Operation[] = ['read', 'describe', 'alterConfigs', 'describeConfigs']

const anyRule: fc.Arbitrary<AccessRule> = fc.record({
  resourceType: fc.constantFrom(...types),
  resourceName: fc.constantFrom(...names),
  patternType: fc.constantFrom('literal', 'prefixed'),
  principal: fc.constantFrom('User:x', 'User:y', 'User:*'),
  host: fc.constantFrom('*', '1.1.1.1'),
  operation: fc.constantFrom('all', ...asked),
  permission: fc.constantFrom('allow', 'allow', 'deny'),
})
const anyStep = fc.record({ rule: anyRule, isThere: fc.boolean() })
const anyFilter: fc.Arbitrary<AccessRuleFilter> = fc.record(
  {
    resourceType: fc.constantFrom(...types),
    resourceName: fc.constantFrom(...names, 'abcd'),
    patternType: fc.constantFrom('literal', 'prefixed', 'match'),
    principal: fc.constantFrom('User:x', 'User:*'),
    host: fc.constantFrom('*', '1.1.1.1'),
    operation: fc.constantFrom('all', 'read'),
    permission: fc.constantFrom('allow', 'deny'),
  },
  { requiredKeys: [] },
)

function change(rules: AccessRules, rule: AccessRule, isThere: boolean): void {
  const { key, value } = accessRuleRecord(rule, isThere)
  rules.replay(key.slice(accessRulePrefix.length), value)
}

/** The same by the words of Kafka's documentation, over a plain list. */
function covers({ patternType, resourceName }: AccessRule, name: string): boolean {
  return patternType === 'prefixed' ? name.startsWith(resourceName) : resourceName === name || resourceName === '*'
}

function isMeant(rule: AccessRule, { principal, host }: Asker): boolean {
  return [principal, 'User:*'].includes(rule.principal) && ['*', host].includes(rule.host)
}

function naive(list: readonly AccessRule[], asker: Asker, operation: Operation, type: ResourceType, name: string): Decision {
  const about = list.filter((rule) => rule.resourceType === type && covers(rule, name))
  const own = about.filter((rule) => isMeant(rule, asker))
  const enough: Partial<Record<Operation, readonly Operation[]>> = {
    describe: ['read', 'write', 'delete', 'alter'],
    describeConfigs: ['alterConfigs'],
  }
  const says = ({ operation: ruled }: AccessRule): boolean => ruled === 'all' || ruled === operation
  if (own.some((rule) => rule.permission === 'deny' && says(rule))) return 'refused'
  const allows = own.filter(({ permission }) => permission === 'allow')
  if (allows.some((rule) => says(rule) || enough[operation]?.includes(rule.operation))) return 'allowed'
  return about.length === 0 ? 'unruled' : 'refused'
}

const askers: readonly Asker[] = ['User:x', 'User:y', 'User:z'].flatMap((principal) =>
  ['1.1.1.1', '2.2.2.2'].map((host) => ({ principal, host })),
)

property.prop([fc.array(anyStep, { maxLength: 14 })])('decides as a plain list of the rules that are there would', (steps) => {
  const rules = new AccessRules()
  const list = new Map<string, AccessRule>()
  for (const { rule, isThere } of steps) {
    change(rules, rule, isThere)
    if (isThere) list.set(JSON.stringify(rule), rule)
    else list.delete(JSON.stringify(rule))
  }
  expect(rules.size).toBe(list.size)
  for (const asker of askers)
    for (const operation of asked)
      for (const type of types)
        for (const name of [...names, 'abcd', 'c']) {
          const expected = naive([...list.values()], asker, operation, type, name)
          expect([asker, operation, type, name, rules.decide(asker, operation, type, name)]).toEqual([
            asker,
            operation,
            type,
            name,
            expected,
          ])
        }
})

property.prop([fc.array(anyRule, { maxLength: 10 }), anyFilter])('finds the rules that a filter means', (list, filter) => {
  const rules = new AccessRules()
  for (const rule of list) change(rules, rule, true)
  const { resourceName: name, patternType: pattern, ...same } = filter
  const expected = list.filter((rule) => {
    const isSame = Object.entries(same).every(([field, value]) => rule[field as keyof AccessRule] === value)
    if (!isSame || (pattern !== undefined && pattern !== 'match' && pattern !== rule.patternType)) return false
    if (name === undefined || name === rule.resourceName) return true
    return pattern === 'match' && covers(rule, name)
  })
  expect(new Set(rules.matching(filter))).toEqual(new Set(expected))
})

/** Whether one of these names could be used is what an asker may do with any. Names beyond the rules' own stand for all others. */
property.prop([fc.array(anyRule, { maxLength: 8 })])('what may be done with any resource may be done with one', (list) => {
  const rules = new AccessRules()
  for (const rule of list) change(rules, rule, true)
  const candidates = [...names, 'abcd', 'c', 'aZ', 'abZ', 'bZ', '*Z'].filter((name) => name !== '*')
  for (const asker of askers) {
    const any = rules.decideAny(asker, 'read', 'topic')
    if (any !== 'allowed') continue
    expect(candidates.some((name) => rules.decide(asker, 'read', 'topic', name) === 'allowed')).toBe(true)
  }
})

const rule: AccessRule = {
  resourceType: 'topic',
  resourceName: 't',
  patternType: 'literal',
  principal: 'User:x',
  host: '*',
  operation: 'read',
  permission: 'allow',
}

test.each<readonly [string, Partial<Record<keyof AccessRule, string>>]>([
  ['no name', { resourceName: '' }],
  ['another cluster', { resourceType: 'cluster', resourceName: 'c' }],
  ['a principal without a type', { principal: 'x' }],
  ['a principal without a name', { principal: 'User:' }],
  ['no host', { host: '' }],
  ['a long name', { resourceName: 'x'.repeat(1_001) }],
  ['a filter as a pattern', { patternType: 'match' }],
  ['any operation', { operation: 'any' }],
  ['a property of all objects', { operation: 'constructor' }],
  ['an unknown type', { resourceType: '__proto__' }],
  ['neither allowed nor denied', { permission: 'any' }],
])('refuses a rule with %s', (_, fault) => {
  expect(() => checkAccessRule({ ...rule, ...fault } as AccessRule)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test.each(['', '[]', '{}', 'null', '["topic","literal","t","User:x","*","dance","deny"]'])(
  'the key %j of the metadata is not passed over',
  (key) => {
    expect(() => new AccessRules().replay(key, '{"v":1}')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }))
  },
)

test('many rules cost a decision no more than those of its name', () => {
  const rules = new AccessRules()
  for (let index = 0; index < 20_000; index++) {
    change(rules, { ...rule, resourceName: `t${index}` }, true)
    change(rules, { ...rule, resourceName: `elsewhere${index}`, patternType: 'prefixed' }, true)
  }
  change(rules, { ...rule, resourceName: 't1', patternType: 'prefixed', permission: 'deny' }, true)
  const asker = { principal: 'User:x', host: 'h' }
  expect(rules.decide(asker, 'read', 'topic', 't2')).toBe('allowed')
  expect(rules.decide(asker, 'read', 'topic', 't19')).toBe('refused')
  expect(rules.decide(asker, 'read', 'topic', 'u')).toBe('unruled')
})
