/** Sources of a running application: several topics, patterns, where they begin, and whose time they go by. */
import { describe, expect, test } from 'vitest'
import { string } from '@millrace/core'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Meta } from '../graph/callbacks.ts'
import type { ProcessorContext } from '../graph/processor.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { millis } from '../time/duration.ts'
import { inWorld } from './app-world.fixtures.ts'

const text = { key: string, value: string }

describe('several topics in one stream', () => {
  test('are read as one, the oldest record first', async () => {
    await inWorld(async (world) => {
      await world.topics(['one', 'two', 'out'])
      await world.put('one', [
        ['a', '1', 10],
        ['a', '4', 40],
      ])
      await world.put('two', [
        ['a', '2', 20],
        ['a', '3', 30],
      ])
      await world.run((builder) => builder.stream(['one', 'two'], text).to('out', text))
      expect(await world.rows('out')).toEqual(['a=1', 'a=2', 'a=3', 'a=4'])
    })
  })
})

describe('a pattern', () => {
  const build = (builder: StreamsBuilder): void => builder.stream(/^orders-/, text).to('out', text)

  test('reads what matches at the start; a topic made later is found by the next start', async () => {
    await inWorld(async (world) => {
      await world.topics(['orders-b', 'other', 'out'])
      await world.put('orders-b', [['a', '1', 10]])
      await world.put('other', [['a', 'no', 5]])
      const first = world.app(build, { bounded: false })
      await first.start()
      await world.until(async () => (await world.rows('out')).length === 1)
      await world.topics(['orders-a'])
      await world.put('orders-a', [['a', '2', 20]])
      await world.put('orders-b', [['a', '3', 30]])
      await world.until(async () => (await world.rows('out')).length === 2)
      await first.close()
      await world.run(build)
      expect(await world.rows('out')).toEqual(['a=1', 'a=3', 'a=2'])
    })
  })

  test('that nothing matches is a topic that is missing', async () => {
    await inWorld(async (world) => {
      await world.topics(['out'])
      await expect(world.app(build).start()).rejects.toThrow(/SOURCE_TOPIC_MISSING.*orders-/s)
    })
  })

  test('that finds a topic after a bounded run has ended goes on with it', async () => {
    await inWorld(async (world) => {
      await world.topics(['orders-b', 'out'])
      await world.put('orders-b', [['a', '1', 10]])
      await world.run(build)
      await world.topics(['orders-c'])
      await world.put('orders-b', [['a', 'behind the end', 15]])
      await world.put('orders-c', [['a', '2', 20]])
      await world.run(build)
      await world.run(build)
      expect(await world.rows('out')).toEqual(['a=1', 'a=2'])
    })
  })

  test('keeps the stream times of its task when another topic comes before the first', async () => {
    await inWorld(async (world) => {
      await world.topics(['orders-b', 'out'])
      const ticking = (builder: StreamsBuilder): void => {
        const open = (context: ProcessorContext<string, string>) => {
          context.schedule(millis(10), 'stream-time', (at) => context.forward({ key: 'tick', value: `${at}` }))
          return { process: () => {} }
        }
        builder
          .stream(/^orders-/, text)
          .process({ name: 'p', open })
          .to('out', text)
      }
      await world.put('orders-b', [['a', '1', 57]])
      await world.run(ticking)
      await world.topics(['orders-a'])
      await world.put('orders-a', [
        ['a', '2', 20],
        ['a', '3', 60],
      ])
      await world.run(ticking)
      expect(await world.rows('out')).toEqual(['tick=57', 'tick=60'])
    })
  })
})

describe('reset', () => {
  const build = (builder: StreamsBuilder): void => builder.stream('in', { ...text, reset: 'latest' }).to('out', text)

  test('latest begins behind the last record, and goes on from what is committed', async () => {
    await inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', 'before']])
      const first = world.app(build, { bounded: false })
      await first.start()
      await world.put('in', [['a', 'first']])
      await world.until(async () => (await world.rows('out')).length === 1)
      await first.close()
      await world.put('in', [['a', 'between']])
      await world.run(build)
      expect(await world.rows('out')).toEqual(['a=first', 'a=between'])
    })
  })

  test('latest is the place of the first start, also where nothing was processed before the next one', async () => {
    await inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', 'before']])
      const first = world.app(build, { bounded: false })
      await first.start()
      await first.close()
      await world.put('in', [['a', 'between']])
      await world.run(build)
      expect(await world.rows('out')).toEqual(['a=between'])
    })
  })

  test('earliest begins at the first record', async () => {
    await inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', 'before']])
      await world.run((builder) => builder.stream('in', { ...text, reset: 'earliest' }).to('out', text))
      expect(await world.rows('out')).toEqual(['a=before'])
    })
  })
})

describe('a timestamp extractor', () => {
  const timestamp = (value: string): number => Number(value.split('@')[1])

  test('gives the time that everything goes by, also the order of several topics', async () => {
    await inWorld(async (world) => {
      await world.topics(['one', 'two', 'out'])
      await world.put('one', [
        ['a', 'x@30', 1],
        ['a', 'y@40', 2],
      ])
      await world.put('two', [
        ['a', 'z@35', 3],
        ['a', 'w@50', 4],
      ])
      await world.run((builder) => builder.stream(['one', 'two'], { ...text, timestamp }).to('out', text))
      expect(await world.rows('out')).toEqual(['a=x@30', 'a=z@35', 'a=y@40', 'a=w@50'])
      expect((await world.records('out')).map((record) => record.timestamp)).toEqual([30, 35, 40, 50])
    })
  })

  test('drops and counts what has a negative time; what is no time, or throws, falls under the error policy', async () => {
    const rows = [
      ['a', 'x@1'],
      ['a', 'x@-1'],
      ['a', 'x@no'],
      ['a', 'x@2'],
    ] as const
    const build = (builder: StreamsBuilder): void => builder.stream('in', { ...text, timestamp }).to('out', text)
    await inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', rows)
      await using failing = world.app(build)
      await failing.start()
      await expect(failing.finished).rejects.toThrow(/RECORD_INVALID.*source-1.*in-0 at offset 2/s)
      await failing.close()
      const app = await world.run(build, { onError: 'skip' })
      expect(app.dropped).toEqual({ 'no-timestamp': 1, failed: 1 })
      expect(await world.rows('out')).toEqual(['a=x@1', 'a=x@2'])
    })
  })

  test('stands in for a timestamp that the log does not have', async () => {
    await inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', 'x@7', -1]])
      await world.run((builder) => builder.stream('in', { ...text, timestamp }).to('out', text))
      expect((await world.records('out')).map((record) => record.timestamp)).toEqual([7])
    })
  })

  test('holds over plain maps too, with key and meta', () => {
    const builder = new StreamsBuilder()
    const seen: unknown[] = []
    const own = (value: string, key: string, meta: Meta): number => {
      seen.push([key, meta.topic, meta.timestamp])
      return timestamp(value)
    }
    builder
      .stream('in', { ...text, timestamp: own })
      .peek((_value, _key, meta) => seen.push(meta.timestamp))
      .to('out', text)
    const app = new MemoryApp(builder.build(), { errorPolicy: 'skip' })
    for (const value of ['x@5', 'x@-5', 'x@no']) app.process({ topic: 'in', key: 'a', value, timestamp: 1 })
    expect(app.outputs.map((output) => output.timestamp)).toEqual([5])
    expect(seen).toEqual([['a', 'in', 1], 5, ['a', 'in', 1], ['a', 'in', 1]])
    expect(Object.fromEntries(app.task('0_0').context.drops)).toEqual({ 'no-timestamp': 1, failed: 1 })
  })
})

test('options of a source are checked where they are given', () => {
  const builder = new StreamsBuilder()
  expect(() => builder.stream('in', { ...text, reset: 'none' as never })).toThrow(/INVALID_STREAM_OPTION.*reset/s)
  expect(() => builder.stream('in', { ...text, timestamp: 5 as never })).toThrow(/INVALID_STREAM_OPTION.*timestamp/s)
  expect(() => builder.stream([], text)).toThrow(/TOPOLOGY_NAME_MISSING/)
})
