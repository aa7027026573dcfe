import { describe, expect, test } from 'vitest'
import type { Header } from '../base/bytes.ts'
import type { Broker } from '../broker/broker.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogGeometry } from '../log/log-options.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  compressionNames,
  COUNT_AT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  MAX_TIMESTAMP_AT,
  readBatchHeader,
  type BatchHeader,
} from '../record/batch-header.ts'
import { toRecords, type RecordObject } from '../record/batch-reader.ts'
import { writeInt16, writeInt32, writeInt64 } from '../record/big-endian.ts'
import type { Compression, CompressionName } from '../record/compression.ts'
import { crc32c } from '../record/crc32c.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

/** What the settings of a topic ask of records, at both doors: batches from outside, and the embedded producer. */
const now = 1_767_225_600_000
const hour = 3_600_000
const to = { topic: 't', partition: 0 }
const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const

const geometry: LogGeometry = {
  journal: { fileBytes: 1 << 20, blockBytes: 4096 },
  roundBytes: 1 << 18,
  maxFrameBytes: 1 << 18,
  writeBehindBytes: 1 << 16,
  tailBytes: 1 << 18,
  openSegments: { openFiles: 3, indexBytes: 1000 },
  internalSegmentBytes: 1 << 18,
}

interface Bench {
  readonly broker: Broker
  readonly log: EmbeddedLog
  readonly world: SimWorld
  readonly reopen: () => Promise<Broker>
}

async function onTopic(config: Readonly<Record<string, string>>, work: (bench: Bench) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1, startTimeMs: now })
  await world.run(async () => {
    let { broker, log } = await openSimulatedLog(world, 'sync', geometry)
    await broker.topics.create([{ topic: 't', partitions: 1, config }])
    const reopen = async (): Promise<Broker> => {
      await log.close()
      ;({ broker, log } = await openSimulatedLog(world, 'sync', geometry))
      return broker
    }
    await work({ broker, log, world, reopen })
    await log.close()
  })
}

interface Sent {
  readonly key?: string | null
  readonly value?: string
  readonly timestamp?: number
  readonly headers?: readonly Header[]
}

const idempotent = (baseSequence: number): Parameters<BatchBuilder['build']>[0] => ({
  producerId: 77,
  producerEpoch: 0,
  baseSequence,
  transactional: false,
})

function batch(sent: readonly Sent[], compression: Compression = { codec: 'none' }, sequence?: number): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 1 << 20, compression })
  for (const { key = 'k', value = 'v', timestamp = now, headers } of sent) builder.append(key, value, timestamp, headers)
  return builder.build(sequence === undefined ? undefined : idempotent(sequence))
}

/** Changed as a wrong client would: with a checksum that fits. */
function bent(bytes: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  change(bytes)
  writeInt32(bytes, CRC_AT, crc32c(bytes.subarray(ATTRIBUTES_AT)))
  return bytes
}

async function stored(broker: Broker, at = 0): Promise<{ header: BatchHeader; records: RecordObject[]; codec: CompressionName }> {
  const log = broker.topics.log(to)
  const [bytes] = await log.read(at, log.highWatermark, 1)
  const header = readBatchHeader(bytes!, 0)
  return { header, records: toRecords(bytes!), codec: compressionNames[header.compression] }
}

const outside = { code: 'INVALID_TIMESTAMP' }

describe('a batch from outside is refused, with the index of the record, and nothing is written', () => {
  test.each<[string, Readonly<Record<string, string>>, () => Uint8Array, object]>([
    [
      'a record without key on a compacted topic',
      { 'cleanup.policy': 'compact' },
      () => batch([{}, { key: null }]),
      { code: 'INVALID_RECORD', recordIndex: 1 },
    ],
    [
      'the same, compressed',
      { 'cleanup.policy': 'compact,delete' },
      () => batch([{}, {}, { key: null }], { codec: 'lz4' }),
      { code: 'INVALID_RECORD', recordIndex: 2 },
    ],
    [
      'a timestamp over an hour ahead, by default',
      {},
      () => batch([{}, { timestamp: now + hour + 60_000 }]),
      { ...outside, recordIndex: 1 },
    ],
    [
      'a timestamp too far ahead',
      { 'message.timestamp.after.max.ms': '10' },
      () => batch([{ timestamp: now + 1000 }]),
      { ...outside, recordIndex: 0 },
    ],
    [
      'a timestamp too far back',
      { 'message.timestamp.before.max.ms': '10' },
      () => batch([{}, { timestamp: now - 1000 }], { codec: 'zstd' }),
      { ...outside, recordIndex: 1 },
    ],
    ['a time that only the log gives', {}, () => bent(batch([{}]), (bytes) => writeInt16(bytes, ATTRIBUTES_AT, 0b1000)), outside],
    [
      'more records than were counted',
      {},
      () =>
        bent(batch([{}, {}]), (bytes) => {
          writeInt32(bytes, COUNT_AT, 1)
          writeInt32(bytes, LAST_OFFSET_DELTA_AT, 0)
        }),
      { code: 'CORRUPT_BATCH' },
    ],
    [
      'offsets that do not count up',
      {},
      () => bent(batch([{}]), (bytes) => writeInt32(bytes, LAST_OFFSET_DELTA_AT, 3)),
      { code: 'CORRUPT_BATCH' },
    ],
    [
      'a codec that it was not compressed with',
      {},
      () => bent(batch([{}]), (bytes) => writeInt16(bytes, ATTRIBUTES_AT, 4)),
      { code: 'CORRUPT_BATCH' },
    ],
    [
      'a codec that there is not',
      {},
      () => bent(batch([{}]), (bytes) => writeInt16(bytes, ATTRIBUTES_AT, 5)),
      { code: 'CORRUPT_BATCH' },
    ],
    [
      'a producer without sequence',
      {},
      () => bent(batch([{}], { codec: 'none' }, 0), (bytes) => writeInt32(bytes, BASE_SEQUENCE_AT, -1)),
      { code: 'CORRUPT_BATCH' },
    ],
    [
      'more than the topic takes',
      { 'max.message.bytes': '200' },
      () => batch([{ value: 'x'.repeat(200) }]),
      { code: 'RECORD_TOO_LARGE' },
    ],
    [
      'more than the topic takes once it is not compressed',
      { 'max.message.bytes': '200', 'compression.type': 'uncompressed' },
      () => batch([{ value: 'x'.repeat(200) }], { codec: 'gzip' }),
      { code: 'RECORD_TOO_LARGE' },
    ],
  ])('%s', (_name, config, bytes, error) =>
    onTopic(config, async ({ broker }) => {
      await expect(broker.produce(to, bytes())).rejects.toMatchObject(error)
      expect(broker.topics.log(to).endOffset).toBe(0)
    }),
  )
})

describe('a batch from outside is taken', () => {
  test.each<[string, Readonly<Record<string, string>>, readonly Sent[]]>([
    [
      'with -1 for a timestamp, whatever the bounds',
      { 'message.timestamp.before.max.ms': '0', 'message.timestamp.after.max.ms': '0' },
      [{ timestamp: -1 }],
    ],
    ['an hour ahead', {}, [{ timestamp: now + hour }]],
    ['as old as can be, in any order', {}, [{ timestamp: 5 }, { timestamp: 0 }, { timestamp: now }, { timestamp: -1 }]],
    ['a tombstone on a compacted topic', { 'cleanup.policy': 'compact' }, [{ key: '' }]],
    ['without key where nothing is compacted', {}, [{ key: null }]],
    ['any time, where the log gives its own', { 'message.timestamp.type': 'LogAppendTime' }, [{ timestamp: now + 100 * hour }]],
  ])('%s', (_name, config, sent) =>
    onTopic(config, async ({ broker }) => {
      expect(await broker.produce(to, batch(sent))).toMatchObject({ baseOffset: 0 })
      expect((await stored(broker)).header.count).toBe(sent.length)
    }),
  )

  test('and its greatest timestamp corrected, where the header told another', () =>
    onTopic({}, async ({ broker }) => {
      await broker.produce(
        to,
        bent(batch([{ timestamp: 5 }, { timestamp: 3 }]), (bytes) => writeInt64(bytes, MAX_TIMESTAMP_AT, now)),
      )
      const { header, records } = await stored(broker)
      expect([header.maxTimestamp, records.map(({ timestamp }) => timestamp)]).toEqual([5, [5, 3]])
    }))
})

const sent: readonly Sent[] = [
  {
    value: 'x'.repeat(500),
    timestamp: now - 5,
    headers: [
      ['h', null],
      ['h', Buffer.of(1)],
      ['', Buffer.of()],
    ],
  },
  { key: null, value: 'y', timestamp: now },
]

describe('compression.type', () => {
  const wanted = ['uncompressed', ...codecs] as const
  const pairs = ['none', ...codecs].flatMap((from) => wanted.map((type) => [from, type] as const))
  test.each(pairs)('of a batch with %s: %s', (from, type) =>
    onTopic({ 'compression.type': type }, async ({ broker }) => {
      const given = batch(sent, { codec: from as CompressionName }, 0)
      const received = Buffer.from(given)
      await broker.produce(to, given)
      const { codec, header, records } = await stored(broker)
      expect(codec).toBe(type === 'uncompressed' ? 'none' : type)
      expect(header).toMatchObject({ producerId: 77, producerEpoch: 0, baseSequence: 0, count: 2, maxTimestamp: now })
      expect(records).toEqual(toRecords(batch(sent)))
      if (codec !== from) expect(received.equals(given)).toBe(true) // A3
    }),
  )

  test('producer: as it comes', () =>
    onTopic({}, async ({ broker }) => {
      const given = batch(sent, { codec: 'gzip', level: 1 })
      const { crc } = readBatchHeader(given, 0)
      await broker.produce(to, given)
      expect((await stored(broker)).header.crc).toBe(crc)
    }))

  test('with its level', async () => {
    const sizes: number[] = []
    const many = Array.from({ length: 300 }, (_, i) => ({ value: `${(i * 7919) % 1000} of ${i % 17}` }))
    for (const level of ['1', '9']) {
      await onTopic({ 'compression.type': 'gzip', 'compression.gzip.level': level }, async ({ broker }) => {
        await broker.produce(to, batch(many))
        sizes.push((await stored(broker)).header.sizeBytes)
      })
    }
    expect(sizes[1]).toBeLessThan(sizes[0]!)
  })
})

describe('a batch of an idempotent producer that is rewritten', () => {
  const configs: readonly [string, Readonly<Record<string, string>>][] = [
    ['by its compression', { 'compression.type': 'zstd' }],
    ['by the time of the append', { 'message.timestamp.type': 'LogAppendTime' }],
  ]
  test.each(configs)('%s, is recognised by what was received', (_name, config) =>
    onTopic(config, async ({ broker, world }) => {
      expect(await broker.produce(to, batch(sent, { codec: 'gzip' }, 0))).toMatchObject({ baseOffset: 0 })
      await new Promise<void>((resolve) => void world.clock.after(50, resolve))
      expect(await broker.produce(to, batch(sent, { codec: 'gzip' }, 0))).toMatchObject({ baseOffset: 0 })
      await expect(broker.produce(to, batch([{ value: 'other' }, {}], { codec: 'gzip' }, 0))).rejects.toMatchObject({
        code: 'DUPLICATE_DIFFERS',
      })
      expect(broker.topics.log(to).endOffset).toBe(2)
    }),
  )

  test.each(configs)('%s, is recognised after the log was opened again', (_name, config) =>
    onTopic(config, async ({ broker, reopen }) => {
      await broker.produce(to, batch(sent, { codec: 'gzip' }, 0))
      expect(await (await reopen()).produce(to, batch(sent, { codec: 'gzip' }, 0))).toMatchObject({ baseOffset: 0 })
    }),
  )
})

describe('message.timestamp.type LogAppendTime', () => {
  const config = { 'message.timestamp.type': 'LogAppendTime' }
  test.each(['none', ...codecs] as const)('a batch with %s from outside: every record has the time of the append', (codec) =>
    onTopic(config, async ({ broker }) => {
      await broker.produce(to, batch(sent, { codec }))
      const { header, records, codec: kept } = await stored(broker)
      expect([header.timestampType, header.maxTimestamp, kept]).toEqual(['append', now, codec])
      expect(records.map(({ timestamp }) => timestamp)).toEqual([now, now])
    }),
  )

  test.each(['none', 'snappy'] as const)('a record of the embedded producer with %s, plain and in a transaction', (compression) =>
    onTopic(config, async ({ log, broker }) => {
      const producer = await log.producer({ compression })
      producer.append('t', 'k', 'v', { timestamp: 7 })
      await producer.flush()
      const transactional = await log.producer({ transactionalId: 'a', compression })
      const outgoing = transactional.batch('t', 0)
      outgoing.append('k', 'w', 8)
      await transactional.transact({ batches: [outgoing] })
      const consumer = await log.consumer()
      await consumer.assign([{ ...to, offset: 0 }])
      const seen = (await consumer.poll({ timeoutMs: 0 })).flatMap((one) => one.toArray())
      expect(seen.map(({ timestamp, value }) => [timestamp, value?.toString()])).toEqual([
        [now, 'v'],
        [now, 'w'],
      ])
      expect((await stored(broker, 1)).header).toMatchObject({ timestampType: 'append', transactional: true })
    }),
  )
})

describe('the embedded producer', () => {
  test.each(['none', ...codecs] as const)('writes with compression %s what is read as it was given', (compression) =>
    onTopic({}, async ({ log, broker }) => {
      const producer = await log.producer({ compression })
      const outgoing = producer.batch('t', 0)
      const values = Array.from({ length: 3000 }, (_, i) => `value ${i} of many that look alike`)
      for (const value of values) outgoing.append('k', value, now)
      expect(await producer.send(outgoing)).toMatchObject({ baseOffset: 0, count: 3000 })
      expect((await stored(broker)).codec).toBe(compression)
      const consumer = await log.consumer()
      await consumer.assign([{ ...to, offset: 1 }])
      const seen: string[] = []
      while (seen.length < 2999) {
        for (const one of await consumer.poll({ timeoutMs: 0 })) one.forEach(({ value }) => seen.push(value!.toString()))
      }
      expect(seen).toEqual(values.slice(1))
    }),
  )

  test("lets the topic's compression go before its own", () =>
    onTopic({ 'compression.type': 'lz4' }, async ({ log, broker }) => {
      const producer = await log.producer({ compression: 'gzip' })
      producer.append('t', 'k', 'v')
      await producer.flush()
      expect((await stored(broker)).codec).toBe('lz4')
    }))

  test('leaves a batch as it is whose block would be more than the topic takes', () =>
    onTopic({ 'max.message.bytes': '80', 'compression.type': 'gzip' }, async ({ log, broker }) => {
      const producer = await log.producer()
      producer.append('t', 'k', 'incompress')
      await producer.flush()
      expect(await stored(broker)).toMatchObject({ codec: 'none', header: { count: 1 } })
    }))

  test('writes a compressed batch again that a transaction gave back', () =>
    onTopic({}, async ({ log, broker }) => {
      const producer = await log.producer({ transactionalId: 'a', compression: 'zstd' })
      const outgoing = producer.batch('t', 0)
      outgoing.append('k', 'x'.repeat(1000), now)
      const bad = { group: 'g', positions: [{ topic: 'no such', partition: 0, offset: 0 }] }
      await expect(producer.transact({ batches: [outgoing], offsets: bad })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
      await producer.transact({ batches: [outgoing] })
      expect(await stored(broker)).toMatchObject({ codec: 'zstd', header: { count: 1, transactional: true, baseSequence: 0 } })
    }))

  test.each<[string, Readonly<Record<string, string>>, Sent, string]>([
    ['without key on a compacted topic', { 'cleanup.policy': 'compact' }, { key: null }, 'INVALID_RECORD'],
    ['too far ahead', {}, { timestamp: now + hour + 60_000 }, 'INVALID_TIMESTAMP'],
    ['too far back', { 'message.timestamp.before.max.ms': '10' }, { timestamp: now - 1000 }, 'INVALID_TIMESTAMP'],
  ])('refuses a record %s at once; those before and after it are written', (_name, config, wrong, code) =>
    onTopic(config, async ({ log, broker }) => {
      const producer = await log.producer()
      const append = ({ key = 'k', value = 'v', timestamp = now }: Sent): boolean =>
        producer.append('t', key, value, { timestamp })
      append({ value: 'a' })
      expect(() => append(wrong)).toThrow(expect.objectContaining({ code, recordIndex: 1 }))
      append({ value: 'b', timestamp: -1 })
      await producer.flush()
      expect((await stored(broker)).records.map(({ value }) => value?.toString())).toEqual(['a', 'b'])
    }),
  )

  test('measures the bounds by the clock, not by when the batch was begun', () =>
    onTopic({ 'message.timestamp.after.max.ms': '10' }, async ({ log, world }) => {
      const producer = await log.producer()
      const outgoing = producer.batch('t', 0)
      expect(() => outgoing.append('k', 'v', now + 60)).toThrow(/INVALID_TIMESTAMP/)
      await new Promise<void>((resolve) => void world.clock.after(55, resolve))
      outgoing.append('k', 'v', now + 60)
      expect(outgoing.count).toBe(1)
    }))

  test('refuses a compression that there is not', () =>
    onTopic({}, async ({ log }) => {
      await expect(log.producer({ compression: 'brotli' as 'gzip' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }))
})
