import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AccessRule } from '../base/access-rule.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { embeddedLog } from './embedded-log.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'

const asSuperUser = { authorization: { superUsers: ['User:ANONYMOUS'] } }

const onTopic = {
  resourceType: 2,
  resourceName: 't',
  resourcePatternType: 3,
  principal: 'User:alice',
  host: '*',
  operation: 3,
  permissionType: 3,
}
const all = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}

test.each([1, 3])('version %i makes rules, shows them by resource, and removes what a filter matches', (version) =>
  onTheWire(async (client, log) => {
    const creations = [
      onTopic,
      { ...onTopic, operation: 4, permissionType: 2 },
      { ...onTopic, resourcePatternType: 4, resourceName: 'te' },
      { ...onTopic, resourceType: 5, resourceName: '*', host: '10.0.0.1' },
    ]
    const none = { errorCode: 0, errorMessage: null }
    expect((await client.ask('createAcls', { creations }, version)).results).toEqual([none, none, none, none])
    expect((await client.ask('createAcls', { creations: [onTopic] }, version)).results).toEqual([none])
    const { resources } = await client.ask('describeAcls', all, version)
    const acl = { principal: 'User:alice', host: '*', operation: 3, permissionType: 3 }
    expect(resources).toEqual([
      { resourceType: 2, resourceName: 't', patternType: 3, acls: [acl, { ...acl, operation: 4, permissionType: 2 }] },
      { resourceType: 2, resourceName: 'te', patternType: 4, acls: [acl] },
      { resourceType: 5, resourceName: '*', patternType: 3, acls: [{ ...acl, host: '10.0.0.1' }] },
    ])
    const matching = { ...all, resourceTypeFilter: 2, resourceNameFilter: 'test', patternTypeFilter: 2 }
    expect((await client.ask('describeAcls', matching, version)).resources).toEqual([resources[1]])
    const deleted = await client.ask('deleteAcls', { filters: [matching, { ...all, operation: 4 }] }, version)
    expect(deleted.filterResults.map(({ errorCode, matchingAcls }) => [errorCode, matchingAcls.length])).toEqual([
      [0, 1],
      [0, 1],
    ])
    expect(await log.admin.listAccessRules()).toMatchObject([
      { resourceType: 'topic', resourceName: 't', operation: 'read', permission: 'allow' },
      { resourceType: 'transactionalId', resourceName: '*' },
    ])
  }, asSuperUser),
)

test('what cannot be a rule is refused alone', () =>
  onTheWire(async (client, log) => {
    const { INVALID_REQUEST } = errorCodes
    const wrong = [
      { resourceType: 0 },
      { resourceType: 1 },
      { resourceType: 99 },
      { resourcePatternType: 1 },
      { resourcePatternType: 2 },
      { operation: 1 },
      { operation: -3 },
      { permissionType: 1 },
      { resourceName: '' },
      { resourceType: 4, resourceName: 'another' },
      { principal: 'alice' },
      { host: '' },
    ]
    const creations = [...wrong.map((one) => ({ ...onTopic, ...one })), onTopic]
    const { results } = await client.ask('createAcls', { creations })
    expect(results.map(({ errorCode }) => errorCode)).toEqual([...wrong.map(() => INVALID_REQUEST), 0])
    expect(await log.admin.listAccessRules()).toHaveLength(1)
    for (const filter of [{ resourceTypeFilter: 0 }, { patternTypeFilter: 0 }, { operation: 77 }, { permissionType: 0 }]) {
      expect(await client.ask('describeAcls', { ...all, ...filter })).toMatchObject({ errorCode: INVALID_REQUEST, resources: [] })
      const deleted = await client.ask('deleteAcls', {
        filters: [
          { ...all, ...filter },
          { ...all, hostFilter: 'h' },
        ],
      })
      expect(deleted.filterResults).toMatchObject([{ errorCode: INVALID_REQUEST }, { errorCode: 0, matchingAcls: [] }])
    }
    expect(await log.admin.listAccessRules()).toHaveLength(1)
  }, asSuperUser))

const rule: AccessRule = {
  resourceType: 'topic',
  resourceName: 't',
  patternType: 'literal',
  principal: 'User:alice',
  host: '*',
  operation: 'read',
  permission: 'allow',
}

test('rules are there when the log is opened again, and those that were removed are not', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-rules-'))
  try {
    const named = { ...rule, resourceName: 'a "quoted", [odd] \u{1F512} name' }
    {
      await using log = await embeddedLog({ dir })
      await log.admin.addAccessRules([rule, named, { ...rule, permission: 'deny' }])
      expect(await log.admin.removeAccessRules([{ permission: 'deny' }, { permission: 'deny', host: '*' }])).toEqual([
        { ...rule, permission: 'deny' },
      ])
    }
    await using log = await embeddedLog({ dir })
    expect(await log.admin.listAccessRules()).toEqual([rule, named])
    expect(await log.admin.listAccessRules({ resourceName: named.resourceName })).toEqual([named])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test.each<readonly [string, object]>([
  ['an unknown operation', { operation: 'dance' }],
  ['any operation', { operation: undefined }],
  ['an empty name', { resourceName: '' }],
  ['a pattern that is a filter', { patternType: 'match' }],
  ['a misspelt field', { hots: '*' }],
])('a program hears of a rule with %s', (_, fault) =>
  onTheWire(async (_client, log) => {
    await expect(log.admin.addAccessRules([{ ...rule, ...fault }])).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID|UNKNOWN)_OPTION$/),
    })
    await expect(log.admin.listAccessRules({ operation: 'dance' as 'read' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(await log.admin.listAccessRules()).toEqual([])
  }),
)
