import { expect, test } from 'vitest'
import { errorCodes } from '../protocol/error-codes.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

function batchOf(...values: readonly string[]): Uint8Array {
  const builder = new BatchBuilder()
  for (const [index, value] of values.entries()) builder.append(null, value, 1_000 + index)
  return builder.build()
}

test('says which APIs it serves, also to a client that asks in a version that nobody knows', () =>
  onTheWire(async (client) => {
    const known = await client.ask('apiVersions', { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
    expect(known.errorCode).toBe(errorCodes.NONE)
    expect(known.apiKeys.find(({ apiKey }) => apiKey === 0)).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 13 })
    expect(known.finalizedFeatures).toEqual([
      { name: 'group.version', maxVersionLevel: 1, minVersionLevel: 1 },
      { name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 },
    ])
  }))

test('what is produced is in the log, and what is in the log is fetched', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    const described = await client.ask('metadata', { topics: [{ name: 't', topicId: '0'.repeat(32) }] })
    expect(described.topics[0]).toMatchObject({ errorCode: 0, name: 't', isInternal: false })
    expect(described.topics[0]!.partitions).toHaveLength(2)
    const { topicId } = described.topics[0]!
    const produced = await client.ask('produce', {
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ topicId, partitionData: [{ index: 1, records: batchOf('a', 'b') }] }],
    })
    expect(produced.responses[0]!.partitionResponses[0]).toMatchObject({ index: 1, errorCode: 0, baseOffset: 0 })
    const fetched = await client.ask('fetch', {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [{ topicId, partitions: [{ partition: 1, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
      forgottenTopicsData: [],
    })
    const [partition] = fetched.responses[0]!.partitions
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 2, lastStableOffset: 2 })
    expect(partition!.records!.length).toBe(batchOf('a', 'b').length)
    const ends = await client.ask('listOffsets', {
      replicaId: -1,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 1, timestamp: -1 },
            { partitionIndex: 1, timestamp: -2 },
            { partitionIndex: 1, timestamp: 1_001 },
            { partitionIndex: 1, timestamp: -3 },
            { partitionIndex: 7, timestamp: -1 },
          ],
        },
      ],
    })
    expect(ends.topics[0]!.partitions.map(({ errorCode, offset }) => [errorCode, offset])).toEqual([
      [0, 2],
      [0, 0],
      [0, 1],
      [0, 1],
      [errorCodes.UNKNOWN_TOPIC_OR_PARTITION, -1],
    ])
  }))

test('metadata, and coordinators, in every version', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const { port } = served.places[0]!
    for (let version = 0; version <= 6; version++) {
      const asked = version < 4 ? { key: 'g' } : { coordinatorKeys: ['g', 'h'] }
      const found = await client.ask('findCoordinator', asked, version)
      expect(version < 4 ? [found] : found.coordinators).toMatchObject(
        (version < 4 ? [{}] : [{ key: 'g' }, { key: 'h' }]).map((one) => ({
          ...one,
          nodeId: 1,
          host: '127.0.0.1',
          port,
          errorCode: 0,
        })),
      )
    }
    for (let version = 0; version <= 13; version++) {
      const { topics } = await client.ask('metadata', { topics: [{ name: 't', topicId: '0'.repeat(32) }] }, version)
      expect(topics).toMatchObject([{ errorCode: 0, name: 't', partitions: [{ leaderId: 1, partitionIndex: 0 }] }])
    }
  }))

test.each([1, 3, 4])('offsets by time in version %i', (version) =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf('a', 'b') }] }]
    await client.ask('produce', { acks: -1, timeoutMs: 1_000, topicData }, 9)
    const topics = [{ name: 't', partitions: [-2, 1_001, 2_000].map((timestamp) => ({ partitionIndex: 0, timestamp })) }]
    const found = await client.ask('listOffsets', { replicaId: -1, topics }, version)
    expect(found.topics[0]!.partitions.map(({ errorCode, offset }) => [errorCode, offset])).toEqual([
      [0, 0],
      [0, 1],
      [0, -1],
    ])
  }),
)

test('answers in the order of the requests, and a fetch that waits is woken by a produce of another connection', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const topic = { topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }
    const order: string[] = []
    const waiting = client.ask('fetch', { maxWaitMs: 60_000, minBytes: 1, topics: [topic] }, 11).then((answer) => {
      order.push('fetch')
      return answer
    })
    const next = client.ask('metadata', { topics: [] }, 9).then(() => order.push('metadata'))
    await using other = await WireClient.connect(served.places[0]!)
    const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf('x') }] }]
    await other.ask('produce', { acks: 1, timeoutMs: 1_000, topicData }, 9)
    expect((await waiting).responses[0]!.partitions[0]).toMatchObject({ highWatermark: 1 })
    await next
    expect(order).toEqual(['fetch', 'metadata'])
  }))

test('a fetch waits for as many bytes as it asks for, and for no longer than it says', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }]
    const one = batchOf('x').length
    const waiting = client.ask('fetch', { maxWaitMs: 60_000, minBytes: 2 * one, topics }, 11)
    await using other = await WireClient.connect(served.places[0]!)
    const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf('x') }] }]
    for (let round = 0; round < 2; round++) await other.ask('produce', { acks: 1, timeoutMs: 1_000, topicData }, 9)
    expect((await waiting).responses[0]!.partitions[0]!.records).toHaveLength(2 * one)
    const short = await other.ask('fetch', { maxWaitMs: 20, minBytes: 9 * one, topics }, 11)
    expect(short.responses[0]!.partitions[0]!.records).toHaveLength(2 * one)
  }))

test('SEC-14: what makes no sense closes the connection, and no other', () =>
  onTheWire(async (client, _log, served) => {
    for (const frame of [
      'ffffffff',
      '7fffffff',
      '00000004deadbeef',
      '0000000900000009000000010000',
      '0000000a7fff000000000001ffff',
    ]) {
      const hostile = await WireClient.connect(served.places[0]!)
      hostile.send(Buffer.from(frame, 'hex'))
      await hostile.closed
    }
    expect((await client.ask('metadata', { topics: null })).controllerId).toBe(1)
  }))

test('closes after answering what is in hand, and takes no listener that others reach', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const topic = { topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }
    const waiting = client.ask('fetch', { maxWaitMs: 200, minBytes: 1, topics: [topic] }, 11)
    await client.ask('metadata', { topics: [] }, 9).catch(() => {})
    await served.close()
    expect((await waiting).errorCode).toBe(0)
    await client.closed
    await expect(serveLog(log, { listeners: [{ host: '0.0.0.0', port: 0 }] })).rejects.toMatchObject({ code: 'LISTENER_UNSAFE' })
    await expect(serveLog({} as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }))
