import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterName, type AccessRule, type Operation, type ResourceType } from '../base/access-rule.ts'
import type { TopicId } from '../base/ids.ts'
import type { LogClient } from '../client/log-client.ts'
import { apiNames, type ApiName, type ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { guards } from '../server/guards.ts'
import { handlers } from '../server/handlers.ts'
import { accessCases, type AccessCase, type Need } from './access-cases.fixtures.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

const everyone = 'User:ANONYMOUS'
const authorizationErrors: readonly number[] = [
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
  errorCodes.GROUP_AUTHORIZATION_FAILED,
  errorCodes.CLUSTER_AUTHORIZATION_FAILED,
  errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
]

function ruleOf([resourceType, resourceName, operation]: Need, permission: AccessRule['permission'] = 'allow'): AccessRule {
  return { resourceType, resourceName, patternType: 'literal', principal: everyone, host: '*', operation, permission }
}

/** The same for something else of the name or of the type. */
function elsewhere(need: Need): AccessRule {
  const rule = ruleOf(need)
  return need[0] === 'cluster' ? { ...rule, resourceType: 'user' } : { ...rule, resourceName: 'elsewhere' }
}

function codesIn(value: unknown, name = ''): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return /errorCode$/i.test(name) ? [value] : []
  return Object.entries(value).flatMap(([key, one]) => codesIn(one, Array.isArray(value) ? name : key))
}

function isRefusedByCode(response: unknown): boolean {
  return codesIn(response).some((code) => authorizationErrors.includes(code as number))
}

/** A topic, a group and a transactional id that are there, whatever was deleted before. */
async function prepare(log: LogClient): Promise<TopicId> {
  if ((await log.admin.describeTopics(['t']))[0] === null) await log.admin.createTopics([{ topic: 't', partitions: 1 }])
  await log.admin.alterGroupOffsets('g', [{ topic: 't', partition: 0, offset: 0 }])
  await log.admin.fenceProducers(['tx'])
  const [described] = await log.admin.describeTopics(['t'])
  return described!.topicId
}

async function withRules<T>(log: LogClient, rules: readonly AccessRule[], work: () => Promise<T>): Promise<T> {
  await log.admin.addAccessRules(rules)
  try {
    return await work()
  } finally {
    await log.admin.removeAccessRules([{}])
  }
}

async function isRefused<Name extends ApiName>(
  client: WireClient,
  name: Name,
  one: AccessCase<Name>,
  topicId: TopicId,
): Promise<boolean> {
  const response: ResponseOf<Name> = await client.ask(name, one.request(topicId), one.version)
  return (one.isRefused ?? isRefusedByCode)(response)
}

async function check<Name extends ApiName>({ client, log }: OneServer, name: Name, one: AccessCase<Name>): Promise<void> {
  const topicId = await prepare(log)
  const all = one.needs.map((need) => ruleOf(need))
  const refusedWith = (rules: readonly AccessRule[]): Promise<boolean> =>
    withRules(log, rules, () => isRefused(client, name, one, topicId))
  expect(await refusedWith([]), 'no rule').toBe(true)
  for (const [index, need] of one.needs.entries()) {
    const others = all.filter((_, at) => at !== index)
    if (others.length > 0) expect(await refusedWith(others), `without ${need.join(' ')}`).toBe(true)
    expect(await refusedWith([...others, elsewhere(need)]), `${need.join(' ')} elsewhere`).toBe(true)
    expect(await refusedWith([...all, ruleOf(need, 'deny')]), `${need.join(' ')} denied`).toBe(true)
  }
  expect(await refusedWith(all), 'all rules').toBe(false)
}

interface OneServer {
  readonly client: WireClient
  readonly log: LogClient
}

test('SEC-10: every API has its rules, and a case for each', () => {
  expect(Object.keys(guards).sort()).toEqual([...apiNames].sort())
  expect(Object.keys(accessCases).sort()).toEqual([...apiNames].sort())
  for (const name of apiNames) expect([name, accessCases[name] === 'open']).toEqual([name, guards[name] === 'open'])
})

describe('SEC-10: one server with rules', () => {
  let server: OneServer
  let end: () => void
  let ended: Promise<void>

  beforeAll(async () => {
    const opened = Promise.withResolvers<OneServer>()
    const closing = Promise.withResolvers<void>()
    end = closing.resolve
    ended = onTheWire(
      (client, log) => {
        opened.resolve({ client, log })
        return closing.promise
      },
      { authorization: {} },
    )
    server = await opened.promise
  })

  afterAll(() => {
    end()
    return ended
  })

  /** Those that are served. */
  function casesOf<Name extends ApiName>(name: Name): (readonly [Name, string, () => Promise<void>])[] {
    const list: 'open' | readonly AccessCase<Name>[] = accessCases[name]
    if (list === 'open' || handlers[name] === undefined) return []
    return list.map((one) => [name, one.needs.map((need) => need.join(' ')).join(', '), () => check(server, name, one)])
  }

  test.each(apiNames.flatMap((name) => casesOf(name)))('SEC-10: %s needs %s', (_name, _needs, run) => run())
})

/** Whoever reads commits offsets and is in groups, too. */
const reading: readonly Operation[] = ['read', 'describe', 'describeConfigs']

test('SEC-12: who may read everything changes nothing', () =>
  onTheWire(
    async (client, log) => {
      const topicId = await prepare(log)
      const types: readonly ResourceType[] = ['topic', 'group', 'transactionalId', 'cluster']
      const everything = types.flatMap((type) =>
        reading.map((operation) => ruleOf([type, type === 'cluster' ? clusterName : '*', operation])),
      )
      await log.admin.addAccessRules(everything)
      const before = await log.admin.listAccessRules()
      const refused = async <Name extends ApiName>(name: Name): Promise<void> => {
        const list: 'open' | readonly AccessCase<Name>[] = accessCases[name]
        const changing = list === 'open' ? [] : list.filter(({ needs }) => needs.some((need) => !reading.includes(need[2])))
        for (const one of changing) expect([name, await isRefused(client, name, one, topicId)]).toEqual([name, true])
      }
      for (const name of apiNames) if (handlers[name] !== undefined) await refused(name)
      expect(await log.admin.listAccessRules()).toEqual(before)
      expect(await log.admin.describeTopics(['t'])).toMatchObject([{ topicId, partitions: 1 }])
    },
    { authorization: {} },
  ))

test('SEC-10: without an authorizer there are no rules to hold to', () =>
  onTheWire(async (client, log) => {
    const topicId = await prepare(log)
    await log.admin.addAccessRules([ruleOf(['topic', 't', 'all'], 'deny')])
    for (const one of accessCases.listOffsets as readonly AccessCase<'listOffsets'>[])
      expect(await isRefused(client, 'listOffsets', one, topicId)).toBe(false)
  }))

test('SEC-10: a super user needs no rule, and no rule stops them', () =>
  onTheWire(
    async (client, log) => {
      const topicId = await prepare(log)
      await log.admin.addAccessRules([ruleOf(['topic', '*', 'all'], 'deny')])
      for (const one of accessCases.produce as readonly AccessCase<'produce'>[])
        expect(await isRefused(client, 'produce', one, topicId)).toBe(false)
    },
    { authorization: { superUsers: [everyone] } },
  ))

test('SEC-10: what no rule is about may be open to all', () =>
  onTheWire(
    async (client, log) => {
      const topicId = await prepare(log)
      const refused = async (): Promise<boolean> => {
        const [one] = accessCases.listOffsets as readonly AccessCase<'listOffsets'>[]
        return isRefused(client, 'listOffsets', one!, topicId)
      }
      expect(await refused()).toBe(false)
      await log.admin.addAccessRules([{ ...ruleOf(['topic', 't', 'write']), principal: 'User:other' }])
      expect(await refused()).toBe(true)
    },
    { authorization: { allowIfNoRule: true } },
  ))

test('SEC-10: rules with prefixes and hosts hold on the wire', () =>
  onTheWire(
    async (client, log) => {
      const topicId = await prepare(log)
      const [one] = accessCases.listOffsets as readonly AccessCase<'listOffsets'>[]
      const rule = ruleOf(['topic', 't', 'read'])
      const tried: readonly (readonly [AccessRule, boolean])[] = [
        [{ ...rule, patternType: 'prefixed' }, false],
        [{ ...rule, resourceName: 'tt', patternType: 'prefixed' }, true],
        [{ ...rule, resourceName: '*' }, false],
        [{ ...rule, host: '127.0.0.1' }, false],
        [{ ...rule, host: '127.0.0.2' }, true],
        [{ ...rule, principal: 'User:*' }, false],
        [{ ...rule, principal: 'User:other' }, true],
      ]
      for (const [tested, expected] of tried)
        expect(
          await withRules(log, [tested], () => isRefused(client, 'listOffsets', one!, topicId)),
          JSON.stringify(tested),
        ).toBe(expected)
    },
    { authorization: {} },
  ))
