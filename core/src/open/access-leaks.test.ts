import { describe, expect, test } from 'vitest'
import { clusterName, type AccessRule, type Operation, type ResourceType } from '../base/access-rule.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import type { RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { noTopicId } from '../server/topic-ids.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

const held = { authorization: {} }
const everyone = 'User:ANONYMOUS'

function allow(resourceType: ResourceType, resourceName: string, ...operations: readonly Operation[]): AccessRule[] {
  return operations.map((operation) => ({
    resourceType,
    resourceName,
    patternType: 'literal',
    principal: everyone,
    host: '*',
    operation,
    permission: 'allow',
  }))
}

function batch(stamp?: { readonly producerId: number; readonly producerEpoch: number }, transactional = false): Uint8Array {
  const builder = new BatchBuilder()
  builder.append(null, 'v', 1_000)
  return stamp === undefined ? builder.build() : builder.build({ ...stamp, baseSequence: 0, transactional })
}

async function produceTo(client: WireClient, name: string, records: Uint8Array, transactionalId: string | null = null) {
  const topicData = [{ name, partitionData: [{ index: 0, records }] }]
  const answer = await client.ask('produce', { transactionalId, acks: -1, timeoutMs: 1_000, topicData }, 12)
  return answer.responses[0]!.partitionResponses[0]!.errorCode
}

/** Two topics: `t`, which nobody may see, and `seen`. `missing` is not there. */
function withSecret(
  work: (client: WireClient, log: LogClient) => Promise<void>,
  more: readonly AccessRule[] = [],
  autoCreate = false,
): Promise<void> {
  return onTheWire(
    async (client, log) => {
      await log.admin.createTopics([
        { topic: 't', partitions: 3 },
        { topic: 'seen', partitions: 1 },
      ])
      await log.admin.addAccessRules([...allow('topic', 'seen', 'describe'), ...more])
      await work(client, log)
    },
    held,
    { autoCreateTopics: autoCreate && { partitions: 1 } },
  )
}

describe('SEC-11: what a client may not describe is as if it were not there', () => {
  const same = (text: unknown): unknown => JSON.parse(JSON.stringify(text).replaceAll('missing', 't'))

  test.each([0, 1, 4, 7, 9, 12, 13])('metadata of version %i', (version) =>
    withSecret(
      async (client) => {
        const of = async (name: string) =>
          (await client.ask('metadata', { topics: [{ name }], allowAutoTopicCreation: true }, version)).topics
        expect(same(await of('missing'))).toEqual(await of('t'))
        const all = await client.ask('metadata', { topics: version === 0 ? [] : null }, version)
        expect(all.topics.map(({ name }) => name)).toEqual(['seen'])
      },
      [],
      true,
    ),
  )

  test('nor does a list of several in version 0 become a list of all', () =>
    withSecret(async (client) => {
      const { topics } = await client.ask('metadata', { topics: [{ name: 't' }] }, 0)
      expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([['t', errorCodes.TOPIC_AUTHORIZATION_FAILED]])
    }))

  test('pages of topics, and where they go on', () =>
    withSecret(async (client, log) => {
      await log.admin.createTopics([{ topic: 'zz', partitions: 1 }])
      await log.admin.addAccessRules(allow('topic', 'zz', 'describe'))
      const names: (string | null)[] = []
      let cursor: RequestDraft<'describeTopicPartitions'>['cursor'] = null
      do {
        const page: ResponseOf<'describeTopicPartitions'> = await client.ask('describeTopicPartitions', {
          topics: [],
          responsePartitionLimit: 1,
          cursor,
        })
        names.push(...page.topics.map(({ name }) => name))
        cursor = page.nextCursor
        if (cursor !== null) expect(cursor.topicName).toBe('zz')
      } while (cursor !== null)
      expect(names).toEqual(['seen', 'zz'])
      const of = async (name: string) => (await client.ask('describeTopicPartitions', { topics: [{ name }] })).topics
      expect(same(await of('missing'))).toEqual(await of('t'))
    }))

  test('offsets, producers, epochs, settings, deletion', () =>
    withSecret(async (client) => {
      const asks: readonly ((name: string) => Promise<unknown>)[] = [
        (name) =>
          client.ask('listOffsets', { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 2, timestamp: -1 }] }] }),
        (name) => client.ask('describeProducers', { topics: [{ name, partitionIndexes: [2] }] }),
        (name) =>
          client.ask('offsetForLeaderEpoch', { topics: [{ topic: name, partitions: [{ partition: 2, leaderEpoch: 0 }] }] }),
        (name) =>
          client.ask('describeConfigs', { resources: [{ resourceType: 2, resourceName: name, configurationKeys: null }] }),
        (name) => client.ask('deleteTopics', { topicNames: [name], timeoutMs: 1_000 }, 5),
        (name) => client.ask('deleteTopics', { topics: [{ name, topicId: noTopicId }], timeoutMs: 1_000 }),
        (name) =>
          client.ask('createPartitions', { topics: [{ name, count: 9, assignments: null }], timeoutMs: 1, validateOnly: true }),
        (name) =>
          client.ask('deleteRecords', { topics: [{ name, partitions: [{ partitionIndex: 2, offset: 0 }] }], timeoutMs: 1 }),
        (name) =>
          client.ask('createTopics', {
            topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
            validateOnly: true,
          }),
        (name) => produceTo(client, name, batch()),
      ]
      for (const ask of asks) expect(same(await ask('missing'))).toEqual(await ask('t'))
    }))

  test('a topic by its id is not named to whoever may not describe it', () =>
    withSecret(async (client, log) => {
      const [described] = await log.admin.describeTopics(['t'])
      const { topicId } = described!
      const { topics } = await client.ask('metadata', { topics: [{ name: null, topicId }] })
      expect(topics).toMatchObject([{ errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED, name: null, partitions: [] }])
      const { responses } = await client.ask('deleteTopics', { topics: [{ name: null, topicId }], timeoutMs: 1_000 })
      expect(responses).toMatchObject([{ errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED, name: null }])
    }))

  test('what a group has committed, and what a transaction writes to', () =>
    withSecret(
      async (client, log) => {
        await log.admin.alterGroupOffsets('g', [
          { topic: 't', partition: 0, offset: 0 },
          { topic: 'seen', partition: 0, offset: 0 },
        ])
        const { groups } = await client.ask('offsetFetch', { groups: [{ groupId: 'g', topics: null }] }, 9)
        expect(groups[0]!.topics.map(({ name }) => name)).toEqual(['seen'])
        const { broker } = log as EmbeddedLog
        const who = await broker.transactions.open('tx')
        const places = [
          { topic: 't', partition: 0 },
          { topic: 'seen', partition: 0 },
        ]
        await broker.transactions.addPartitions('tx', who, places, 1)
        const described = await client.ask('describeTransactions', { transactionalIds: ['tx'] })
        expect(described.transactionStates[0]!.topics).toEqual([{ topic: 'seen', partitions: [0] }])
        const other = await client.ask('describeTransactions', { transactionalIds: ['other', 'none'] })
        expect(other.transactionStates.map(({ errorCode }) => errorCode)).toEqual([
          errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
          errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ])
      },
      [...allow('group', 'g', 'describe'), ...allow('transactionalId', 'tx', 'describe')],
    ))

  test('topics that a regular expression matches for a group', () =>
    withSecret(async (client, log) => {
      await log.admin.addAccessRules(allow('group', 'g', 'read'))
      const beat = { groupId: 'g', memberId: 'AAAAAAAAAAAAAAAAAAAAAA', rebalanceTimeoutMs: 5_000, topicPartitions: [] }
      const joined = await client.ask('consumerGroupHeartbeat', {
        ...beat,
        memberEpoch: 0,
        subscribedTopicNames: [],
        subscribedTopicRegex: '.*',
      })
      const [seen] = await log.admin.describeTopics(['seen'])
      expect(joined).toMatchObject({
        errorCode: 0,
        assignment: { topicPartitions: [{ topicId: seen!.topicId, partitions: [0] }] },
      })
    }))

  test('a topic is not made by whoever may describe it and not create it', () =>
    withSecret(
      async (client, log) => {
        const ask = () => client.ask('metadata', { topics: [{ name: 'fresh' }], allowAutoTopicCreation: true }, 9)
        expect((await ask()).topics[0]!.errorCode).toBe(errorCodes.TOPIC_AUTHORIZATION_FAILED)
        expect(await log.admin.describeTopics(['fresh'])).toEqual([null])
        await log.admin.addAccessRules(allow('topic', 'fresh', 'create'))
        expect((await ask()).topics[0]!.errorCode).toBe(errorCodes.NONE)
        expect(await log.admin.describeTopics(['fresh'])).toMatchObject([{ topic: 'fresh' }])
      },
      allow('topic', 'fresh', 'describe'),
      true,
    ))
})

describe('SEC-11: others’ ids', () => {
  test("a transaction is not written to with someone else's transactional id, nor with their producer id under one's own", () =>
    withSecret(
      async (client, log) => {
        const { broker } = log as EmbeddedLog
        await log.admin.createTopics([{ topic: 'w', partitions: 1 }])
        const theirs = await broker.transactions.open('theirs')
        const mine = await broker.transactions.open('mine')
        await broker.transactions.addPartitions('theirs', theirs, [{ topic: 'w', partition: 0 }], 1)
        await broker.transactions.addPartitions('mine', mine, [{ topic: 'w', partition: 0 }], 1)
        const { TRANSACTIONAL_ID_AUTHORIZATION_FAILED } = errorCodes
        expect(await produceTo(client, 'w', batch(theirs, true), 'theirs')).toBe(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        expect(await produceTo(client, 'w', batch(theirs, true), null)).toBe(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        expect(await produceTo(client, 'w', batch(theirs, true), 'mine')).not.toBe(errorCodes.NONE)
        expect(await produceTo(client, 'w', batch(mine, true), 'mine')).toBe(errorCodes.NONE)
        const end = (transactionalId: string, who: typeof mine) =>
          client.ask('endTxn', { transactionalId, ...who, committed: true }, 3)
        expect((await end('theirs', theirs)).errorCode).toBe(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        expect((await end('mine', theirs)).errorCode).not.toBe(errorCodes.NONE)
        expect((await end('mine', mine)).errorCode).toBe(errorCodes.NONE)
        expect(await log.admin.describeTransaction('theirs')).toMatchObject({ state: 'Ongoing' })
        expect((await client.ask('initProducerId', { transactionalId: 'theirs', transactionTimeoutMs: 1_000 })).errorCode).toBe(
          TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        )
        expect(await log.admin.describeTransaction('theirs')).toMatchObject({ producerEpoch: theirs.producerEpoch })
      },
      [...allow('topic', 'w', 'write', 'create'), ...allow('transactionalId', 'mine', 'write')],
    ))

  test('an idempotent producer may write somewhere, or be one by name', () =>
    withSecret(async (client, log) => {
      const ask = async () =>
        (await client.ask('initProducerId', { transactionalId: null, transactionTimeoutMs: 1_000 })).errorCode
      expect(await ask()).toBe(errorCodes.CLUSTER_AUTHORIZATION_FAILED)
      await log.admin.addAccessRules(allow('topic', 'x', 'write').map((rule) => ({ ...rule, patternType: 'prefixed' as const })))
      expect(await ask()).toBe(errorCodes.NONE)
      await log.admin.addAccessRules(allow('topic', '*', 'write').map((rule) => ({ ...rule, permission: 'deny' as const })))
      expect(await ask()).toBe(errorCodes.CLUSTER_AUTHORIZATION_FAILED)
    }))

  test('of a request for several topics those are carried out that may be', () =>
    withSecret(
      async (client, log) => {
        await log.admin.createTopics([{ topic: 'w', partitions: 1 }])
        const topicData = ['t', 'w'].map((name) => ({ name, partitionData: [{ index: 0, records: batch() }] }))
        const { responses } = await client.ask('produce', { acks: 1, timeoutMs: 1_000, topicData }, 9)
        expect(responses.map(({ name, partitionResponses }) => [name, partitionResponses[0]!.errorCode])).toEqual([
          ['w', errorCodes.NONE],
          ['t', errorCodes.TOPIC_AUTHORIZATION_FAILED],
        ])
        const ends = await log.admin.listOffsets([
          { topic: 't', partition: 0, at: 'latest' },
          { topic: 'w', partition: 0, at: 'latest' },
        ])
        expect(ends).toEqual([0, 1])
      },
      allow('topic', 'w', 'write'),
    ))
})

describe('SEC-11: what may be done is said as bits (KIP-430)', () => {
  const bits = (...numbers: readonly number[]): number => numbers.reduce((sum, one) => sum | (1 << one), 0)

  test('of topics, groups and the cluster', () =>
    withSecret(
      async (client) => {
        const { topics, clusterAuthorizedOperations } = await client.ask(
          'metadata',
          { topics: [{ name: 'seen' }], includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true },
          10,
        )
        expect(topics[0]!.topicAuthorizedOperations).toBe(bits(4, 8))
        expect(clusterAuthorizedOperations).toBe(bits(7, 8))
        const described = await client.ask('describeTopicPartitions', { topics: [{ name: 'seen' }] })
        expect(described.topics[0]!.topicAuthorizedOperations).toBe(bits(4, 8))
        const cluster = await client.ask('describeCluster', { includeClusterAuthorizedOperations: true })
        expect(cluster.clusterAuthorizedOperations).toBe(bits(7, 8))
        const { groups } = await client.ask('describeGroups', { groups: ['g'], includeAuthorizedOperations: true })
        expect(groups[0]!.authorizedOperations).toBe(bits(3, 8))
        const unasked = await client.ask('describeGroups', { groups: ['g'] })
        expect(unasked.groups[0]!.authorizedOperations).toBe(-(2 ** 31))
      },
      [...allow('topic', 'seen', 'write'), ...allow('cluster', clusterName, 'alter'), ...allow('group', 'g', 'read')],
    ))
})

describe('SEC-13: internal topics are not written to by clients, whatever the rules allow', () => {
  const internal = ['__consumer_offsets', '__transaction_state', '__millrace_meta'] as const
  const anything = [
    ...allow('topic', '*', 'all'),
    ...allow('cluster', clusterName, 'all'),
    ...allow('transactionalId', '*', 'all'),
  ]

  test.each(internal)('%s', (name) =>
    withSecret(async (client, log) => {
      expect(await produceTo(client, name, batch())).toBe(errorCodes.INVALID_TOPIC_EXCEPTION)
      const { broker } = log as EmbeddedLog
      const mine = await broker.transactions.open('mine')
      expect(await produceTo(client, name, batch(mine, true), 'mine')).not.toBe(errorCodes.NONE)
      const codes = [
        (await client.ask('deleteTopics', { topicNames: [name], timeoutMs: 1_000 }, 5)).responses[0]!.errorCode,
        (
          await client.ask('createPartitions', {
            topics: [{ name, count: 99, assignments: null }],
            timeoutMs: 1,
            validateOnly: false,
          })
        ).results[0]!.errorCode,
        (await client.ask('deleteRecords', { topics: [{ name, partitions: [{ partitionIndex: 0, offset: -1 }] }], timeoutMs: 1 }))
          .topics[0]!.partitions[0]!.errorCode,
        (
          await client.ask('alterConfigs', {
            resources: [{ resourceType: 2, resourceName: name, configs: [{ name: 'retention.ms', value: '1' }] }],
            validateOnly: false,
          })
        ).responses[0]!.errorCode,
        (
          await client.ask(
            'addPartitionsToTxn',
            {
              v3AndBelowTransactionalId: 'mine',
              v3AndBelowProducerId: mine.producerId,
              v3AndBelowProducerEpoch: mine.producerEpoch,
              v3AndBelowTopics: [{ name, partitions: [0] }],
            },
            3,
          )
        ).resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode,
      ]
      for (const code of codes) expect(code).not.toBe(errorCodes.NONE)
    }, anything),
  )

  test('the metadata, where rules and credentials stand, are not even read', () =>
    withSecret(async (client) => {
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }]
      const topics = [{ topic: '__millrace_meta', partitions }]
      const { responses } = await client.ask('fetch', { maxWaitMs: 0, minBytes: 0, topics, forgottenTopicsData: [] }, 12)
      expect(responses[0]!.partitions[0]).toMatchObject({
        errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED,
        records: new Uint8Array(),
      })
    }, anything))
})
