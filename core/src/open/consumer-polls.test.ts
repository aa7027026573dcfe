import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Consumer } from '../client/consumer.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { append, fill, inLog, later, values } from './groups.fixtures.ts'

const fails = (code: string): unknown => expect.objectContaining({ code })
const place = { topic: 't', partition: 0 }

async function reader(log: EmbeddedLog, ...partitions: readonly number[]): Promise<Consumer> {
  const consumer = await log.consumer({ group: 'g', reset: 'earliest' })
  await consumer.assign((partitions.length > 0 ? partitions : [0]).map((partition) => ({ topic: 't', partition })))
  return consumer
}

const numbers = (count: number, from: number = 0): string[] => Array.from({ length: count }, (_, at) => `0/${from + at}`)

describe('maxRecords', () => {
  test('holds exactly, and the rest comes next, wherever batches end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (batches, limits) => {
          await inLog(async (log) => {
            await log.admin.createTopics([{ topic: 't', partitions: 1 }])
            for (const size of batches) await append(log, 't', 1, size)
            const expected = batches.flatMap((size) => numbers(size))
            const consumer = await reader(log)
            const found: string[] = []
            for (let at = 0; found.length < expected.length; at++) {
              const maxRecords = limits[at % limits.length]!
              const polled = await consumer.poll({ maxRecords })
              const read = values(polled)
              expect(polled.reduce((sum, { count }) => sum + count, 0)).toBe(read.length)
              expect(read).toHaveLength(Math.min(maxRecords, expected.length - found.length))
              found.push(...read)
              const last = polled.at(-1)!
              expect([last.nextOffset, consumer.position(place)]).toEqual([found.length, found.length])
              expect(polled.every((batch) => batch.toArray()[0]!.offset === batch.baseOffset)).toBe(true)
            }
            expect(found).toEqual(expected)
            expect(await consumer.poll()).toEqual([])
          })
        },
      ),
      { numRuns: 40 },
    )
  })

  test('commit stands behind the last record that was given out', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 5)
      const consumer = await reader(log)
      await consumer.poll({ maxRecords: 2 })
      await consumer.commit()
      expect((await log.admin.groupOffsets('g'))[0]!.offset).toBe(2)
    })
  })
})

describe('minBytes and maxPartitionBytes', () => {
  test('a poll waits until enough is there, or the time is up', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 1)
      const consumer = await reader(log)
      let done = false
      const polling = consumer.poll({ minBytes: 250, timeoutMs: 10_000 }).then((batches) => {
        done = true
        return batches
      })
      for (let step = 0; step < 3; step++) {
        await later(world, 100)
        expect(done).toBe(false)
        await append(log, 't', 1, 1)
      }
      expect(values(await polling)).toHaveLength(4)
      const before = world.clock.monotonic()
      await append(log, 't', 1, 1)
      expect(values(await consumer.poll({ minBytes: 1000, timeoutMs: 500 }))).toHaveLength(1)
      expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(500)
    })
  })

  test('more than fits is not waited for', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 1)
      const consumer = await reader(log)
      expect(values(await consumer.poll({ minBytes: 1000, maxBytes: 10, timeoutMs: 1e9 }))).toHaveLength(1)
      await append(log, 't', 1, 5)
      expect(values(await consumer.poll({ minBytes: 1000, maxRecords: 5, timeoutMs: 1e9 }))).toHaveLength(5)
    })
  })

  test('a seek meanwhile takes back what was gathered', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 3)
      const consumer = await reader(log)
      const polling = consumer.poll({ minBytes: 1000, timeoutMs: 500 })
      await later(world, 100)
      consumer.seek(place, 2)
      expect(values(await polling)).toEqual(['0/2'])
    })
  })

  test('a full partition leaves room for the others', async () => {
    await inLog(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 2 }])
      for (let batch = 0; batch < 5; batch++) await append(log, 't', 2, 3)
      const consumer = await reader(log, 0, 1)
      const polled = await consumer.poll({ maxPartitionBytes: 1 })
      expect(polled.map(({ partition, count }) => `${partition}: ${count}`).toSorted()).toEqual(['0: 3', '1: 3'])
    })
  })

  test.each([{ minBytes: -1 }, { maxPartitionBytes: 0 }, { maxRecords: 0 }, { timeoutMs: 0.5 }])('%o is refused', async (bad) => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 1)
      const consumer = await reader(log)
      await expect(consumer.poll(bad)).rejects.toThrow(fails('INVALID_OPTION'))
    })
  })
})

describe('seek, pause and resume', () => {
  test('to the start, the end, and past it', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 3)
      const consumer = await reader(log)
      await consumer.poll()
      consumer.seek(place, 'earliest')
      expect(values(await consumer.poll())).toHaveLength(3)
      consumer.seek(place, 'latest')
      expect(consumer.position(place)).toBe(3)
      expect(() => consumer.seek(place, 'middle' as 'latest')).toThrow(fails('INVALID_OPTION'))
      expect(() => consumer.seek(place, -2)).toThrow(fails('NUMBER_OUT_OF_RANGE'))
      expect(() => consumer.seek({ topic: 't', partition: 1 }, 0)).toThrow(fails('UNKNOWN_PARTITION'))
    })
  })

  test('a paused partition is left out, also of what waits', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 1)
      const consumer = await reader(log)
      consumer.pause([place])
      const polling = consumer.poll({ timeoutMs: 10_000 })
      await later(world, 100)
      consumer.resume([place])
      expect(values(await polling)).toEqual(['0/0'])
      expect(world.clock.monotonic()).toBeLessThan(1000)
    })
  })
})

describe('iteration', () => {
  test('gives each batch until the consumer is closed; commit covers the current one', async () => {
    await inLog(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      for (let batch = 0; batch < 3; batch++) await append(log, 't', 1, 2)
      const consumer = await reader(log)
      const committed: number[] = []
      for await (const batch of consumer) {
        await consumer.commit()
        committed.push((await log.admin.groupOffsets('g'))[0]!.offset)
        if (batch.nextOffset === 6) void consumer.close()
      }
      expect(committed).toEqual([2, 4, 6])
    })
  })

  test('waits for what comes', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 0)
      const consumer = await reader(log)
      const found: string[] = []
      const reading = (async () => {
        for await (const batch of consumer) found.push(...values([batch]))
      })()
      await later(world, 200_000)
      await append(log, 't', 1, 2)
      await later(world, 1)
      expect(found).toEqual(['0/0', '0/1'])
      await consumer.close()
      await reading
    })
  })

  test('what a break leaves is read again', async () => {
    await inLog(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 2 }])
      for (let batch = 0; batch < 3; batch++) await append(log, 't', 2, 2)
      const consumer = await reader(log, 0, 1)
      const first: string[] = []
      for await (const batch of consumer) {
        first.push(`${batch.partition}:${batch.baseOffset}`)
        if (first.length === 2) break
      }
      const rest = await consumer.poll()
      const all = [...first, ...rest.map(({ partition, baseOffset }) => `${partition}:${baseOffset}`)]
      expect(all.toSorted()).toEqual(['0:0', '0:2', '0:4', '1:0', '1:2', '1:4'])
    })
  })

  test('a seek in the body counts', async () => {
    await inLog(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      for (let batch = 0; batch < 3; batch++) await append(log, 't', 1, 1)
      const consumer = await reader(log)
      const found: number[] = []
      for await (const { baseOffset } of consumer) {
        found.push(baseOffset)
        if (found.length === 1) consumer.seek(place, 2)
        if (found.length === 2) consumer.seek(place, 0)
        if (found.length === 5) break
      }
      expect(found).toEqual([0, 2, 0, 1, 2])
    })
  })

  test('a rebalance takes place between two batches, and what was not given out goes to the new owner', async () => {
    await inLog(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 2 }])
      for (let batch = 0; batch < 4; batch++) await append(log, 't', 2, 1)
      const [a, b] = await Promise.all([1, 2].map(() => log.consumer({ group: 'g', reset: 'earliest' })))
      a!.subscribe(['t'])
      const seen: string[] = []
      let other: Promise<void> | null = null
      for await (const batch of a!) {
        seen.push(`${batch.partition}:${batch.baseOffset}`)
        await a!.commit()
        other ??= (async () => {
          b!.subscribe(['t'])
          for await (const theirs of b!) {
            seen.push(`${theirs.partition}:${theirs.baseOffset}`)
            await b!.commit()
            if (seen.length === 8) await Promise.all([a!.close(), b!.close()])
          }
        })()
        if (seen.length === 8) await Promise.all([a!.close(), b!.close()])
      }
      await other
      expect(seen.toSorted()).toEqual(['0:0', '0:1', '0:2', '0:3', '1:0', '1:1', '1:2', '1:3'])
    })
  })

  test('an error ends it', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 1)
      const consumer = await log.consumer()
      await consumer.assign([{ ...place, offset: 7 }])
      await expect(consumer[Symbol.asyncIterator]().next()).rejects.toThrow(fails('OFFSET_OUT_OF_RANGE'))
    })
  })
})
