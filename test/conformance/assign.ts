import type { ConsumedBatch, Consumer, PollOptions, TopicPartition } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, failing, send, suite, take, text, valuesOf, type Bench } from './bench.ts'

/** Reading partitions that were assigned by hand. */
export function assign(adapter: LogAdapter): void {
  suite(adapter, 'assign', (test) => {
    /** A topic with so many batches of so many records each: `0/0`, `0/1`, … */
    const filled = async (bench: Bench, batches: number, records: number): Promise<TopicPartition> => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      for (let batch = 0; batch < batches; batch++) await send(producer, place, row(batch, records), adapter.now())
      return place
    }
    const row = (batch: number, records: number): string[] => Array.from({ length: records }, (_, at) => `${batch}/${at}`)

    test('records come in order, with offsets, and the position moves behind them (C1)', async (bench) => {
      const place = await filled(bench, 3, 2)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 1 }])
      expect(consumer.assignment()).toEqual([place])
      expect(consumer.position(place)).toBe(1)
      const seen: [number, string | null][] = []
      while (seen.length < 5) {
        for (const batch of await consumer.poll({ timeoutMs: 1000 })) {
          batch.forEach(({ offset, value }) => seen.push([offset, text(value)]))
        }
      }
      expect(seen).toEqual([
        [1, '0/1'],
        [2, '1/0'],
        [3, '1/1'],
        [4, '2/0'],
        [5, '2/1'],
      ])
      expect(consumer.position(place)).toBe(6)
      expect(await consumer.poll()).toEqual([])
    })

    test('a batch tells its place, its bounds, and how far the log is', async (bench) => {
      const place = await filled(bench, 2, 3)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const [first, second] = await consumer.poll({ timeoutMs: 1000 })
      expect(first).toMatchObject({ ...place, count: 3, baseOffset: 0, nextOffset: 3, highWatermark: 6, lastStableOffset: 6 })
      expect(second).toMatchObject({ baseOffset: 3, nextOffset: 6, count: 3 })
      expect(first!.sizeBytes).toBeGreaterThan(0)
      expect(Number.isInteger(first!.leaderEpoch)).toBe(true)
      expect(first!.toArray()).toHaveLength(3)
      expect(first!.toArray()).toEqual(first!.toArray())
    })

    test('forEach shows the same records as toArray; their bytes stay valid behind it', async (bench) => {
      const place = await filled(bench, 1, 3)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const [batch] = await consumer.poll({ timeoutMs: 1000 })
      const kept: (Uint8Array | null)[] = []
      batch!.forEach(({ value }) => kept.push(value))
      await consumer.close()
      expect(kept.map(text)).toEqual(batch!.toArray().map(({ value }) => text(value)))
    })

    test('what a visit throws comes out of forEach', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const [batch] = await consumer.poll({ timeoutMs: 1000 })
      const visit = (): void => {
        throw new RangeError('mine')
      }
      expect(() => batch!.forEach(visit)).toThrow(new RangeError('mine'))
    })

    test('an empty poll may move the position: over the marker of a transaction (C2)', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await transaction.send(filledBatch(producer.batch(place.topic, 0), ['lost'], adapter.now()))
      await transaction.abort()
      const [end] = await bench.log.admin.listOffsets([{ ...place, at: 'latest' }])
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      while (consumer.position(place) < end!) expect(await consumer.poll({ timeoutMs: 1000 })).toEqual([])
      await producer.transact({ batches: [filledBatch(producer.batch(place.topic, 0), ['kept'], adapter.now())] })
      expect(await take(consumer, 1)).toEqual(['kept'])
    })

    test('without an offset it begins where the group stands, else by the reset policy, else it is an error', async (bench) => {
      const place = await filled(bench, 3, 1)
      const group = bench.name()
      const start = async (options: object): Promise<number> => {
        const consumer = await bench.consumer(options)
        await consumer.assign([place])
        return consumer.position(place)
      }
      expect(await start({ reset: 'earliest' })).toBe(0)
      expect(await start({ reset: 'latest' })).toBe(3)
      await expectFailure(() => start({}), 'NO_OFFSET', { outcome: 'fatal', where: expect.stringContaining(place.topic) })
      await expectFailure(() => start({ group }), 'NO_OFFSET')
      await bench.log.admin.alterGroupOffsets(group, [{ ...place, offset: 1 }])
      expect(await start({ group })).toBe(1)
      expect(await start({ group, reset: 'latest' })).toBe(1)
    })

    test('assign replaces what there was, all or nothing', async (bench) => {
      const [a, b] = [await filled(bench, 1, 1), await filled(bench, 1, 1)]
      const consumer = await bench.consumer()
      await consumer.assign([{ ...a, offset: 0 }])
      await expectFailure(
        () =>
          consumer.assign([
            { ...b, offset: 0 },
            { topic: bench.name(), partition: 0, offset: 0 },
          ]),
        'UNKNOWN_TOPIC',
      )
      await expectFailure(() => consumer.assign([{ ...b, partition: 1, offset: 0 }]), 'UNKNOWN_PARTITION')
      await expectFailure(() => consumer.assign([{ ...b, offset: 'middle' as never }]), 'INVALID_OPTION')
      for (const offset of [-1, 0.5, NaN, 2 ** 53, Infinity]) {
        await expectFailure(() => consumer.assign([{ ...b, offset }]), 'NUMBER_OUT_OF_RANGE', { where: `${b.topic}-0` })
      }
      expect(consumer.assignment()).toEqual([a])
      await consumer.assign([{ ...b, offset: 'earliest' }])
      expect(consumer.assignment()).toEqual([b])
      await expectFailure(() => consumer.position(a), 'UNKNOWN_PARTITION')
      await consumer.assign([])
      expect(consumer.assignment()).toEqual([])
      expect(await consumer.poll()).toEqual([])
    })

    test('out of range is an error that says the range, never a jump (C3), until somebody seeks', async (bench) => {
      const place = await filled(bench, 4, 1)
      await bench.log.admin.deleteRecords([{ ...place, before: 2 }])
      const consumer = await bench.consumer()
      for (const offset of [5, 2 ** 53 - 1, 1, 0]) {
        await consumer.assign([{ ...place, offset }])
        const more = { outcome: 'fatal', message: expect.stringMatching(new RegExp(`2 to 4.*received ${offset}`)) }
        await expectFailure(() => consumer.poll(), 'OFFSET_OUT_OF_RANGE', more)
        await expectFailure(() => consumer.poll({ timeoutMs: 50 }), 'OFFSET_OUT_OF_RANGE')
        expect(consumer.position(place)).toBe(offset)
      }
      consumer.seek(place, 2)
      expect(await take(consumer, 2)).toEqual(['2/0', '3/0'])
    })

    test('with a reset policy it goes on where that says', async (bench) => {
      const place = await filled(bench, 4, 1)
      await bench.log.admin.deleteRecords([{ ...place, before: 2 }])
      for (const offset of [0, 100]) {
        const consumer = await bench.consumer({ reset: 'earliest' })
        await consumer.assign([{ ...place, offset }])
        expect(await take(consumer, 2)).toEqual(['2/0', '3/0'])
        const latest = await bench.consumer({ reset: 'latest' })
        await latest.assign([{ ...place, offset }])
        expect(await latest.poll()).toEqual([])
        expect(latest.position(place)).toBe(4)
      }
    })

    test('one partition out of range does not take away what others have given', async (bench) => {
      const [good, bad] = [await filled(bench, 1, 2), await filled(bench, 1, 1)]
      const consumer = await bench.consumer()
      await consumer.assign([
        { ...good, offset: 0 },
        { ...bad, offset: 50 },
      ])
      const values: (string | null)[] = []
      let failures = 0
      for (let round = 0; round < 4; round++) {
        try {
          values.push(...valuesOf(await consumer.poll()))
        } catch (error) {
          expect(error).toEqual(failing('OFFSET_OUT_OF_RANGE'))
          failures++
        }
      }
      expect(values).toEqual(['0/0', '0/1'])
      expect(failures).toBeGreaterThan(0)
    })

    test('the end is in range: what comes is read from there', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 1 }])
      expect(await consumer.poll()).toEqual([])
      const waiting = take(consumer, 1)
      await send(await bench.producer(), place, ['new'], adapter.now())
      expect(await waiting).toEqual(['new'])
    })

    test('seek goes to an offset, the start, or the end', async (bench) => {
      const place = await filled(bench, 3, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 3 }])
      consumer.seek(place, 'earliest')
      expect(consumer.position(place)).toBe(0)
      expect(await take(consumer, 3)).toEqual(['0/0', '1/0', '2/0'])
      consumer.seek(place, 1)
      expect(await take(consumer, 2)).toEqual(['1/0', '2/0'])
      consumer.seek(place, 'latest')
      expect(consumer.position(place)).toBe(3)
      for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
        await expectFailure(() => consumer.seek(place, offset), 'NUMBER_OUT_OF_RANGE', { outcome: 'fatal' })
      }
      await expectFailure(() => consumer.seek(place, 'middle' as never), 'INVALID_OPTION')
      await expectFailure(() => consumer.seek({ ...place, partition: 1 }, 0), 'UNKNOWN_PARTITION')
      expect(consumer.position(place)).toBe(3)
    })

    test('latest is the last stable offset for a reader of committed data, else the high watermark', async (bench) => {
      const place = await filled(bench, 1, 1)
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await transaction.send(filledBatch(producer.batch(place.topic, 0), ['open'], adapter.now()))
      for (const [isolation, position] of [
        ['read_committed', 1],
        ['read_uncommitted', 2],
      ] as const) {
        const consumer = await bench.consumer({ isolation })
        await consumer.assign([{ ...place, offset: 'latest' }])
        expect(consumer.position(place)).toBe(position)
      }
      await transaction.abort()
    })

    test('paused partitions are left out, and go on where they were', async (bench) => {
      const [a, b] = [await filled(bench, 1, 1), await filled(bench, 1, 1)]
      const consumer = await bench.consumer()
      await consumer.assign([
        { ...a, offset: 0 },
        { ...b, offset: 0 },
      ])
      consumer.pause([a])
      expect((await consumer.poll()).map(({ topic }) => topic)).toEqual([b.topic])
      expect(await consumer.poll()).toEqual([])
      expect(consumer.position(a)).toBe(0)
      consumer.resume([a])
      expect((await consumer.poll()).map(({ topic }) => topic)).toEqual([a.topic])
      await expectFailure(() => consumer.pause([{ ...a, partition: 9 }]), 'UNKNOWN_PARTITION')
      await expectFailure(() => consumer.resume([{ ...a, partition: 9 }]), 'UNKNOWN_PARTITION')
    })

    test('resume wakes a poll that waits', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      consumer.pause([place])
      const waiting = consumer.poll({ timeoutMs: 20_000 })
      consumer.resume([place])
      expect(valuesOf(await waiting)).toEqual(['0/0'])
    })

    test('a poll without timeout does not wait; with one it waits for what comes', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      expect(await consumer.poll()).toEqual([])
      expect(await consumer.poll({ timeoutMs: 5 })).toEqual([])
      const waiting = consumer.poll({ timeoutMs: 20_000 })
      await send(await bench.producer(), place, ['v'], adapter.now())
      expect(valuesOf(await waiting)).toEqual(['v'])
    })

    test('maxRecords holds exactly, and the rest comes with the next poll', async (bench) => {
      const place = await filled(bench, 3, 3)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const counts: number[] = []
      const values: (string | null)[] = []
      while (values.length < 9) {
        const batches = await consumer.poll({ maxRecords: 2, timeoutMs: 1000 })
        counts.push(count(batches))
        values.push(...valuesOf(batches))
        expect(consumer.position(place)).toBe(values.length)
      }
      expect(counts).toEqual([2, 2, 2, 2, 1])
      expect(values).toEqual([0, 1, 2].flatMap((batch) => row(batch, 3)))
    })

    test('maxBytes stops behind the first batch, which comes whole in any case', async (bench) => {
      const place = await filled(bench, 3, 3)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      for (let round = 0; round < 3; round++) {
        expect(valuesOf(await consumer.poll({ maxBytes: 1, timeoutMs: 1000 }))).toEqual(row(round, 3))
      }
    })

    test('maxPartitionBytes leaves room for others, and full partitions take turns', async (bench) => {
      const [a, b] = [await filled(bench, 3, 1), await filled(bench, 3, 1)]
      const consumer = await bench.consumer()
      await consumer.assign([
        { ...a, offset: 0 },
        { ...b, offset: 0 },
      ])
      const batches = await consumer.poll({ maxPartitionBytes: 1, timeoutMs: 1000 })
      expect(batches.map(({ topic }) => topic).toSorted((x, y) => (x < y ? -1 : 1))).toEqual([a.topic, b.topic])
      const first = new Set<string>()
      for (let round = 0; round < 2; round++) first.add((await consumer.poll({ maxBytes: 1 }))[0]!.topic)
      expect(first.size).toBe(2)
    })

    test('minBytes waits until so much is there', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const waiting = consumer.poll({ minBytes: 250, timeoutMs: 20_000 })
      const producer = await bench.producer()
      await send(producer, place, ['x'.repeat(100)], adapter.now())
      await send(producer, place, ['y'.repeat(100)], adapter.now())
      expect(count(await waiting)).toBe(3)
      await send(producer, place, ['z'], adapter.now())
      expect(count(await consumer.poll({ minBytes: 1_000_000, timeoutMs: 20 }))).toBe(1)
    })

    for (const [options, code] of [
      [{ maxBytes: 0 }, 'INVALID_OPTION'],
      [{ maxPartitionBytes: -1 }, 'INVALID_OPTION'],
      [{ minBytes: -1 }, 'INVALID_OPTION'],
      [{ maxRecords: 0 }, 'INVALID_OPTION'],
      [{ timeoutMs: NaN }, 'INVALID_OPTION'],
      [{ timeout: 5 }, 'UNKNOWN_OPTION'],
    ] as const) {
      test(`a poll with ${JSON.stringify(options)} is refused, and nothing is lost`, async (bench) => {
        const place = await filled(bench, 1, 1)
        const consumer = await bench.consumer()
        await consumer.assign([{ ...place, offset: 0 }])
        await expectFailure(() => consumer.poll(options as PollOptions), code, { where: Object.keys(options)[0] })
        expect(await take(consumer, 1)).toEqual(['0/0'])
      })
    }

    const wrong: readonly (readonly [object, string])[] = [
      [{ group: '' }, 'INVALID_OPTION'],
      [{ isolation: 'serializable' }, 'INVALID_OPTION'],
      [{ reset: 'none' }, 'INVALID_OPTION'],
      [{ assignor: 'fair' }, 'INVALID_OPTION'],
      [{ assignor: [] }, 'INVALID_OPTION'],
      [{ groupInstanceId: '' }, 'INVALID_OPTION'],
      [{ maxPollIntervalMs: 0 }, 'INVALID_OPTION'],
      [{ autoCommitIntervalMs: -1 }, 'INVALID_OPTION'],
      [{ fromBeginning: true }, 'UNKNOWN_OPTION'],
    ]
    for (const [options, code] of wrong) {
      test(`a consumer with ${JSON.stringify(options)} is refused`, async (bench) => {
        await expectFailure(() => bench.consumer(options), code, { where: Object.keys(options)[0], outcome: 'fatal' })
      })
    }

    test('assign and subscribe exclude each other, until the subscription ends', async (bench) => {
      const place = await filled(bench, 1, 1)
      const assigned = await bench.consumer({ group: bench.name(), reset: 'earliest' })
      await assigned.assign([place])
      await expectFailure(() => assigned.subscribe([place.topic]), 'SUBSCRIPTION_CONFLICT', { outcome: 'fatal' })
      const subscribed = await bench.consumer({ group: bench.name(), reset: 'earliest' })
      subscribed.subscribe([place.topic])
      await expectFailure(() => subscribed.assign([place]), 'SUBSCRIPTION_CONFLICT')
      await subscribed.unsubscribe()
      await subscribed.assign([place])
      expect(await take(subscribed, 1)).toEqual(['0/0'])
    })

    test('without a group there is no subscribe and no commit', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await expectFailure(() => consumer.subscribe([place.topic]), 'INVALID_OPTION', { where: 'group' })
      await consumer.assign([{ ...place, offset: 0 }])
      await expectFailure(() => consumer.commit(), 'INVALID_OPTION', { where: 'group' })
      expect(consumer.membership()).toBeNull()
    })

    test('commit stands behind what was given out, or where it is told; nothing else is committed (C5)', async (bench) => {
      const place = await filled(bench, 4, 1)
      const group = bench.name()
      const committed = async (): Promise<unknown> => (await bench.log.admin.groupOffsets(group)).map(({ offset }) => offset)
      const consumer = await bench.consumer({ group })
      await consumer.assign([{ ...place, offset: 0 }])
      await consumer.poll({ maxRecords: 2, timeoutMs: 1000 })
      await consumer.poll({ maxRecords: 1, timeoutMs: 1000 })
      expect(await committed()).toEqual([])
      await consumer.commit()
      expect(await committed()).toEqual([3])
      await consumer.commit([{ ...place, offset: 1, metadata: 'again', leaderEpoch: 0 }])
      expect(await bench.log.admin.groupOffsets(group)).toMatchObject([{ ...place, offset: 1, metadata: 'again' }])
      await consumer.commit([])
      await bench.reopen()
      expect(await committed()).toEqual([1])
    })

    test('a commit of what is not there, or no offset, commits nothing', async (bench) => {
      const place = await filled(bench, 1, 1)
      const group = bench.name()
      const consumer = await bench.consumer({ group })
      const good = { ...place, offset: 1 }
      await expectFailure(() => consumer.commit([good, { topic: bench.name(), partition: 0, offset: 0 }]), 'UNKNOWN_TOPIC')
      await expectFailure(() => consumer.commit([good, { ...place, partition: 1, offset: 0 }]), 'UNKNOWN_PARTITION')
      for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
        await expectFailure(() => consumer.commit([good, { ...place, offset }]), 'NUMBER_OUT_OF_RANGE')
      }
      expect(await bench.log.admin.groupOffsets(group)).toEqual([])
    })

    test('iteration gives each batch until the consumer is closed', async (bench) => {
      const place = await filled(bench, 3, 2)
      const group = bench.name()
      const consumer = await bench.consumer({ group })
      await consumer.assign([{ ...place, offset: 0 }])
      const seen: (string | null)[] = []
      for await (const batch of consumer) {
        seen.push(...valuesOf([batch]))
        if (seen.length === 4) await consumer.commit()
        if (seen.length === 6) await consumer.close()
      }
      expect(seen).toEqual([0, 1, 2].flatMap((batch) => row(batch, 2)))
      expect(await bench.log.admin.groupOffsets(group)).toMatchObject([{ offset: 4 }])
    })

    test('what a break leaves is read again', async (bench) => {
      const place = await filled(bench, 3, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      for await (const batch of consumer) {
        expect(valuesOf([batch])).toEqual(['0/0'])
        break
      }
      expect(consumer.position(place)).toBe(1)
      expect(await take(consumer, 2)).toEqual(['1/0', '2/0'])
    })

    test('an error ends the iteration', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 9 }])
      await expectFailure(async () => {
        for await (const batch of consumer) void batch
      }, 'OFFSET_OUT_OF_RANGE')
    })

    test('a seek while a poll waits counts', async (bench) => {
      const place = await filled(bench, 2, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 2 }])
      const waiting = consumer.poll({ timeoutMs: 20_000 })
      consumer.seek(place, 1)
      expect(valuesOf(await waiting)).toEqual(['1/0'])
    })

    test('a topic that is deleted while it is read says so', async (bench) => {
      const place = await filled(bench, 1, 1)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      await bench.log.admin.deleteTopics([place.topic])
      await expectFailure(() => polls(consumer), 'UNKNOWN_TOPIC')
    })
  })
}

async function polls(consumer: Consumer): Promise<void> {
  for (let round = 0; round < 3; round++) await consumer.poll()
}

function count(batches: readonly ConsumedBatch[]): number {
  return batches.reduce((sum, batch) => sum + batch.count, 0)
}

function filledBatch<T extends { append(key: null, value: string, timestamp: number): void }>(
  batch: T,
  values: readonly string[],
  timestamp: number,
): T {
  for (const value of values) batch.append(null, value, timestamp)
  return batch
}
