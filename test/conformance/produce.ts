import type { CompressionName, Header } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, failing, readAll, readValues, send, suite, text, type Bench } from './bench.ts'

/** murmur2 of keys as Kafka's Java client has it; the partition is the hash without its sign bit, modulo the count. */
const hashes: readonly (readonly [key: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
  ['', 275646681],
]

/** The writing side: `Producer` and its batches. */
export function produce(adapter: LogAdapter): void {
  suite(adapter, 'produce', (test) => {
    const now = (): number => adapter.now()

    test('records of a partition are read in the order of the calls, whichever calls they were (P2)', async (bench) => {
      const place = { topic: await bench.topic(2), partition: 1 }
      const producer = await bench.producer()
      const expected: string[] = []
      const sends: Promise<unknown>[] = []
      for (let index = 0; index < 60; index++) {
        expected.push(`${index}`)
        if (index % 3 === 0) sends.push(send(producer, place, [`${index}`], now()))
        else producer.append(place.topic, null, `${index}`, { partition: 1 })
      }
      await producer.flush()
      await Promise.all(sends)
      expect(await readValues(bench, place)).toEqual(expected)
      expect(await readValues(bench, { ...place, partition: 0 })).toEqual([])
    })

    test('what is acknowledged is readable at once, and after a restart (P1)', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      producer.append(place.topic, 'k', 'one')
      await producer.flush()
      expect(await readValues(bench, place)).toEqual(['one'])
      await send(producer, place, ['two'], now())
      expect(await readValues(bench, place)).toEqual(['one', 'two'])
      await bench.log.sync()
      await bench.reopen()
      expect(await readValues(bench, place)).toEqual(['one', 'two'])
    })

    test('send tells where the records stand: consecutive offsets from the first', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const batches = [3, 1, 2].map((count) => {
        const batch = producer.batch(place.topic, place.partition)
        for (let index = 0; index < count; index++) batch.append('k', `${count}/${index}`, now())
        expect(batch).toMatchObject({ ...place, count })
        return batch
      })
      const results = await Promise.all(batches.map((batch) => producer.send(batch)))
      expect(results).toEqual([
        { ...place, baseOffset: 0, count: 3 },
        { ...place, baseOffset: 3, count: 1 },
        { ...place, baseOffset: 4, count: 2 },
      ])
      expect((await readAll(bench, place)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5])
    })

    test('an empty batch stands nowhere', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const empty = producer.batch(place.topic, 0)
      expect([empty.count, empty.sizeBytes]).toEqual([0, 0])
      expect(await producer.send(empty)).toEqual({ ...place, baseOffset: -1, count: 0 })
      expect(await bench.log.admin.listOffsets([{ ...place, at: 'latest' }])).toEqual([0])
    })

    test('a large batch is taken whole, in record batches of bounded size', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const values = Array.from({ length: 2000 }, (_, index) => `${index}`.padEnd(100, '.'))
      expect(await send(producer, place, values, now())).toBe(0)
      expect(await readValues(bench, place)).toEqual(values)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const [first] = await consumer.poll({ maxBytes: 1, timeoutMs: 1000 })
      expect(first!.count).toBeLessThan(values.length)
    })

    for (const [key, hash] of hashes) {
      test(`the key '${key}' goes to the partition that Kafka's clients choose`, async (bench) => {
        const topic = await bench.topic(12)
        const producer = await bench.producer()
        const partition = (hash & 0x7f_ff_ff_ff) % 12
        expect(producer.partitionOf(topic, key)).toBe(partition)
        expect(producer.partitionOf(topic, Buffer.from(key))).toBe(partition)
        producer.append(topic, key, 'text')
        producer.append(topic, new Uint8Array(Buffer.from(key)), 'bytes')
        await producer.flush()
        expect(await readValues(bench, { topic, partition })).toEqual(['text', 'bytes'])
      })
    }

    test('a text as key goes where its UTF-8 goes, whatever its length', async (bench) => {
      const topic = await bench.topic(50)
      const producer = await bench.producer()
      for (const last of ['a', 'ü', '語', '\u{1F600}']) {
        for (let length = 0; length < 300; length++) {
          const key = `${'k'.repeat(length)}${last}`
          expect(producer.partitionOf(topic, key)).toBe(producer.partitionOf(topic, Buffer.from(key)))
        }
      }
    })

    test('a key stays in its partition until partitions are added', async (bench) => {
      const topic = await bench.topic(3)
      const producer = await bench.producer()
      const abc = hashes[5]![1]
      expect(producer.partitionOf(topic, 'abc')).toBe(abc % 3)
      await bench.log.admin.addPartitions(topic, 50)
      expect(producer.partitionOf(topic, 'abc')).toBe(abc % 50)
      await expectFailure(() => producer.partitionOf(bench.name(), 'abc'), 'UNKNOWN_TOPIC')
    })

    test('records without key stay together while a batch is open, and visit all partitions in time', async (bench) => {
      const topic = await bench.topic(3)
      const producer = await bench.producer()
      const seen = new Set<number>()
      let count = 0
      while (seen.size < 3 && count < 300) {
        for (let index = 0; index < 3; index++) producer.append(topic, null, 'v')
        count += 3
        await producer.flush()
        const ends = await bench.log.admin.listOffsets([0, 1, 2].map((partition) => ({ topic, partition, at: 'latest' })))
        expect(ends.every((end) => end % 3 === 0)).toBe(true)
        ends.forEach((end, partition) => end > 0 && seen.add(partition))
      }
      expect(seen.size).toBe(3)
    })

    test('an explicit partition goes before the key', async (bench) => {
      const topic = await bench.topic(12)
      const producer = await bench.producer()
      producer.append(topic, 'abc', 'v', { partition: 11 })
      producer.append(topic, 'abc', 'w', { partition: 0 })
      await producer.flush()
      expect(await readValues(bench, { topic, partition: 11 })).toEqual(['v'])
      expect(await readValues(bench, { topic, partition: 0 })).toEqual(['w'])
    })

    const headers: readonly Header[] = [
      ['a', Buffer.from('1')],
      ['a', null],
      ['', Buffer.of()],
      ['ü', Buffer.from('2')],
    ]

    test('keys, values and headers come back as they were: null, empty, text, bytes, repeated names', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      producer.append(place.topic, null, null)
      producer.append(place.topic, '', '')
      producer.append(place.topic, 'grüße', '𝕏', { headers })
      producer.append(place.topic, bytes, bytes.subarray(7, 9), { headers: [] })
      await producer.flush()
      const seen = (await readAll(bench, place)).map(({ key, value, headers: read }) => [
        key && [...key],
        value && [...value],
        read.map(([name, content]) => [name, content && text(content)]),
      ])
      expect(seen).toEqual([
        [null, null, []],
        [[], [], []],
        [
          [...Buffer.from('grüße')],
          [...Buffer.from('𝕏')],
          [
            ['a', '1'],
            ['a', null],
            ['', ''],
            ['ü', '2'],
          ],
        ],
        [[...bytes], [7, 8], []],
      ])
    })

    test('bytes may be changed after the call: the record is a copy', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const value = Buffer.from('before')
      const batch = producer.batch(place.topic, 0)
      producer.append(place.topic, null, value)
      batch.append(null, value, now())
      value.write('after!')
      await producer.send(batch)
      await producer.flush()
      expect(await readValues(bench, place)).toEqual(['before', 'before'])
    })

    test('a record has the time that it was given, or that of the call', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const before = now()
      for (const timestamp of [0, 1, before - 1000, before]) producer.append(place.topic, null, 'v', { timestamp })
      producer.append(place.topic, null, 'v')
      await producer.flush()
      const times = (await readAll(bench, place)).map(({ timestamp }) => timestamp)
      expect(times.slice(0, 4)).toEqual([0, 1, before - 1000, before])
      expect(times[4]).toBeGreaterThanOrEqual(before)
      expect(times[4]).toBeLessThanOrEqual(now())
    })

    for (const timestamp of [-2, 1.5, NaN, Infinity, 2 ** 53]) {
      test(`a record has no timestamp ${timestamp}`, async (bench) => {
        const topic = await bench.topic(1, { 'message.timestamp.after.max.ms': '9223372036854775807' })
        const producer = await bench.producer()
        const codes = /INVALID_TIMESTAMP|NUMBER_OUT_OF_RANGE/
        const refused = expect.objectContaining({ code: expect.stringMatching(codes), outcome: 'fatal' })
        expect(() => producer.append(topic, null, 'v', { timestamp })).toThrow(refused)
        expect(() => producer.batch(topic, 0).append(null, 'v', timestamp)).toThrow(refused)
        producer.append(topic, null, 'good')
        await producer.flush()
        expect(await readValues(bench, { topic, partition: 0 })).toEqual(['good'])
      })
    }

    test('a time outside of what the topic takes is refused with the place and the index of the record', async (bench) => {
      const topic = await bench.topic(1, { 'message.timestamp.before.max.ms': '1000' })
      const producer = await bench.producer()
      const batch = producer.batch(topic, 0)
      batch.append(null, 'good', now())
      const refused = failing('INVALID_TIMESTAMP', { where: expect.stringContaining(`${topic}-0`), recordIndex: 1 })
      expect(() => batch.append(null, 'late', now() - 60_000)).toThrow(refused)
      expect(() => batch.append(null, 'early', now() + 7_200_000)).toThrow(refused)
      expect(await producer.send(batch)).toMatchObject({ count: 1 })
      expect(await readValues(bench, { topic, partition: 0 })).toEqual(['good'])
    })

    test('LogAppendTime gives records the time of the log', async (bench) => {
      const place = { topic: await bench.topic(1, { 'message.timestamp.type': 'LogAppendTime' }), partition: 0 }
      const before = now()
      await send(await bench.producer(), place, ['v'], 5)
      const [record] = await readAll(bench, place)
      expect(record!.timestamp).toBeGreaterThanOrEqual(before)
    })

    test('a record without key is refused where the topic is compacted; a tombstone is not', async (bench) => {
      const topic = await bench.topic(1, { 'cleanup.policy': 'compact' })
      const producer = await bench.producer()
      const refused = failing('INVALID_RECORD', { where: expect.stringContaining(`${topic}-0`) })
      expect(() => producer.append(topic, null, 'v')).toThrow(refused)
      expect(() => producer.batch(topic, 0).append(null, 'v', now())).toThrow(refused)
      producer.append(topic, 'k', null)
      await producer.flush()
      expect(await readValues(bench, { topic, partition: 0 })).toEqual([null])
    })

    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const satisfies readonly CompressionName[]) {
      test(`records come back from compression ${compression}`, async (bench) => {
        const place = { topic: await bench.topic(), partition: 0 }
        const values = Array.from({ length: 500 }, (_, index) => `value ${index} of many that look alike`)
        await send(await bench.producer({ compression }), place, values, now())
        expect(await readValues(bench, place)).toEqual(values)
      })
    }

    test('a record that is larger than the topic takes is refused; those before and behind it are written', async (bench) => {
      const place = { topic: await bench.topic(1, { 'max.message.bytes': '1000' }), partition: 0 }
      const producer = await bench.producer()
      const refused = failing('RECORD_TOO_LARGE', {
        outcome: 'fatal',
        message: expect.stringMatching(/expected.*1000.*received/),
      })
      producer.append(place.topic, null, 'before')
      expect(() => producer.append(place.topic, null, 'x'.repeat(1000))).toThrow(refused)
      producer.append(place.topic, null, 'y'.repeat(800))
      producer.append(place.topic, null, 'z'.repeat(800))
      await producer.flush()
      const batch = producer.batch(place.topic, 0)
      batch.append(null, 'in a batch', now())
      expect(() => batch.append(null, 'x'.repeat(1000), now())).toThrow(refused)
      await producer.send(batch)
      expect((await readValues(bench, place)).map((value) => value!.slice(0, 10))).toEqual([
        'before',
        'y'.repeat(10),
        'z'.repeat(10),
        'in a batch',
      ])
    })

    test('a raised bound holds from the next batch on', async (bench) => {
      const place = { topic: await bench.topic(1, { 'max.message.bytes': '200' }), partition: 0 }
      const producer = await bench.producer()
      await expectFailure(() => producer.append(place.topic, null, 'x'.repeat(500)), 'RECORD_TOO_LARGE')
      await producer.flush()
      await bench.log.admin.alterTopicConfig(place.topic, { 'max.message.bytes': '2000' })
      producer.append(place.topic, null, 'x'.repeat(500))
      await producer.flush()
      expect(await readValues(bench, place)).toHaveLength(1)
    })

    test('append says false over the bound, ready waits for room, and far beyond it is refused', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ maxBufferedBytes: 1000 })
      await producer.ready()
      expect(producer.append(place.topic, null, 'x'.repeat(100))).toBe(true)
      expect(producer.append(place.topic, null, 'x'.repeat(1000))).toBe(false)
      let taken = 2
      const fill = (): void => {
        for (; taken < 100; taken++) producer.append(place.topic, null, 'x'.repeat(500))
      }
      expect(fill).toThrow(failing('BUFFER_FULL', { outcome: 'retriable' }))
      await producer.ready()
      expect(producer.append(place.topic, null, 'last')).toBe(true)
      await producer.flush()
      expect(await readValues(bench, place)).toHaveLength(taken + 1)
    })

    test('flush is for what was appended so far, by everybody who waits', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      await producer.flush()
      producer.append(place.topic, null, 'v')
      await Promise.all([producer.flush(), producer.flush()])
      expect(await bench.log.admin.listOffsets([{ ...place, at: 'latest' }])).toEqual([1])
    })

    test('flush says what failed since the last one, once', async (bench) => {
      const topic = await bench.topic()
      const producer = await bench.producer()
      producer.append(topic, null, 'lost')
      const deleting = bench.log.admin.deleteTopics([topic])
      const flushed = await producer.flush().catch((error: unknown) => error)
      await deleting
      // Written just before the topic went, or refused.
      expect([undefined, 'UNKNOWN_TOPIC']).toContain((flushed as { code?: string } | undefined)?.code)
      await producer.flush()
      await expectFailure(() => producer.append(topic, null, 'v'), 'UNKNOWN_TOPIC')
      const other = await bench.topic()
      producer.append(other, null, 'goes on')
      await producer.flush()
      expect(await readValues(bench, { topic: other, partition: 0 })).toEqual(['goes on'])
    })

    test('a batch of a topic that is gone is refused, and so is one of its namesake’s predecessor', async (bench) => {
      const topic = await bench.topic()
      const producer = await bench.producer()
      const [lost, late] = [producer.batch(topic, 0), producer.batch(topic, 0)]
      lost.append(null, 'lost', now())
      late.append(null, 'late', now())
      await bench.log.admin.deleteTopics([topic])
      await expectFailure(() => producer.send(lost), 'UNKNOWN_TOPIC', { outcome: 'fatal' })
      await bench.log.admin.createTopics([{ topic, partitions: 1 }])
      await expectFailure(() => producer.send(late), 'UNKNOWN_TOPIC')
      expect(await readValues(bench, { topic, partition: 0 })).toEqual([])
    })

    test('topics and partitions that are not there are refused where they are named', async (bench) => {
      const topic = await bench.topic(2)
      const producer = await bench.producer()
      const unknown = bench.name()
      await expectFailure(() => producer.append(unknown, 'k', 'v'), 'UNKNOWN_TOPIC', { where: unknown, outcome: 'fatal' })
      await expectFailure(() => producer.append(unknown, null, 'v'), 'UNKNOWN_TOPIC')
      await expectFailure(() => producer.append(unknown, null, 'v', { partition: 0 }), 'UNKNOWN_TOPIC')
      await expectFailure(() => producer.batch(unknown, 0), 'UNKNOWN_TOPIC')
      for (const partition of [-1, 2, 0.5, NaN, 2 ** 53, '0' as never]) {
        const more = { where: topic, message: expect.stringMatching(/expected 0 to 1, received/) }
        await expectFailure(() => producer.append(topic, null, 'v', { partition }), 'UNKNOWN_PARTITION', more)
        await expectFailure(() => producer.batch(topic, partition), 'UNKNOWN_PARTITION', more)
      }
      await expectFailure(() => producer.append('__consumer_offsets', 'k', 'v'), 'INVALID_TOPIC_NAME')
      await producer.flush()
    })

    test('a batch is taken once, and only by the producer that gave it', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const [producer, other] = [await bench.producer(), await bench.producer()]
      const batch = producer.batch(place.topic, 0)
      batch.append(null, 'v', now())
      await expectFailure(() => other.send(batch), 'INVALID_OPTION')
      const sending = producer.send(batch)
      expect(() => batch.append(null, 'w', now())).toThrow(failing('BATCH_CONSUMED'))
      await sending
      await expectFailure(() => producer.send(batch), 'BATCH_CONSUMED')
      expect(await readValues(bench, place)).toEqual(['v'])
    })

    const wrong: readonly (readonly [string, object, string])[] = [
      ['an empty id', { transactionalId: '' }, 'INVALID_OPTION'],
      ['no time for transactions', { transactionTimeoutMs: 0 }, 'INVALID_OPTION'],
      ['no buffer', { maxBufferedBytes: 0 }, 'INVALID_OPTION'],
      ['half a byte', { maxBufferedBytes: 0.5 }, 'INVALID_OPTION'],
      ['a codec there is not', { compression: 'brotli' }, 'INVALID_OPTION'],
      ['an option there is not', { acks: 'all' }, 'UNKNOWN_OPTION'],
    ]
    for (const [what, options, code] of wrong) {
      test(`a producer with ${what} is refused`, async (bench: Bench) => {
        await expectFailure(() => bench.producer(options), code, { where: Object.keys(options)[0], outcome: 'fatal' })
      })
    }

    test('append takes the options it knows, nothing else', async (bench) => {
      const topic = await bench.topic()
      const producer = await bench.producer()
      await expectFailure(() => producer.append(topic, null, 'v', { key: 'k' } as never), 'UNKNOWN_OPTION', { where: 'key' })
    })

    test('what is no bytes and no text is refused, and leaves the producer as it was', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      for (const bad of [5, {}, [1], true, new Float64Array(1)]) {
        await expectFailure(() => producer.append(place.topic, null, bad as never), 'INVALID_OPTION', { where: 'value' })
        await expectFailure(() => producer.append(place.topic, bad as never, 'v'), 'INVALID_OPTION', { where: 'key' })
      }
      await expectFailure(() => producer.append(place.topic, null, 'v', { headers: [['a', 5 as never]] }), 'INVALID_OPTION')
      await expectFailure(() => producer.append(place.topic, null, 'v', { headers: [[5 as never, null]] }), 'INVALID_OPTION')
      producer.append(place.topic, null, 'good')
      await producer.flush()
      expect(await readValues(bench, place)).toEqual(['good'])
    })
  })
}
