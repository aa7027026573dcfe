import { readdirSync } from 'node:fs'
import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../protocol/error-codes.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { toRecords } from '../record/batch-reader.ts'
import { compressRecords } from '../record/compression.ts'
import { crc32c } from '../record/crc32c.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

/** Requests that have the right form and mean harm: the checks SEC-16, 17, 26 and 31 on the wire. */

const topic = 't'

const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_DELTA_AT = 23
const MAX_TIMESTAMP_AT = 35
const PRODUCER_AT = 43
const SEQUENCE_AT = 53
const COUNT_AT = 57
const RECORDS_AT = 61

function batchOf(...values: readonly string[]): Buffer {
  const builder = new BatchBuilder()
  for (const value of values) builder.append(null, value, 1_000)
  return Buffer.from(builder.build())
}

/** With a checksum that is right, whatever was done to it. */
function changed(change: (batch: Buffer) => void): Buffer {
  const batch = batchOf('a', 'b')
  change(batch)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}

/** One record's worth of bytes, said to be compressed so. */
function compressed(codec: number, block: Uint8Array): Buffer {
  const batch = Buffer.concat([batchOf('a').subarray(0, RECORDS_AT), block])
  batch.writeInt32BE(batch.length - 12, LENGTH_AT)
  batch.writeInt16BE(codec, ATTRIBUTES_AT)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}

async function produce(
  client: WireClient,
  records: Uint8Array,
): Promise<{ readonly errorCode: number; readonly baseOffset: number }> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const answer = await client.ask('produce', { acks: -1, timeoutMs: 1_000, topicData }, 12)
  return answer.responses[0]!.partitionResponses[0]!
}

async function endOf(client: WireClient): Promise<number> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
  return (await client.ask('listOffsets', { replicaId: -1, topics }, 7)).topics[0]!.partitions[0]!.offset
}

async function fetchOne(client: WireClient, from: number): Promise<Uint8Array> {
  const topics = [{ topic, partitions: [{ partition: 0, fetchOffset: from, partitionMaxBytes: 1 << 20 }] }]
  const answer = await client.ask('fetch', { maxWaitMs: 0, minBytes: 1, topics, forgottenTopicsData: [] }, 11)
  return answer.responses[0]!.partitions[0]!.records!
}

const { CORRUPT_MESSAGE, INVALID_RECORD, TRANSACTIONAL_ID_AUTHORIZATION_FAILED, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE } =
  errorCodes

describe('SEC-16: a record batch', () => {
  test.each<[string, Buffer, readonly number[]]>([
    ['whose checksum is wrong', Buffer.from(batchOf('a').fill(1, CRC_AT, CRC_AT + 4)), [CORRUPT_MESSAGE]],
    ['of an old format', changed((batch) => batch.writeInt8(1, MAGIC_AT)), [CORRUPT_MESSAGE]],
    ['that says it is longer than it is', changed((batch) => batch.writeInt32BE(batch.length, LENGTH_AT)), [CORRUPT_MESSAGE]],
    ['that says it is shorter', changed((batch) => batch.writeInt32BE(batch.length - 13, LENGTH_AT)), [CORRUPT_MESSAGE]],
    ['that says it is of no length', changed((batch) => batch.writeInt32BE(-1, LENGTH_AT)), [CORRUPT_MESSAGE]],
    [
      'whose last offset is below its first',
      changed((batch) => batch.writeInt32BE(-5, LAST_DELTA_AT)),
      [CORRUPT_MESSAGE, INVALID_RECORD],
    ],
    ['that takes more offsets than it has records', changed((batch) => batch.writeInt32BE(9, LAST_DELTA_AT)), [INVALID_RECORD]],
    [
      'that counts more records than there are',
      changed((batch) => (batch.writeInt32BE(3, COUNT_AT), batch.writeInt32BE(2, LAST_DELTA_AT))),
      [INVALID_RECORD],
    ],
    [
      'that counts fewer',
      changed((batch) => (batch.writeInt32BE(1, COUNT_AT), batch.writeInt32BE(0, LAST_DELTA_AT))),
      [INVALID_RECORD],
    ],
    [
      'of two thousand million records',
      changed((batch) => (batch.writeInt32BE(2 ** 31 - 1, COUNT_AT), batch.writeInt32BE(2 ** 31 - 2, LAST_DELTA_AT))),
      [INVALID_RECORD],
    ],
    ['that is a marker', changed((batch) => batch.writeInt16BE(0x20, ATTRIBUTES_AT)), [INVALID_RECORD]],
    [
      'of a transaction, without its id',
      changed((batch) => batch.writeInt16BE(0x10, ATTRIBUTES_AT)),
      [TRANSACTIONAL_ID_AUTHORIZATION_FAILED],
    ],
    ['whose time is said to be the log’s', changed((batch) => batch.writeInt16BE(0x08, ATTRIBUTES_AT)), [INVALID_TIMESTAMP]],
    ['of a producer without a sequence', changed((batch) => batch.writeBigInt64BE(7n, PRODUCER_AT)), [INVALID_RECORD]],
    ['whose records are garbage', changed((batch) => batch.fill(0xff, RECORDS_AT)), [INVALID_RECORD]],
    ['whose compressed records are garbage', compressed(1, Buffer.alloc(50, 7)), [CORRUPT_MESSAGE, INVALID_RECORD]],
    ['that compresses garbage', compressed(4, zstdCompressSync(Buffer.alloc(50, 0xff))), [INVALID_RECORD]],
    ['of a codec that there is not', changed((batch) => batch.writeInt16BE(7, ATTRIBUTES_AT)), [CORRUPT_MESSAGE, INVALID_RECORD]],
  ])('%s is refused, and nothing is kept of it', (_what, batch, codes) =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic, partitions: 1 }])
      await produce(client, batchOf('before'))
      expect(codes).toContain((await produce(client, batch)).errorCode)
      expect(await endOf(client)).toBe(1)
      expect((await produce(client, batchOf('after'))).baseOffset).toBe(1)
    }),
  )

  test('has the offsets that the log gives, whatever the client says, and the greatest of its times', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic, partitions: 1 }])
      await produce(client, batchOf('before'))
      const lying = changed((batch) => {
        batch.writeBigInt64BE(77n, 0)
        batch.writeBigInt64BE(2n ** 40n, MAX_TIMESTAMP_AT)
      })
      expect(await produce(client, lying)).toMatchObject({ errorCode: 0, baseOffset: 1 })
      const records = toRecords(await fetchOne(client, 1))
      expect(records.map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
        [1, 1_000],
        [2, 1_000],
      ])
    }))

  test('cannot speak for the producer of somebody else: its epoch and sequence are known', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic, partitions: 1 }])
      const of = (producerId: number, producerEpoch: number, baseSequence: number): Uint8Array => {
        const builder = new BatchBuilder()
        builder.append(null, 'x', 1_000)
        return builder.build({ producerId, producerEpoch, baseSequence, transactional: false })
      }
      const { producerId } = await client.ask('initProducerId', { transactionalId: null, transactionTimeoutMs: 1_000 }, 4)
      expect((await produce(client, of(producerId, 3, 0))).errorCode).toBe(0)
      expect((await produce(client, of(producerId, 2, 1))).errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect((await produce(client, of(producerId, 3, 9))).errorCode).toBe(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect(
        (
          await produce(
            client,
            changed((batch) => batch.writeInt32BE(5, SEQUENCE_AT)),
          )
        ).errorCode,
      ).toBe(0)
      expect(await endOf(client)).toBe(3)
    }))
})

const zeros = Buffer.alloc(256 << 20)
/** Small blocks that become 256 MiB, or say that they do. */
const bombs: readonly (readonly [string, number, () => Uint8Array])[] = [
  ['gzip', 1, () => Buffer.concat([Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), deflateRawSync(zeros)])],
  ['snappy', 2, () => Buffer.concat([Buffer.of(0x80, 0x80, 0x80, 0x80, 0x01), Buffer.alloc(1 << 19, 0xfe)])],
  ['lz4', 3, () => compressRecords(zeros.subarray(0, 128 << 20), { codec: 'lz4' })],
  ['zstd', 4, () => zstdCompressSync(zeros)],
]

test.each(bombs)(
  'SEC-17: a bomb of %s is refused without the memory that it would fill',
  { timeout: 60_000 },
  (_codec, code, block) =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic, partitions: 1, config: { 'max.message.bytes': '2097152' } }])
      const batch = compressed(code, block())
      const before = process.memoryUsage().rss
      for (let round = 0; round < 4; round++)
        expect([MESSAGE_TOO_LARGE, INVALID_RECORD, CORRUPT_MESSAGE]).toContain((await produce(client, batch)).errorCode)
      expect((process.memoryUsage().rss - before) / (1 << 20)).toBeLessThan(200)
      expect(await endOf(client)).toBe(0)
    }),
)

const oddNames = [
  '..',
  '.',
  '../../etc/passwd',
  '%2e%2e%2f',
  'a\u0000b',
  'a/b',
  'a\\b',
  'trailing ',
  'é',
  'e\u0301',
  'x'.repeat(250),
  '',
  '\u{1f600}',
  'line\nbreak',
]

describe('SEC-26: a name', () => {
  test.each(oddNames)('%j is no topic, and whatever else has it makes no file', (name) =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic, partitions: 1 }])
      const folder = (log as unknown as { broker: { directory: { folder: string } } }).broker.directory.folder
      const made = await client.ask('createTopics', {
        topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 1_000,
        validateOnly: false,
      })
      expect(made.topics[0]!.errorCode).toBe(errorCodes.INVALID_TOPIC_EXCEPTION)
      const described = await client.ask('metadata', { topics: [{ name }], allowAutoTopicCreation: true }, 9)
      expect([errorCodes.INVALID_TOPIC_EXCEPTION, errorCodes.UNKNOWN_TOPIC_OR_PARTITION]).toContain(
        described.topics[0]!.errorCode,
      )
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: name }] }]
      const request = { groupId: name, generationIdOrMemberEpoch: -1, memberId: '', topics }
      const committed = (await client.ask('offsetCommit', request, 8)).topics[0]!.partitions[0]!.errorCode
      expect(committed).toBe(name === '' ? errorCodes.INVALID_GROUP_ID : errorCodes.NONE)
      await client.ask('initProducerId', { transactionalId: name, transactionTimeoutMs: 1_000 }, 4)
      const known = /^(\.lock(-holder)?|millrace-[a-z]+(-\d)?(\.\w+)?|t-0|__\w+-\d+)$/
      expect(readdirSync(folder).filter((found) => !known.test(found))).toEqual([])
    }),
  )

  test('that a device has elsewhere, or that looks like another one, is a folder of its own', () =>
    onTheWire(async (client, log) => {
      const names = ['CON', 'nul.txt', 'A', 'a', '...', '-1', '--dir', '__proto__', 'x'.repeat(249)]
      const made = await client.ask('createTopics', {
        topics: names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })),
        timeoutMs: 1_000,
        validateOnly: false,
      })
      expect(made.topics.map(({ errorCode }) => errorCode)).toEqual(names.map(() => errorCodes.NONE))
      for (const name of names) {
        const topicData = [{ name, partitionData: [{ index: 0, records: batchOf(name) }] }]
        await client.ask('produce', { acks: -1, timeoutMs: 1_000, topicData }, 9)
      }
      expect([...(await log.admin.listTopics())].sort()).toEqual([...names].sort())
    }))
})

const poison = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']

test.each(poison)('SEC-31: %s is a name like any other, and no object gets anything from it', (name) =>
  onTheWire(async (client, log) => {
    const shape = { name, numPartitions: 1, replicationFactor: 1, assignments: [] }
    const options = { timeoutMs: 1_000, validateOnly: false }
    const poisoned = { ...shape, configs: [{ name, value: '{"polluted":true}' }] }
    const refused = await client.ask('createTopics', { topics: [poisoned], ...options })
    expect(refused.topics[0]!.errorCode).toBe(errorCodes.INVALID_CONFIG)
    const made = await client.ask('createTopics', { topics: [{ ...shape, configs: [] }], ...options })
    expect(made.topics[0]!.errorCode).toBe(errorCodes.NONE)

    const builder = new BatchBuilder()
    builder.append(name, '{"__proto__":{"polluted":true}}', 1_000, [[name, Buffer.from('polluted')]] as never)
    const topicData = [{ name, partitionData: [{ index: 0, records: builder.build() }] }]
    const produced = await client.ask('produce', { acks: -1, timeoutMs: 1_000, topicData }, 9)
    expect(produced.responses[0]!.partitionResponses[0]!.errorCode).toBe(errorCodes.NONE)

    const resources = [{ resourceType: 2, resourceName: name, configs: [{ name, configOperation: 0, value: 'polluted' }] }]
    const altered = await client.ask('incrementalAlterConfigs', { resources, validateOnly: false })
    expect(altered.responses[0]!.errorCode).toBe(errorCodes.INVALID_CONFIG)
    const asked = { resources: [{ resourceType: 2, resourceName: name, configurationKeys: [name] }] }
    const described = await client.ask('describeConfigs', asked)
    expect(described.results[0]!.configs).toEqual([])

    const topics = [{ name, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: name }] }]
    const commit = { groupId: name, generationIdOrMemberEpoch: -1, memberId: '', topics }
    expect((await client.ask('offsetCommit', commit, 8)).topics[0]!.partitions[0]!.errorCode).toBe(errorCodes.NONE)
    expect(await log.admin.groupOffsets(name)).toMatchObject([{ topic: name, offset: 1 }])
    const init = await client.ask('initProducerId', { transactionalId: name, transactionTimeoutMs: 1_000 }, 4)
    expect(init.errorCode).toBe(errorCodes.NONE)
    const found = await client.ask('describeTransactions', { transactionalIds: [name, 'nobody'] })
    expect(found.transactionStates.map(({ errorCode }) => errorCode)).toEqual([0, errorCodes.TRANSACTIONAL_ID_NOT_FOUND])

    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  }),
)
