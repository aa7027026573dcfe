import { expect, test } from 'vitest'
import type { AccessRule } from '../base/access-rule.ts'
import type { NetPlace } from '../base/net.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { AuditEvent } from '../server/audit-trail.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { WireClient } from './wire-client.fixtures.ts'

const passwords = { admin: 'a', alice: 'b', bob: 'c' }

/** Somebody who has said who they are. */
async function connectAs(user: keyof typeof passwords, place: NetPlace): Promise<WireClient> {
  const client = await WireClient.connect(place)
  expect((await client.ask('saslHandshake', { mechanism: 'PLAIN' })).errorCode).toBe(errorCodes.NONE)
  const authBytes = Buffer.from(`\0${user}\0${passwords[user]}`)
  expect((await client.ask('saslAuthenticate', { authBytes })).errorCode).toBe(errorCodes.NONE)
  return client
}

const mine: AccessRule = {
  resourceType: 'topic',
  resourceName: 'alice.',
  patternType: 'prefixed',
  principal: 'User:alice',
  host: '*',
  operation: 'all',
  permission: 'allow',
}

async function topicsOf(client: WireClient): Promise<readonly (string | null)[]> {
  const { topics } = await client.ask('metadata', { topics: null })
  return topics.map(({ name }) => name).filter((name) => name?.startsWith('__') === false)
}

test('SEC-11: users see and change what is theirs, an administrator everything, and the audit says who it was', async () => {
  const events: AuditEvent[] = []
  await onTheWire(
    async (_unknown, log, { places }) => {
      await log.admin.createTopics(['alice.a', 'bob.b'].map((topic) => ({ topic, partitions: 1 })))
      await log.admin.addAccessRules([mine, { ...mine, principal: 'User:bob', resourceName: 'bob.' }])
      await using alice = await connectAs('alice', places[0]!)
      await using bob = await connectAs('bob', places[0]!)
      await using admin = await connectAs('admin', places[0]!)
      expect(await topicsOf(alice)).toEqual(['alice.a'])
      expect(await topicsOf(bob)).toEqual(['bob.b'])
      expect(await topicsOf(admin)).toEqual(['alice.a', 'bob.b'])
      const remove = async (client: WireClient, name: string): Promise<number> =>
        (await client.ask('deleteTopics', { topicNames: [name], timeoutMs: 1_000 }, 5)).responses[0]!.errorCode
      expect(await remove(bob, 'alice.a')).toBe(errorCodes.TOPIC_AUTHORIZATION_FAILED)
      expect(await remove(alice, 'alice.a')).toBe(errorCodes.NONE)
      expect(await remove(admin, 'bob.b')).toBe(errorCodes.NONE)
    },
    {
      listeners: [{ port: 0, sasl: { plain: passwords } }],
      authorization: { superUsers: ['User:admin'] },
      onAudit: (event) => void events.push(event),
    },
  )
  expect(events.map(({ principal, outcome, resourceName }) => [principal, outcome, resourceName])).toEqual([
    ['User:bob', 'refused', 'alice.a'],
    ['User:alice', 'done', 'alice.a'],
    ['User:admin', 'done', 'bob.b'],
  ])
})

test('SEC-41: who is not let in is told, without the password', async () => {
  const events: AuditEvent[] = []
  await onTheWire(
    async (_unknown, _log, { places }) => {
      const client = await WireClient.connect(places[0]!)
      await client.ask('saslHandshake', { mechanism: 'PLAIN' })
      await client.ask('saslAuthenticate', { authBytes: Buffer.from('\0mallory\0guessed-password') })
      await client.closed
    },
    { listeners: [{ port: 0, sasl: { plain: passwords } }], onAudit: (event) => void events.push(event) },
  )
  expect(events).toMatchObject([{ api: 'saslAuthenticate', host: '127.0.0.1', outcome: 'refused', resourceType: 'user' }])
  expect(events[0]!.detail).toContain('mallory')
  expect(JSON.stringify(events)).not.toContain('guessed-password')
})
