import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { embeddedLog } from '../open/embedded-log.ts'
import { serveLog } from '../open/serve-log.ts'
import { millrace, type Outcome } from './millrace.fixtures.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-acls-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function run(line: string): Promise<Outcome> {
  return millrace(...line.split(' '), '--dir', folder)
}

async function listed(flags = ''): Promise<readonly string[]> {
  const { code, out } = await run(`acls list --json${flags}`)
  expect(code).toBe(0)
  const rows = JSON.parse(out) as readonly Record<string, string>[]
  return rows.map((row) => Object.values(row).join(' '))
}

test('rules are added, shown and removed', async () => {
  expect(
    await run(
      'acls add --allow-principal User:Bob --allow-host 198.51.100.0 --operation Read --operation DESCRIBE_CONFIGS --topic t',
    ),
  ).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^RESOURCE-TYPE +NAME +PATTERN +PERMISSION +PRINCIPAL +OPERATION +HOST\ntopic +t +literal +allow +User:Bob +read +198/,
    ),
  })
  await run('acls --add --deny-principal User:* --topic t --resource-pattern-type prefixed')
  expect(await listed()).toEqual([
    'topic t literal allow User:Bob describeConfigs 198.51.100.0',
    'topic t literal allow User:Bob read 198.51.100.0',
    'topic t prefixed deny User:* all *',
  ])
  expect(await listed(' --topic t --resource-pattern-type prefixed')).toHaveLength(1)
  expect(await listed(' --topic t')).toHaveLength(2)
  expect(await listed(' --topic tt --resource-pattern-type match')).toHaveLength(1)
  expect(await listed(' --principal User:* --principal User:Jane')).toHaveLength(1)
  await run('acls remove --allow-principal User:Bob --allow-host 198.51.100.0 --operation read --topic t --force')
  expect(await listed()).toHaveLength(2)
  await run('acls remove --topic t --resource-pattern-type any')
  expect(await listed()).toEqual([])
  expect(await run('acls remove --topic t')).toMatchObject({ code: 0, err: 'no rule is so: nothing is removed' })
})

test('a producer and a consumer get what they need, and lose it in the same words', async () => {
  const producer = '--allow-principal User:P --producer --topic t --transactional-id tx --idempotent'
  const consumer = '--allow-principal User:C --consumer --topic t --group g'
  await run(`acls add ${producer}`)
  await run(`acls add ${consumer}`)
  expect(await listed()).toEqual([
    'cluster kafka-cluster literal allow User:P idempotentWrite *',
    'group g literal allow User:C read *',
    'topic t literal allow User:C describe *',
    'topic t literal allow User:C read *',
    'topic t literal allow User:P create *',
    'topic t literal allow User:P describe *',
    'topic t literal allow User:P write *',
    'transactionalId tx literal allow User:P describe *',
    'transactionalId tx literal allow User:P write *',
  ])
  await run(`acls remove ${producer}`)
  expect(await listed()).toHaveLength(3)
  await run(`acls remove ${consumer}`)
  expect(await listed()).toEqual([])
})

test('the same works on a server, by who may change its rules', async () => {
  await using log = await embeddedLog({ dir: folder, durability: 'os' })
  await using served = await serveLog(log, { listeners: [{ port: 0 }], authorization: {} })
  const there = (line: string): Promise<Outcome> =>
    millrace(...line.split(' '), '--bootstrap-server', `127.0.0.1:${served.places[0]!.port}`)
  const add = 'acls add --allow-principal User:Bob --operation Read --topic t'
  expect(await there(add)).toMatchObject({ code: 1, err: expect.stringMatching(/AUTHORI[SZ]/i) })
  const rule = { patternType: 'literal', principal: 'User:ANONYMOUS', host: '*', permission: 'allow' } as const
  await log.admin.addAccessRules([{ ...rule, resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'alter' }])
  expect(await there(add)).toMatchObject({ code: 0 })
  const list = await there('acls list --topic t --json')
  expect(JSON.parse(list.out)).toEqual([
    {
      resourceType: 'topic',
      name: 't',
      pattern: 'literal',
      permission: 'allow',
      principal: 'User:Bob',
      operation: 'read',
      host: '*',
    },
  ])
  expect(await there('acls remove --topic t')).toMatchObject({ code: 0, out: expect.stringContaining('User:Bob') })
  expect(await log.admin.listAccessRules({ resourceType: 'topic' })).toEqual([])
})

test.each([
  ['acls add --topic t', '--allow-principal or --deny-principal is missing'],
  ['acls add --allow-principal User:a', '--topic, --group, --transactional-id or --cluster is missing'],
  ['acls add --allow-principal alice --topic t', 'a principal is a type and a name, User:alice, not alice'],
  ['acls add --allow-principal User:a --topic t --operation Raed', 'did you mean Read?'],
  ['acls add --allow-principal User:a --group g --operation Write', 'with a group there is no operation Write'],
  ['acls add --allow-principal User:a --topic t --producer --operation Read', 'they go without --operation'],
  ['acls add --allow-principal User:a --topic t --consumer', '--group is missing'],
  ['acls add --allow-principal User:a --topic t --idempotent', '--idempotent goes with --producer'],
  ['acls add --allow-principal User:a --deny-host 1.1.1.1 --topic t', '--deny-host goes with --deny-principal'],
  ['acls add --allow-principal User:a --topic t --resource-pattern-type match', 'takes literal or prefixed, not match'],
  ['acls remove --allow-principal User:a', '--topic, --group, --transactional-id or --cluster is missing'],
])('%s is called wrongly', async (line, message) => {
  expect(await run(line)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
})
