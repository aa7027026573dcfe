import { describe, expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling, type Grace } from '../time/windows.ts'
import { inWorld, mapping, statesOf, topologyOf, type AppWorld, type Row } from './app-world.fixtures.ts'

const copy = mapping((value) => value)

/** Counts in windows of 10 ms, each row once. */
function windowCounts(grace: Grace): (builder: StreamsBuilder) => void {
  const windows = tumbling({ size: millis(10), grace })
  return (builder) => {
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .windowedBy(windows)
      .count({ store: 'counts' })
      .emitFinal()
      .to('out', { key: windowed(string, windows), value: int64 })
  }
}

const windowKey = windowed(string, tumbling({ size: millis(10), grace: millis(0) }))

/** Rows of windows as `key@start=count`. */
async function windowRows(world: AppWorld, topic: string = 'out'): Promise<string[]> {
  return (await world.records(topic)).map(({ key, value }) => {
    const { key: inner, start } = windowKey.read(key!)
    return `${inner}@${start}=${int64.read(value!)}`
  })
}

async function positionOf(world: AppWorld, topic: string): Promise<number | undefined> {
  return (await world.log.admin.groupOffsets('app')).find((position) => position.topic === topic)?.offset
}

describe('the ends of a bounded application', () => {
  test('are those of its first start, also when it is stopped before it reaches them', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
      ])
      const first = world.app(copy)
      await first.start()
      await first.close()
      await world.put('in', [['c', '3']])
      const second = await world.run(copy)
      expect(second.state).toBe('closed')
      expect(await world.rows('out')).toEqual(['a=1', 'b=2'])
      expect(await positionOf(world, 'in')).toBe(2)
    }))

  test('lie behind markers and records of others, and in empty partitions', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 3)
      await using producer = await world.log.producer({ transactionalId: 'other' })
      const batch = producer.batch('in', 1)
      batch.append('a', '1', 0)
      await producer.transact({ batches: [batch] })
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1'])
      const ends = (await world.log.admin.groupOffsets('app')).map(({ offset }) => offset)
      expect(ends).toEqual([0, 2, 0])
    }))

  test('once reached, leave nothing to do for another start', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'mid'])
      await world.put('in', [
        ['a', '1', 1],
        ['b', '2', 15],
      ])
      const build = (builder: StreamsBuilder): void => {
        windowCounts('end-of-input')(builder)
        builder.stream('mid', { key: string, value: string }).groupByKey().count({ store: 'others' })
      }
      await world.run(build)
      const before = await endsOf(world)
      const committed = await world.log.admin.groupOffsets('app')
      const app = world.app(build)
      const states = statesOf(app)
      await app.start()
      await app.finished
      await app.close()
      expect(states).toEqual(['starting', 'running', 'ended', 'closing', 'closed'])
      expect(await endsOf(world)).toEqual(before)
      expect(await world.log.admin.groupOffsets('app')).toEqual(committed)
      expect(world.engines.wiped).toEqual([])
    }))

  test('bind no application that has none: it goes on behind them', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      await world.run(copy)
      await world.put('in', [['b', '2']])
      await using app = world.app(copy, { bounded: false })
      await app.start()
      await world.until(async () => (await world.rows('out')).length === 2)
      await app.close()
      // It has committed without ends, so the next bounded one fixes its own.
      await world.put('in', [['c', '3']])
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1', 'b=2', 'c=3'])
    }))

  test('of a topic of the application follow from those of its writers', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await world.put('in', [
        ['a', 'x'],
        ['b', 'y'],
        ['c', 'x'],
      ])
      await world.put('in', [['d', 'x']], 1)
      const app = await world.run((builder) => {
        builder
          .stream('in', { key: string, value: string })
          .groupBy((value) => value, { name: 'by-value', key: string, value: string })
          .count({ store: 'counts' })
          .toStream()
          .filter((count): count is number => count !== null)
          .to('out', { key: string, value: int64 })
      })
      expect(app.dropped).toEqual({})
      expect((await world.numbers('out')).toSorted((a, b) => a - b)).toEqual([1, 1, 2, 3])
      const positions = await world.log.admin.groupOffsets('app')
      expect(positions).toHaveLength(4)
      const ends = await world.log.admin.listOffsets(
        positions.map(({ topic, partition }) => ({ topic, partition, at: 'stable' })),
      )
      expect(positions.map(({ offset }) => offset)).toEqual(ends)
    }))

  test('are not waited for', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', 'x']])
      const before = world.world.clock.monotonic()
      await world.run((builder) => {
        builder
          .stream('in', { key: string, value: string })
          .selectKey((value) => value)
          .repartition({ name: 'through', key: string, value: string })
          .to('out', { key: string, value: string })
      })
      expect(world.world.clock.monotonic() - before).toBeLessThan(50)
    }))
})

/** Where every partition ends that the application writes or commits to. */
/** Of topics that hold what is processed; that an instance came and went stands in the log's own. */
async function endsOf(world: AppWorld): Promise<readonly number[]> {
  const topics = await world.log.admin.describeTopics(await world.log.admin.listTopics({ internal: true }))
  const places = topics.flatMap((topic) =>
    topic!.topic.startsWith('__')
      ? []
      : Array.from({ length: topic!.partitions }, (_, partition) => ({ topic: topic!.topic, partition, at: 'latest' as const })),
  )
  return world.log.admin.listOffsets(places)
}

describe('windows', () => {
  test('close with stream time, and at the end', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '', 1],
        ['b', '', 2],
        ['a', '', 5],
        ['a', '', 12],
        ['a', '', 27],
        ['a', '', 3],
      ])
      const app = await world.run(windowCounts(millis(5)))
      expect(await windowRows(world)).toEqual(['a@0=2', 'b@0=1', 'a@10=1', 'a@20=1'])
      expect(app.dropped).toEqual({ late: 1 })
    }))

  test('know after a restart what is late: stream time is committed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '', 1],
        ['a', '', 40],
      ])
      const first = world.app(windowCounts(millis(5)), { bounded: false })
      await first.start()
      await world.until(async () => (await world.rows('out')).length === 1)
      await first.close()
      await world.put('in', [
        ['a', '', 2],
        ['b', '', 31],
        ['b', '', 35],
      ])
      const second = world.app(windowCounts(millis(5)), { bounded: false })
      await second.start()
      await world.put('in', [['a', '', 100]])
      await world.until(async () => (await world.rows('out')).length === 3)
      await second.close()
      expect(await windowRows(world)).toEqual(['a@0=1', 'b@30=2', 'a@40=1'])
      expect(first.dropped).toEqual({})
      expect(second.dropped).toEqual({ late: 1 })
    }))

  test('that the end has closed stay closed for an application that goes on: no final row comes twice', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '', 1],
        ['a', '', 12],
      ])
      await world.run(windowCounts('end-of-input'))
      await world.put('in', [
        ['a', '', 2],
        ['b', '', 15],
        ['b', '', 25],
      ])
      const app = world.app(windowCounts('end-of-input'), { bounded: false })
      await app.start()
      await world.until(async () => (await positionOf(world, 'in')) === 5)
      await app.close()
      expect(app.dropped).toEqual({ late: 2 })
      expect(await windowRows(world)).toEqual(['a@0=1', 'a@10=1'])
    }))

  test('of which one was half written when the application went down take nothing more', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const keys = Array.from({ length: 200 }, (_, index) => `k${String(index).padStart(3, '0')}`)
      await world.put(
        'in',
        keys.map((key): Row => [key, '', 1]),
      )
      // Room for some rows a commit; the journal fails in the middle of the window.
      world.world.disk.faults.add({
        path: '/log/millrace-journal-*',
        operation: 'write',
        nth: 19,
        error: 'ENOSPC',
        times: 'forever',
      })
      const app = world.app(windowCounts('end-of-input'), { maxUncommittedBytes: 2_000 })
      await app.start()
      await app.finished.catch(() => {})
      world.world.disk.faults.heal()
      await app.close()
      const written = (await world.rows('out')).length
      expect(written).toBeGreaterThan(0)
      expect(written).toBeLessThan(200)
      await world.put('in', [
        ['k000', '', 2],
        ['k199', '', 3],
      ])
      const next = world.app(windowCounts('end-of-input'), { bounded: false })
      await next.start()
      await world.until(async () => (await positionOf(world, 'in')) === 202)
      await next.close()
      expect(next.dropped).toEqual({ late: 2 })
      expect(await windowRows(world)).toEqual(keys.map((key) => `${key}@0=1`))
    }))

  test('behind windows close after them, however many rows come', () =>
    inWorld(async (world) => {
      const small = tumbling({ size: millis(10), grace: 'end-of-input' })
      const large = tumbling({ size: millis(1000), grace: 'end-of-input' })
      const build = (builder: StreamsBuilder): void => {
        builder
          .stream('in', { key: string, value: string })
          .groupByKey()
          .windowedBy(small)
          .count({ store: 'first' })
          .emitFinal()
          .groupByKey()
          .windowedBy(large)
          .reduce({ store: 'second', value: int64, add: (sum, count) => sum + count })
          .emitFinal()
          .map((sum, window) => ({ key: `${window.key.key}@${window.key.start}@${window.start}`, value: sum }))
          .to('out', { key: string, value: json<number>() })
      }
      const rows = Array.from({ length: 300 }, (_, index): Row => [`k${index % 100}`, '', index * 7])
      await world.topics(['in', 'out'])
      await world.put('in', rows)
      await world.run(build)
      const reference = new MemoryApp(topologyOf(build))
      for (const [key, value, timestamp] of rows) reference.process({ topic: 'in', key, value, timestamp: timestamp! })
      reference.endOfInput()
      expect(await world.rows('out')).toEqual(reference.outputs.map(({ key, value }) => `${String(key)}=${String(value)}`))
      expect(await world.rows('out')).toHaveLength(300)
    }))

  test('that close all at once do so in several transactions', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const rows = Array.from({ length: 2_000 }, (_, index): Row => [`key-${index}`, 'x'.repeat(300), 1])
      for (let from = 0; from < rows.length; from += 100) await world.put('in', rows.slice(from, from + 100))
      const windows = tumbling({ size: millis(10), grace: 'end-of-input' })
      const app = world.app(
        (builder) => {
          builder
            .stream('in', { key: string, value: string })
            .groupByKey()
            .windowedBy(windows)
            .reduce({ store: 'last', value: string, add: (_total, value) => value })
            .emitFinal()
            .to('out', { key: windowed(string, windows), value: string })
        },
        { maxUncommittedBytes: 100_000 },
      )
      const states = statesOf(app)
      await app.start()
      await app.finished
      await app.close()
      expect(states).not.toContain('restarting')
      const written = await world.records('out')
      expect(new Set(written.map(({ key }) => string.read(key!.subarray(0, -8)))).size).toBe(2_000)
      expect(written).toHaveLength(2_000)
      // 800 kB of rows in frames of 256 kB at the most, of which outputs may fill 100 kB.
      expect((await world.transactions('out')).length).toBeGreaterThanOrEqual(7)
    }))
})
