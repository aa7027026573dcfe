import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RequestDraft } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { embeddedLog } from './embedded-log.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

type NewTopic = RequestDraft<'createTopics'>['topics'][number]

const noId = '0'.repeat(32)

function topicOf(name: string, given: Partial<NewTopic> = {}): NewTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...given }
}

test('makes topics each for itself, and says what they have become', () =>
  onTheWire(async (client, log) => {
    const { topics } = await client.ask('createTopics', {
      topics: [
        topicOf('plain'),
        topicOf('set', { numPartitions: 3, configs: [{ name: 'retention.ms', value: '1000' }] }),
        topicOf('usual', { numPartitions: -1, replicationFactor: -1 }),
        topicOf('plain.', { configs: [{ name: 'no.such.setting', value: '1' }] }),
        topicOf('bad name'),
        topicOf('none', { numPartitions: 0 }),
        topicOf('wide', { replicationFactor: 4 }),
        topicOf('void', { configs: [{ name: 'retention.ms', value: null }] }),
        topicOf('twice'),
        topicOf('twice'),
      ],
    })
    expect(Object.fromEntries(topics.map(({ name, errorCode }) => [name, errorCode]))).toEqual({
      plain: errorCodes.NONE,
      set: errorCodes.NONE,
      usual: errorCodes.NONE,
      'plain.': errorCodes.INVALID_CONFIG,
      'bad name': errorCodes.INVALID_TOPIC_EXCEPTION,
      none: errorCodes.INVALID_PARTITIONS,
      wide: errorCodes.INVALID_REPLICATION_FACTOR,
      void: errorCodes.INVALID_CONFIG,
      twice: errorCodes.INVALID_REQUEST,
    })
    const set = topics.find(({ name }) => name === 'set')!
    expect(set).toMatchObject({ numPartitions: 3, replicationFactor: 1, errorMessage: null })
    expect(set.configs!.find(({ name }) => name === 'retention.ms')).toMatchObject({ value: '1000', configSource: 1 })
    expect(set.configs!.find(({ name }) => name === 'cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 })
    const [described] = await log.admin.describeTopics(['set'])
    expect(described).toMatchObject({ topicId: set.topicId, partitions: 3, config: { 'retention.ms': '1000' } })
    expect(await log.admin.listTopics()).toEqual(['plain', 'set', 'usual'])
    const again = await client.ask('createTopics', { topics: [topicOf('plain')] }, 2)
    expect(again.topics[0]).toMatchObject({ errorCode: errorCodes.TOPIC_ALREADY_EXISTS })
  }))

test('what is only checked is not made, and is refused as if it were', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 'there', partitions: 2 }])
    const made = await client.ask('createTopics', { topics: [topicOf('t'), topicOf('there')], validateOnly: true })
    expect(made.topics.map(({ errorCode, topicId }) => [errorCode, topicId])).toEqual([
      [errorCodes.NONE, noId],
      [errorCodes.TOPIC_ALREADY_EXISTS, noId],
    ])
    const topics = [3, 2].map((count) => ({ name: 'there', count, assignments: null }))
    const [wider, same] = await Promise.all(
      topics.map((topic) => client.ask('createPartitions', { topics: [topic], timeoutMs: 1, validateOnly: true })),
    )
    expect(wider!.results[0]).toMatchObject({ errorCode: errorCodes.NONE })
    expect(same!.results[0]).toMatchObject({ errorCode: errorCodes.INVALID_PARTITIONS })
    expect(await log.admin.describeTopics(['t', 'there'])).toMatchObject([null, { partitions: 2 }])
  }))

test('replicas that a client places itself are those that there can be', () =>
  onTheWire(async (client) => {
    const placed = (...brokerIds: readonly (readonly number[])[]): Partial<NewTopic> => ({
      numPartitions: -1,
      replicationFactor: -1,
      assignments: brokerIds.map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids })),
    })
    const gap = { ...placed([1]), assignments: [{ partitionIndex: 1, brokerIds: [1] }] }
    const { topics } = await client.ask('createTopics', {
      topics: [
        topicOf('one', placed([1], [1])),
        topicOf('three', placed([2, 1, 3])),
        topicOf('other', placed([2])),
        topicOf('same', placed([1, 1])),
        topicOf('uneven', placed([1], [1, 2])),
        topicOf('empty', placed([])),
        topicOf('gap', gap),
        topicOf('both', { ...placed([1]), numPartitions: 1 }),
      ],
    })
    const refused = errorCodes.INVALID_REPLICA_ASSIGNMENT
    expect(
      topics.map(({ errorCode, numPartitions, replicationFactor }) => [errorCode, numPartitions, replicationFactor]),
    ).toEqual([[0, 2, 1], [0, 1, 3], ...Array.from({ length: 5 }, () => [refused, -1, -1]), [errorCodes.INVALID_REQUEST, -1, -1]])
    const more = (brokerIds: readonly number[]): Promise<number> =>
      client
        .ask('createPartitions', {
          topics: [{ name: 'three', count: 2, assignments: [{ brokerIds }] }],
          timeoutMs: 1,
          validateOnly: false,
        })
        .then(({ results }) => results[0]!.errorCode)
    expect(await more([1])).toBe(refused)
    expect(await more([1, 2, 3])).toBe(errorCodes.NONE)
  }))

test('replicas that a program asks for are shown to clients', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 'two', partitions: 1, replicationFactor: 2 }])
    const { topics } = await client.ask('metadata', { topics: [{ name: 'two', topicId: noId }] })
    expect(topics[0]!.partitions).toMatchObject([{ replicaNodes: [1, 2], isrNodes: [1, 2] }])
    const none = log.admin.createTopics([{ topic: 'none', partitions: 1, replicationFactor: 0 }])
    await expect(none).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }))

test('a topic of three replicas shows three brokers at one address, also after a restart', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  try {
    const connect = async (
      work: (client: WireClient, port: number) => Promise<void>,
      maxReplicationFactor = 3,
    ): Promise<void> => {
      await using log = await embeddedLog({ dir, durability: 'os' })
      await using served = await serveLog(log, { listeners: [{ port: 0 }], maxReplicationFactor })
      await using client = await WireClient.connect(served.places[0]!)
      await work(client, served.places[0]!.port)
    }
    await connect(async (client) => {
      const before = await client.ask('metadata', { topics: null })
      expect(before.brokers.map(({ nodeId }) => nodeId)).toEqual([1])
      await client.ask('createTopics', { topics: [topicOf('wide', { replicationFactor: 3 }), topicOf('thin')] })
      const refused = await client.ask('createTopics', { topics: [topicOf('wider', { replicationFactor: 4 })] })
      expect(refused.topics[0]).toMatchObject({ errorCode: errorCodes.INVALID_REPLICATION_FACTOR })
    })
    await connect(async (client, port) => {
      const { brokers, topics } = await client.ask('metadata', { topics: [{ name: 'wide', topicId: noId }] })
      expect(brokers).toMatchObject([1, 2, 3].map((nodeId) => ({ nodeId, host: '127.0.0.1', port })))
      const shown = { leaderId: 1, replicaNodes: [1, 2, 3], isrNodes: [1, 2, 3], offlineReplicas: [] }
      expect(topics[0]!.partitions).toMatchObject([shown])
      const described = await client.ask('describeTopicPartitions', { topics: [{ name: 'wide' }, { name: 'thin' }] })
      expect(described.topics.map(({ partitions }) => partitions[0])).toMatchObject([
        { leaderId: 1, replicaNodes: [1], isrNodes: [1] },
        shown,
      ])
      const cluster = await client.ask('describeCluster', { includeClusterAuthorizedOperations: false })
      expect(cluster.brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3])
      await client.ask('createPartitions', {
        topics: [{ name: 'wide', count: 2, assignments: null }],
        timeoutMs: 1,
        validateOnly: false,
      })
      await client.ask('incrementalAlterConfigs', {
        resources: [
          { resourceType: 2, resourceName: 'wide', configs: [{ name: 'retention.ms', configOperation: 0, value: '5' }] },
        ],
        validateOnly: false,
      })
      const after = await client.ask('metadata', { topics: [{ name: 'wide', topicId: noId }] }, 1)
      expect(after.topics[0]!.partitions.map(({ replicaNodes }) => replicaNodes)).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ])
    })
    await connect(async (client) => {
      const { topics } = await client.ask('createTopics', { topics: [topicOf('two', { replicationFactor: 2 })] })
      expect(topics[0]).toMatchObject({ errorCode: errorCodes.INVALID_REPLICATION_FACTOR })
      expect((await client.ask('metadata', { topics: [] })).brokers).toHaveLength(3)
      await client.ask('deleteTopics', { topics: [{ name: 'wide', topicId: noId }], timeoutMs: 1 })
      expect((await client.ask('metadata', { topics: [] })).brokers).toHaveLength(3)
    }, 1)
    await connect(async (client) => expect((await client.ask('metadata', { topics: [] })).brokers).toHaveLength(1))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('deletes topics by name and by id, each for itself', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics(['a', 'b', 'c', 'd'].map((topic) => ({ topic, partitions: 1 })))
    const [, b, , d] = await log.admin.describeTopics(['a', 'b', 'c', 'd'])
    const old = await client.ask('deleteTopics', { topicNames: ['a', 'absent', '__consumer_offsets'], timeoutMs: 1 }, 1)
    expect(old.responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['a', errorCodes.NONE],
      ['absent', errorCodes.UNKNOWN_TOPIC_OR_PARTITION],
      ['__consumer_offsets', errorCodes.INVALID_TOPIC_EXCEPTION],
    ])
    const { responses } = await client.ask('deleteTopics', {
      topics: [
        { name: null, topicId: b!.topicId },
        { name: null, topicId: 'f'.repeat(32) },
        { name: 'c', topicId: noId },
        { name: 'd', topicId: d!.topicId },
      ],
      timeoutMs: 1,
    })
    expect(responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['b', errorCodes.NONE],
      [null, errorCodes.UNKNOWN_TOPIC_ID],
      ['c', errorCodes.NONE],
      ['d', errorCodes.INVALID_REQUEST],
    ])
    expect(responses[0]!.topicId).toBe(b!.topicId)
    expect(await log.admin.listTopics()).toEqual(['d'])
    const twice = await client.ask('deleteTopics', { topicNames: ['d', 'd'], timeoutMs: 1 }, 5)
    expect(twice.responses.every(({ errorCode }) => errorCode === errorCodes.INVALID_REQUEST)).toBe(true)
  }))

test('deletes records up to an offset, or all, each partition for itself', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([
      { topic: 't', partitions: 2 },
      { topic: 'compacted', partitions: 1, config: { 'cleanup.policy': 'compact' } },
    ])
    const producer = await log.producer()
    for (const partition of [0, 1]) {
      const batch = producer.batch('t', partition)
      for (const value of ['a', 'b', 'c']) batch.append(null, value, 1_000)
      await producer.send(batch)
    }
    await producer.close()
    for (const version of [0, 2]) {
      const { topics } = await client.ask(
        'deleteRecords',
        {
          topics: [
            {
              name: 't',
              partitions: [
                { partitionIndex: 0, offset: 1 + version },
                { partitionIndex: 1, offset: -1 },
                { partitionIndex: 0, offset: 9 },
                { partitionIndex: 5, offset: 0 },
              ],
            },
            { name: 'compacted', partitions: [{ partitionIndex: 0, offset: -1 }] },
          ],
          timeoutMs: 1,
        },
        version,
      )
      expect(
        topics.flatMap(({ partitions }) => partitions.map(({ errorCode, lowWatermark }) => [errorCode, lowWatermark])),
      ).toEqual([
        [errorCodes.NONE, 1 + version],
        [errorCodes.NONE, 3],
        [errorCodes.OFFSET_OUT_OF_RANGE, -1],
        [errorCodes.UNKNOWN_TOPIC_OR_PARTITION, -1],
        [errorCodes.POLICY_VIOLATION, -1],
      ])
    }
  }))

test('gives topics more partitions, each for itself', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics(['a', 'b', 'c'].map((topic) => ({ topic, partitions: 2 })))
    const asked = [
      ['a', 5],
      ['b', 1],
      ['absent', 3],
      ['c', 3],
      ['c', 4],
    ] as const
    const { results } = await client.ask(
      'createPartitions',
      { topics: asked.map(([name, count]) => ({ name, count, assignments: null })), timeoutMs: 1, validateOnly: false },
      0,
    )
    expect(Object.fromEntries(results.map(({ name, errorCode }) => [name, errorCode]))).toEqual({
      a: errorCodes.NONE,
      b: errorCodes.INVALID_PARTITIONS,
      absent: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      c: errorCodes.INVALID_REQUEST,
    })
    expect(await log.admin.describeTopics(['a', 'b', 'c'])).toMatchObject([5, 2, 2].map((partitions) => ({ partitions })))
  }))

test('tells of partitions page by page', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([
      { topic: 'a', partitions: 3 },
      { topic: 'b', partitions: 1 },
      { topic: 'c', partitions: 2 },
    ])
    const topics = ['c', 'a', 'bad name', 'b', 'absent', 'a'].map((name) => ({ name }))
    const pages: unknown[] = []
    let cursor: { readonly topicName: string; readonly partitionIndex: number } | null = null
    do {
      const page = await client.ask('describeTopicPartitions', { topics, responsePartitionLimit: 2, cursor })
      pages.push(
        page.topics.map(({ name, errorCode, partitions }) => [name, errorCode, partitions.map((one) => one.partitionIndex)]),
      )
      cursor = page.nextCursor as typeof cursor
    } while (cursor !== null)
    expect(pages).toEqual([
      [['a', 0, [0, 1]]],
      [
        ['a', 0, [2]],
        ['absent', errorCodes.UNKNOWN_TOPIC_OR_PARTITION, []],
        ['b', 0, [0]],
      ],
      [
        ['bad name', errorCodes.INVALID_TOPIC_EXCEPTION, []],
        ['c', 0, [0, 1]],
      ],
    ])
    const all = await client.ask('describeTopicPartitions', { topics: [], responsePartitionLimit: -5 })
    expect(all.topics).toHaveLength(1)
    expect(all.nextCursor).not.toBeNull()
    const gone = await client.ask('describeTopicPartitions', {
      topics: [{ name: 'a' }],
      cursor: { topicName: 'a', partitionIndex: 99 },
    })
    expect(gone.topics[0]!.partitions).toEqual([])
  }))

test('topics that are asked for by name are made where the log makes topics', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os', autoCreateTopics: { partitions: 4 } })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    await using client = await WireClient.connect(served.places[0]!)
    const not = await client.ask('metadata', { topics: [{ name: 't', topicId: noId }], allowAutoTopicCreation: false })
    expect(not.topics[0]).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
    const made = await client.ask(
      'metadata',
      {
        topics: [
          { name: 't', topicId: noId },
          { name: 'a b', topicId: noId },
        ],
      },
      1,
    )
    expect(made.topics.map(({ errorCode, partitions }) => [errorCode, partitions.length])).toEqual([
      [errorCodes.NONE, 4],
      [errorCodes.INVALID_TOPIC_EXCEPTION, 0],
    ])
    const usual = await client.ask('createTopics', { topics: [topicOf('u', { numPartitions: -1 })] })
    expect(usual.topics[0]).toMatchObject({ numPartitions: 4 })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('says what may be done with topics and the cluster to whoever asks', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const topics = ['t', 'absent'].map((name) => ({ name, topicId: noId }))
    const asked = await client.ask(
      'metadata',
      { topics, includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true },
      8,
    )
    expect(asked.topics.map(({ topicAuthorizedOperations }) => topicAuthorizedOperations)).toEqual([3576, -(2 ** 31)])
    expect(asked.clusterAuthorizedOperations).toBe(8096)
    const plain = await client.ask('metadata', { topics })
    expect(plain.topics[0]!.topicAuthorizedOperations).toBe(-(2 ** 31))
    const nameless = await client.ask('metadata', { topics: [{ name: null, topicId: 'f'.repeat(32) }] }, 10)
    expect(nameless.topics[0]).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_ID, topicId: 'f'.repeat(32) })
  }))
