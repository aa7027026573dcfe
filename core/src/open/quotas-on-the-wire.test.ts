import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogClient } from '../client/log-client.ts'
import type { RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { connectLog } from './connect-log.ts'
import { embeddedLog } from './embedded-log.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

type Entity = Readonly<Record<string, string | null>>
type Component = RequestDraft<'describeClientQuotas'>['components'][number]

function alter(
  client: WireClient,
  entity: Entity,
  values: Readonly<Record<string, number | null>>,
  validateOnly = false,
): Promise<ResponseOf<'alterClientQuotas'>> {
  const entry = {
    entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
    ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  }
  return client.ask('alterClientQuotas', { entries: [entry], validateOnly })
}

async function described(client: WireClient, components: readonly Component[] = [], strict = false): Promise<unknown> {
  const { entries, errorCode } = await client.ask('describeClientQuotas', { components, strict })
  if (entries === null) return errorCode
  return entries.map(({ entity, values }) => [
    Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
    Object.fromEntries(values.map(({ key, value }) => [key, value])),
  ])
}

function batchOf(bytes: number): Uint8Array {
  const builder = new BatchBuilder()
  builder.append(null, 'x'.repeat(bytes), 1_000)
  return builder.build()
}

async function produce(client: WireClient, bytes: number, acks = -1): Promise<ResponseOf<'produce'>> {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(bytes) }] }]
  return client.ask('produce', { acks, timeoutMs: 1_000, topicData }, 9)
}

function fetch(client: WireClient, fetchOffset = 0, more = {}): Promise<ResponseOf<'fetch'>> {
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }]
  return client.ask('fetch', { maxWaitMs: 0, minBytes: 1, topics, ...more }, 12)
}

async function write(log: LogClient, bytes: number): Promise<void> {
  await using producer = await log.producer()
  const batch = producer.batch('t', 0)
  batch.append(null, 'x'.repeat(bytes), 1_000)
  await producer.send(batch)
}

function topicOf(name: string, numPartitions: number): RequestDraft<'createTopics'>['topics'][number] {
  return { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
}

/** Whether the server still leaves a connection alone when it has answered another one. */
async function isMuted(client: WireClient, other: WireClient): Promise<boolean> {
  let isAnswered = false
  client.ask('metadata', { topics: [] }, 9).then(
    () => (isAnswered = true),
    () => {},
  )
  for (let round = 0; round < 3; round++) await other.ask('metadata', { topics: [] }, 9)
  return !isAnswered
}

test('quotas are set, removed and found by a filter', () =>
  onTheWire(async (client) => {
    expect((await alter(client, { user: 'alice' }, { producer_byte_rate: 1_000, request_percentage: 12.5 })).entries).toEqual([
      { errorCode: 0, errorMessage: null, entity: [{ entityType: 'user', entityName: 'alice' }] },
    ])
    await alter(client, { user: 'alice', 'client-id': null }, { consumer_byte_rate: 7 })
    await alter(client, { ip: '::ffff:10.0.0.1' }, { connection_creation_rate: 3 })
    const alice = { entityType: 'user', matchType: 0, match: 'alice' }
    expect(await described(client, [alice])).toEqual([
      [{ user: 'alice' }, { producer_byte_rate: 1_000, request_percentage: 12.5 }],
      [{ user: 'alice', 'client-id': null }, { consumer_byte_rate: 7 }],
    ])
    await alter(client, { user: 'alice' }, { producer_byte_rate: null, request_percentage: 99 }, true)
    expect(await described(client, [alice], true)).toEqual([
      [{ user: 'alice' }, { producer_byte_rate: 1_000, request_percentage: 12.5 }],
    ])
    await alter(client, { user: 'alice' }, { producer_byte_rate: null, request_percentage: null })
    expect(await described(client, [alice], true)).toEqual([])
    expect(await described(client, [{ entityType: 'client-id', matchType: 1, match: null }])).toEqual([
      [{ user: 'alice', 'client-id': null }, { consumer_byte_rate: 7 }],
    ])
    expect(await described(client, [{ entityType: 'ip', matchType: 2, match: null }])).toEqual([
      [{ ip: '10.0.0.1' }, { connection_creation_rate: 3 }],
    ])
  }))

test('a client of the wire sets and lists them as a program does that has the log', () =>
  onTheWire(async (_client, log, served) => {
    const { host, port } = served.places[0]!
    await using remote = await connectLog({ bootstrapServers: `${host}:${port}` })
    await remote.admin.alterQuotas({ user: 'alice', 'client-id': null }, { producer_byte_rate: 1_000 })
    await log.admin.alterQuotas({ ip: null }, { connection_creation_rate: 5_000 })
    const all = [
      { entity: { user: 'alice', 'client-id': null }, values: { producer_byte_rate: 1_000 } },
      { entity: { ip: null }, values: { connection_creation_rate: 5_000 } },
    ]
    expect([await remote.admin.listQuotas(), await log.admin.listQuotas()]).toEqual([all, all])
    await expect(remote.admin.alterQuotas({}, { producer_byte_rate: 1 })).rejects.toMatchObject({ code: 'INVALID_QUOTA' })
    await remote.admin.alterQuotas({ ip: null }, { connection_creation_rate: null })
    expect(await log.admin.listQuotas()).toEqual(all.slice(0, 1))
  }))

test('quotas are there when the log is opened again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-quotas-'))
  try {
    for (const round of [0, 1]) {
      await using log = await embeddedLog({ dir, durability: 'os' })
      await using served = await serveLog(log, { listeners: [{ port: 0 }] })
      await using client = await WireClient.connect(served.places[0]!)
      if (round === 0) await alter(client, { user: 'ä/"' }, { request_percentage: 0.5 })
      expect(await described(client)).toEqual([[{ user: 'ä/"' }, { request_percentage: 0.5 }]])
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('what cannot be is refused, entity by entity', () =>
  onTheWire(async (client) => {
    const codeOf = async (...of: [Entity, Record<string, number>]): Promise<number> =>
      (await alter(client, ...of)).entries[0]!.errorCode
    expect(await codeOf({}, { producer_byte_rate: 1 })).toBe(errorCodes.INVALID_REQUEST)
    expect(await codeOf({ user: '' }, { producer_byte_rate: 1 })).toBe(errorCodes.INVALID_REQUEST)
    expect(await codeOf({ host: 'a' }, { producer_byte_rate: 1 })).toBe(errorCodes.INVALID_REQUEST)
    expect(await codeOf({ user: 'a' }, { producer_byte_rate: 1.5 })).toBe(errorCodes.INVALID_REQUEST)
    expect(await codeOf({ user: 'a' }, { nothing: 1 })).toBe(errorCodes.INVALID_REQUEST)
    const entity = ['a', 'b'].map((entityName) => ({ entityType: 'user', entityName }))
    const ops = [{ key: 'producer_byte_rate', value: 1, remove: false }]
    const { entries } = await client.ask('alterClientQuotas', {
      entries: [
        { entity, ops },
        { entity: entity.slice(1), ops },
      ],
      validateOnly: false,
    })
    expect(entries.map(({ errorCode }) => errorCode)).toEqual([errorCodes.INVALID_REQUEST, 0])
    expect(await described(client)).toEqual([[{ user: 'b' }, { producer_byte_rate: 1 }]])
    for (const [components, code] of [
      [[{ entityType: '', matchType: 2, match: null }], errorCodes.INVALID_REQUEST],
      [[{ entityType: 'user', matchType: 0, match: null }], errorCodes.INVALID_REQUEST],
      [[{ entityType: 'user', matchType: 2, match: 'a' }], errorCodes.INVALID_REQUEST],
      [[{ entityType: 'user', matchType: 9, match: null }], errorCodes.INVALID_REQUEST],
      [[{ entityType: 'host', matchType: 2, match: null }], errorCodes.UNSUPPORTED_VERSION],
      [['user', 'user'].map((entityType) => ({ entityType, matchType: 2, match: null })), errorCodes.INVALID_REQUEST],
      [['ip', 'user'].map((entityType) => ({ entityType, matchType: 2, match: null })), errorCodes.INVALID_REQUEST],
    ] as const)
      expect(await described(client, components)).toBe(code)
  }))

test('SEC-23: who produces more than allowed is answered at once, told to wait, and not listened to meanwhile', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using other = await WireClient.connect(served.places[0]!)
    await alter(other, { user: 'ANONYMOUS', 'client-id': 'test' }, { producer_byte_rate: 1_000 })
    expect((await produce(client, 5_000)).throttleTimeMs).toBe(0)
    const throttled = await produce(client, 100_000)
    expect(throttled.responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 1 })
    expect(throttled.throttleTimeMs).toBeGreaterThan(60_000)
    expect(await isMuted(client, other)).toBe(true)
    // Another connection of the same client is muted by its own requests.
    expect((await produce(other, 10)).throttleTimeMs).toBeGreaterThan(60_000)
    client.destroy()
  }))

test('SEC-23: a producer that wants no answer is muted like others', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using other = await WireClient.connect(served.places[0]!)
    await alter(other, { user: null }, { producer_byte_rate: 10 })
    void produce(client, 10_000, 0).catch(() => {})
    await using consumer = await log.consumer({ reset: 'earliest' })
    await consumer.assign([{ topic: 't', partition: 0 }])
    while ((await consumer.poll({ timeoutMs: 100 })).length === 0);
    expect(await isMuted(client, other)).toBe(true)
    client.destroy()
  }))

test('SEC-23: who fetches more than allowed gets nothing for a time, and goes on afterwards', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    for (let one = 0; one < 10; one++) await write(log, 4_500)
    await alter(client, { 'client-id': null }, { consumer_byte_rate: 1_000 })
    // One answer has ten seconds' worth at most: what is more would be held back for ever.
    const first = await fetch(client)
    const bytes = first.responses[0]!.partitions[0]!.records!.length
    expect([first.throttleTimeMs, bytes > 9_000, bytes <= 10_000]).toEqual([0, true, true])
    const second = await fetch(client, 2, { sessionEpoch: 0 })
    expect([second.errorCode, second.responses, second.sessionId]).toEqual([0, [], 0])
    expect(second.throttleTimeMs).toBeGreaterThan(0)
    await using other = await WireClient.connect(served.places[0]!)
    expect(await isMuted(client, other)).toBe(true)
    client.destroy()
  }))

test('a batch that is larger than its quota is read once, and paid for', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await write(log, 50_000)
    await alter(client, { 'client-id': 'test' }, { consumer_byte_rate: 1_000 })
    const answer = await fetch(client)
    expect(answer.responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(50_000)
    expect(answer.throttleTimeMs).toBeGreaterThan(30_000)
    await using other = await WireClient.connect(served.places[0]!)
    expect(await isMuted(client, other)).toBe(true)
    client.destroy()
  }))

test('a session outlives a fetch that is held back', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const { sessionId } = await fetch(client, 0, { sessionEpoch: 0 })
    await write(log, 5_000)
    await alter(client, { 'client-id': 'test' }, { consumer_byte_rate: 600 })
    await fetch(client)
    const held = await fetch(client, 0, { sessionId, sessionEpoch: 1, topics: [] })
    expect([held.sessionId, held.responses, held.throttleTimeMs > 0]).toEqual([sessionId, [], true])
    await using other = await WireClient.connect(served.places[0]!)
    await alter(other, { 'client-id': 'test' }, { consumer_byte_rate: null })
    const next = await fetch(other, 0, { sessionId, sessionEpoch: 2, topics: [] })
    expect(next.responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(5_000)
    client.destroy()
  }))

test('SEC-23: requests that take the event loop for too long are made to wait, for a second at most', () =>
  onTheWire(async (client) => {
    await alter(client, { user: 'ANONYMOUS' }, { request_percentage: 1e-9 })
    const { throttleTimeMs } = await client.ask('metadata', { topics: [] }, 9)
    expect(throttleTimeMs).toBeGreaterThan(0)
    expect(throttleTimeMs).toBeLessThanOrEqual(1_000)
  }))

test('SEC-23: topics and partitions are made and deleted no faster than allowed', () =>
  onTheWire(async (client, log, served) => {
    await alter(client, { user: 'ANONYMOUS' }, { controller_mutation_rate: 0.1 })
    const made = await client.ask('createTopics', { topics: [topicOf('a', 10), topicOf('b', 1), topicOf('wrong/name', 1)] }, 7)
    expect(made.topics.map(({ errorCode }) => errorCode)).toEqual([
      0,
      errorCodes.THROTTLING_QUOTA_EXCEEDED,
      errorCodes.INVALID_TOPIC_EXCEPTION,
    ])
    expect(made.throttleTimeMs).toBeGreaterThan(60_000)
    expect(await log.admin.listTopics()).toEqual(['a'])
    await using other = await WireClient.connect(served.places[0]!)
    expect(await isMuted(client, other)).toBe(true)
    client.destroy()
    const deleted = await other.ask('deleteTopics', { topics: [{ name: 'a', topicId: '0'.repeat(32) }], timeoutMs: 1_000 }, 6)
    expect(deleted.responses[0]!.errorCode).toBe(errorCodes.THROTTLING_QUOTA_EXCEEDED)
    other.destroy()
    await using third = await WireClient.connect(served.places[0]!)
    const wider = await third.ask(
      'createPartitions',
      { topics: [{ name: 'a', count: 11, assignments: null }], timeoutMs: 1_000, validateOnly: false },
      3,
    )
    expect(wider.results[0]!.errorCode).toBe(errorCodes.THROTTLING_QUOTA_EXCEEDED)
    third.destroy()
  }))

test('a client that does not know the refusal gets its topics, and is made to wait', () =>
  onTheWire(async (client, log) => {
    await alter(client, { user: 'ANONYMOUS' }, { controller_mutation_rate: 0.1 })
    const made = await client.ask('createTopics', { topics: [topicOf('a', 10), topicOf('b', 1)] }, 5)
    expect(made.topics.map(({ errorCode }) => errorCode)).toEqual([0, 0])
    expect(made.throttleTimeMs).toBeGreaterThan(60_000)
    expect(await log.admin.listTopics()).toEqual(['a', 'b'])
    client.destroy()
  }))

test('SEC-20: an address opens no more connections a second than allowed; what is too early is closed after a while', () =>
  onTheWire(async (client, _log, served) => {
    await alter(client, { ip: '127.0.0.1' }, { connection_creation_rate: 1 })
    const place = served.places[0]!
    const all = await Promise.all(Array.from({ length: 15 }, () => WireClient.connect(place)))
    const outcomes = await Promise.all(
      all.map((one) =>
        one.ask('metadata', { topics: [] }, 9).then(
          () => 'served',
          () => 'closed',
        ),
      ),
    )
    expect(outcomes.filter((one) => one === 'served').length).toBeGreaterThanOrEqual(9)
    expect(outcomes.filter((one) => one === 'closed').length).toBeGreaterThanOrEqual(3)
    for (const one of all) one.destroy()
  }))
