import { expect, test } from 'vitest'
import type { AccessRule } from '../base/access-rule.ts'
import type { AuditEvent } from '../server/audit-trail.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { ServeOptions } from './serve-log.ts'
import type { WireClient } from './wire-client.fixtures.ts'

/** What was told, without when and by whom: that is the same in all of it. */
async function told(work: (client: WireClient) => Promise<unknown>, options: ServeOptions = {}): Promise<readonly unknown[]> {
  const events: AuditEvent[] = []
  await onTheWire(
    async (client, log) => {
      await log.admin.createTopics([{ topic: 'there', partitions: 1 }])
      await work(client)
    },
    { ...options, onAudit: (event) => void events.push(event) },
  )
  return events.map(({ at, principal, host, clientId, ...event }) => {
    expect(at).toBeGreaterThan(0)
    expect({ principal, host, clientId }).toEqual({ principal: 'User:ANONYMOUS', host: '127.0.0.1', clientId: 'test' })
    return event
  })
}

const done = { outcome: 'done', operation: null, detail: '', times: 1 }
const newTopic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }

test('SEC-41: what is changed is told with its outcome, and what is only validated is not', async () => {
  const events = await told(async (client) => {
    const topics = ['a', 'there'].map((name) => ({ name, ...newTopic }))
    await client.ask('createTopics', { topics })
    await client.ask('createTopics', { topics: [{ name: 'b', ...newTopic }], validateOnly: true })
    await client.ask('createPartitions', {
      topics: [{ name: 'a', count: 3, assignments: null }],
      timeoutMs: 1,
      validateOnly: false,
    })
    const configs = [{ name: 'retention.ms', configOperation: 0, value: 'secret-1' }]
    const resources = [{ resourceType: 2, resourceName: 'a', configs }]
    await client.ask('incrementalAlterConfigs', { resources, validateOnly: false })
    await client.ask('deleteRecords', { topics: [{ name: 'a', partitions: [{ partitionIndex: 0, offset: -1 }] }], timeoutMs: 1 })
    await client.ask('deleteTopics', { topicNames: ['a'], timeoutMs: 1 }, 5)
    await client.ask('metadata', { topics: null })
  })
  const topic = { ...done, resourceType: 'topic', resourceName: 'a' }
  expect(events).toEqual([
    { ...topic, api: 'createTopics' },
    { ...topic, api: 'createTopics', resourceName: 'there', outcome: 'failed', detail: 'TOPIC_ALREADY_EXISTS' },
    { ...topic, api: 'createPartitions', detail: 'to 3 partitions' },
    { ...topic, api: 'incrementalAlterConfigs', outcome: 'failed', detail: 'INVALID_CONFIG: settings retention.ms' },
    { ...topic, api: 'deleteRecords', detail: 'partition 0 before offset of its end' },
    { ...topic, api: 'deleteTopics' },
  ])
})

test('SEC-41: access rules that come and go are told, and no secret is', async () => {
  const rule = { resourceType: 2, resourceName: 't', principal: 'User:bob', host: '*', operation: 3, permissionType: 3 }
  const all = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null }
  const events = await told(
    async (client) => {
      await client.ask('createAcls', { creations: [rule, { ...rule, principal: 'bob' }] })
      await client.ask('deleteAcls', { filters: [{ ...all, operation: 1, permissionType: 1 }] })
    },
    { authorization: { superUsers: ['User:ANONYMOUS'] } },
  )
  const cluster = { ...done, resourceType: 'cluster', resourceName: 'kafka-cluster' }
  const text = 'the access rule allow User:bob from * to read topic t'
  expect(events).toEqual([
    { ...cluster, api: 'createAcls', detail: `adds ${text}` },
    {
      ...cluster,
      api: 'createAcls',
      outcome: 'failed',
      detail: 'INVALID_REQUEST: adds the access rule allow bob from * to read topic t',
    },
    { ...cluster, api: 'deleteAcls', detail: `removes ${text}` },
  ])
})

test('SEC-41: refusals are told once, then how often they came; what is left out of a list is none', async () => {
  const events = await told(
    async (client) => {
      for (let index = 0; index < 5; index++) {
        await client.ask('listOffsets', {
          replicaId: -1,
          topics: [{ name: 'there', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
        })
      }
      await client.ask('metadata', { topics: null })
      await client.ask('listGroups', {})
      await client.ask('createTopics', { topics: [{ name: 'n', ...newTopic }] })
    },
    { authorization: {} },
  )
  const refused = { ...done, outcome: 'refused', resourceType: 'topic' }
  const listed = { ...refused, api: 'listOffsets', resourceName: 'there', operation: 'describe' }
  expect(events).toEqual([
    listed,
    { ...refused, api: 'createTopics', resourceName: 'n', operation: 'create' },
    { ...listed, times: 4 },
  ])
})

test('SEC-41: somebody who tries every name there could be is told of a thousand times, and then counted', async () => {
  const events: AuditEvent[] = []
  await onTheWire(
    async (client) => {
      const topics = Array.from({ length: 1_500 }, (_, index) => ({ name: `t${index}` }))
      await client.ask('metadata', { topics, allowAutoTopicCreation: false })
    },
    { authorization: {}, onAudit: (event) => void events.push(event) },
  )
  expect(events).toHaveLength(1_001)
  expect(events.at(-1)).toMatchObject({ outcome: 'refused', resourceName: '', times: 500 })
})

test('SEC-25: names are cut', async () => {
  const events = await told(
    (client) => client.ask('metadata', { topics: [{ name: 'x'.repeat(10_000) }], allowAutoTopicCreation: false }),
    { authorization: {} },
  )
  expect(JSON.stringify(events).length).toBeLessThan(1_000)
})

test('SEC-41: a listener that throws keeps nothing from being answered', () =>
  onTheWire(
    async (client, log) => {
      const rule: AccessRule = {
        resourceType: 'topic',
        resourceName: 'a',
        patternType: 'literal',
        principal: 'User:ANONYMOUS',
        host: '*',
        operation: 'create',
        permission: 'allow',
      }
      await log.admin.addAccessRules([rule])
      const { topics } = await client.ask('createTopics', { topics: ['a', 'b'].map((name) => ({ name, ...newTopic })) })
      expect(topics.map(({ errorCode }) => errorCode)).toEqual([0, 29])
    },
    {
      authorization: {},
      onAudit: () => {
        throw new Error('full')
      },
    },
  ))
