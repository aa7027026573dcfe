import { int64, string } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { hours, millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { session, sliding, tumbling } from '../time/windows.ts'
import { inWorld, type AppWorld } from './app-world.fixtures.ts'
import { list } from './query-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const text = { key: string, value: string }
const windows = tumbling({ size: millis(10), grace: millis(1000) })

/** Counts by key, by key and window, and a global table. */
function build(builder: StreamsBuilder): void {
  builder.globalTable('names', { ...text, store: 'names' })
  const grouped = builder.stream('in', text).groupByKey()
  grouped
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: string, value: int64 as never })
  grouped
    .windowedBy(windows)
    .count({ store: 'windows' })
    .emitFinal()
    .to('closed', { key: windowed(string, windows), value: int64 })
}

async function started(world: AppWorld): Promise<StreamsApp> {
  await world.topics(['in', 'out', 'closed', 'names'], 2)
  const app = world.app(build, { bounded: false })
  await app.start()
  await world.put('names', [
    ['de', 'Deutschland'],
    ['fr', 'France'],
  ])
  await world.put(
    'in',
    [
      ['a', '1', 5],
      ['b', '1', 5],
      ['a', '2', 15],
    ],
    0,
  )
  await world.put(
    'in',
    [
      ['c', '1', 5],
      ['ab', '1', 25],
    ],
    1,
  )
  await world.until(() =>
    app
      .keyValueStore('counts')
      .position()
      .every(({ partition, offset }) => offset === 3 - partition),
  )
  return app
}

describe('a running application', () => {
  test('answers by key, by range and by prefix, over all its partitions', () =>
    inWorld(async (world) => {
      await using app = await started(world)
      const counts = app.keyValueStore<string, number>('counts')
      expect(await counts.get('a')).toEqual({ value: 2, timestamp: 15 })
      expect(await counts.get('nobody')).toBeNull()
      const keys = async (rows: AsyncIterable<{ key: string }>): Promise<string[]> => (await list(rows)).map(({ key }) => key)
      expect(await keys(counts.range())).toEqual(['a', 'ab', 'b', 'c'])
      expect(await keys(counts.range({ reverse: true }))).toEqual(['c', 'b', 'ab', 'a'])
      expect(await keys(counts.range({ from: 'ab', to: 'b' }))).toEqual(['ab', 'b'])
      expect(await keys(counts.prefix('a'))).toEqual(['a', 'ab'])
      for await (const { key } of counts.range()) if (key === 'a') break
    }))

  test('answers for windows by key and time, and for global tables', () =>
    inWorld(async (world) => {
      await using app = await started(world)
      const counts = app.windowStore<string, number>('windows')
      expect(await counts.get('a', 10)).toEqual({ value: 1, timestamp: 15 })
      expect(await counts.windows('a')).toEqual([
        { key: 'a', start: 0, value: 1, timestamp: 5 },
        { key: 'a', start: 10, value: 1, timestamp: 15 },
      ])
      expect(await counts.windows('a', { from: 1, to: 10 })).toHaveLength(1)
      const rows = await list(counts.range({ from: 0, to: 10 }))
      expect(rows.map(({ key, start }) => `${key}@${start}`)).toEqual(['a@0', 'b@0', 'c@0', 'a@10'])
      const names = app.keyValueStore<string, string>('names')
      await world.until(async () => (await names.get('fr')) !== null)
      expect((await list(names.range({ from: 'e' }))).map(({ value }) => value)).toEqual(['France'])
    }))

  test('waits for nothing: what is behind says so, and what is no store of it too', () =>
    inWorld(async (world) => {
      await using app = await started(world)
      const place = { topic: 'in', partition: 0 }
      const reached = app.keyValueStore('counts', { atLeast: [{ ...place, offset: 3 }] })
      expect(await reached.get('a')).not.toBeNull()
      const ahead = app.keyValueStore('counts', { atLeast: [{ ...place, offset: 4 }] })
      await expect(ahead.get('a')).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED', outcome: 'retriable' })
      await world.put('in', [['a', '3', 16]], 0)
      await world.until(
        async () =>
          await ahead.get('a').then(
            () => true,
            () => false,
          ),
      )
      expect(await ahead.get('a')).toMatchObject({ value: 3 })
      expect(() => app.keyValueStore('windows')).toThrow(/STORE_UNKNOWN.*counts/)
      expect(() => app.windowStore('nothing')).toThrow(/STORE_UNKNOWN.*windows/)
      expect(() => app.keyValueStore('counts', { atMost: [] } as never)).toThrow(/INVALID_STREAM_OPTION/)
    }))

  test('has a method for each kind of store, and says which', () =>
    inWorld(async (world) => {
      await using app = world.app((builder) => {
        const grouped = builder.stream('in', text).groupByKey()
        grouped
          .windowedBy(session({ gap: millis(10), grace: millis(0) }))
          .count({ store: 'visits' })
          .emitOnUpdate()
        grouped
          .windowedBy(sliding({ difference: millis(10), grace: millis(0) }))
          .count({ store: 'near' })
          .emitOnUpdate()
        grouped.windowedBy(windows).count({ store: 'windows' }).emitOnUpdate()
        builder.table('prices', { ...text, store: 'history', versioned: { historyRetention: hours(1) } })
        builder.table('names', { ...text, store: 'names' })
        builder.globalTable('countries', { ...text, store: 'countries' })
        builder
          .stream('other', text)
          .delay({ time: millis(5), store: 'waiting', value: string })
          .to('out', text)
      })
      const of = {
        keyValueStore: ['names', 'countries'],
        windowStore: ['near', 'windows'],
        sessionStore: ['visits'],
        versionedStore: ['history'],
      }
      const methods = ['keyValueStore', 'windowStore', 'sessionStore', 'versionedStore'] as const
      for (const right of methods) {
        for (const name of of[right]) {
          expect(app[right](name).name).toBe(name)
          for (const wrong of methods.filter((one) => one !== right)) {
            const shown = of[wrong].join(', ')
            expect(() => app[wrong](name), `${wrong} ${name}`).toThrow(
              expect.objectContaining({
                code: 'STORE_UNKNOWN',
                message: expect.stringMatching(new RegExp(`use ${right}\\(\\).*${shown}`, 's')),
              }),
            )
          }
        }
        expect(() => app[right]('waiting')).toThrow(/STORE_UNKNOWN.*remembers for itself/s)
        expect(() => app[right]('nothing')).toThrow(new RegExp(`STORE_UNKNOWN.*no store of this name for ${right}`, 's'))
        expect(() => app[right](of[right][0]!, { atMost: [] } as never)).toThrow(/INVALID_STREAM_OPTION/)
      }
    }))

  test('that does not run says so; its views work again with the next start', () =>
    inWorld(async (world) => {
      const app = await started(world)
      const counts = app.keyValueStore<string, number>('counts')
      await app.close()
      await expect(counts.get('a')).rejects.toMatchObject({ code: 'STORE_CLOSED', outcome: 'retriable' })
      await using again = world.app(build, { bounded: false })
      await again.start()
      await world.until(
        async () =>
          (await again
            .keyValueStore('counts')
            .get('c')
            .catch(() => null)) !== null,
      )
    }))
})
