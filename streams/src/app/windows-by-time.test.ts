import { int64, string } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { sliding } from '../time/windows.ts'
import { inWorld, type AppWorld, type Row } from './app-world.fixtures.ts'
import { appOver, committed, list } from './query-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const text = { key: string, value: string }
const windows = sliding({ difference: millis(10), grace: millis(50) })

function updating(builder: StreamsBuilder): void {
  builder.stream('in', text).groupByKey().windowedBy(windows).count({ store: 'near' }).emitOnUpdate()
}

function emittingFinal(builder: StreamsBuilder): void {
  builder
    .stream('in', text)
    .groupByKey()
    .windowedBy(windows)
    .count({ store: 'near' })
    .emitFinal()
    .to('out', { key: windowed(string, windows), value: int64 })
}

const rows: readonly (readonly Row[])[] = [
  [
    ['a', 'x', 20],
    ['a', 'x', 26],
    ['a', 'x', 44],
    ['b', 'x', 26],
  ],
  [['c', 'x', 26]],
]

async function near(world: AppWorld, build: (builder: StreamsBuilder) => void = updating): Promise<StreamsApp> {
  const app = await appOver(world, rows, build)
  await committed(world, app.windowStore('near'), 4, 1)
  return app
}

describe('sliding windows of a running application', () => {
  test('are found by key and start, and by a time in which they begin', () =>
    inWorld(async (world) => {
      await using app = await near(world)
      const store = app.windowStore<string, number>('near')
      expect(await store.get('a', 16)).toEqual({ value: 2, timestamp: 26 })
      expect(await store.get('a', 17)).toBeNull()
      expect(await store.get('nobody', 16)).toBeNull()
      expect(await store.windows('a')).toEqual([
        { key: 'a', start: 10, value: 1, timestamp: 20 },
        { key: 'a', start: 16, value: 2, timestamp: 26 },
        { key: 'a', start: 21, value: 1, timestamp: 26 },
        { key: 'a', start: 34, value: 1, timestamp: 44 },
      ])
      const starts = (await store.windows('a', { from: 16, to: 21 })).map(({ start }) => start)
      expect(starts).toEqual([16, 21])
      expect(await store.windows('a', { from: 22, to: 33 })).toEqual([])
    }))

  test('of all keys come by start, then by key, over all partitions', () =>
    inWorld(async (world) => {
      await using app = await near(world)
      const store = app.windowStore<string, number>('near')
      const names = (found: readonly { key: string; start: number }[]): string[] =>
        found.map(({ key, start }) => `${key}@${start}`)
      const all = ['a@10', 'a@16', 'b@16', 'c@16', 'a@21', 'a@34']
      expect(names(await list(store.range()))).toEqual(all)
      expect(names(await list(store.range({ reverse: true })))).toEqual(all.toReversed())
      expect(names(await list(store.range({ from: 11, to: 21 })))).toEqual(all.slice(1, 5))
      for await (const { key } of store.range({ reverse: true })) if (key === 'c') break
      expect(() => store.range({ from: Number.NaN })).toThrow(/INVALID_STREAM_OPTION/)
      await expect(store.windows('a', { to: 0.5 })).rejects.toMatchObject({ code: 'INVALID_STREAM_OPTION' })
    }))

  test.each([
    ['emitOnUpdate', updating],
    ['emitFinal', emittingFinal],
  ] as const)('%s: those that are closed are not there, though others are begun from them', (_, build) =>
    inWorld(async (world) => {
      await using app = await near(world, build)
      const store = app.windowStore<string, number>('near')
      const startsOf = async (): Promise<number[]> => (await store.windows('a')).map(({ start }) => start)
      await world.put('in', [['b', 'x', 76]], 0)
      await committed(world, store, 5, 1)
      expect(await startsOf()).toEqual([16, 21, 34])
      await world.put('in', [['b', 'x', 77]], 0)
      await committed(world, store, 6, 1)
      expect(await startsOf()).toEqual([21, 34])
      expect(await store.get('a', 16)).toBeNull()
      expect((await list(store.range())).map(({ key, start }) => `${key}@${start}`)).toEqual([
        'c@16',
        'a@21',
        'a@34',
        'b@66',
        'b@67',
        'b@77',
      ])
      await app.close()
      await using again = world.app(build, { bounded: false })
      await again.start()
      const found = again.windowStore<string, number>('near')
      await world.until(async () => (await found.windows('a').catch(() => [])).length > 0)
      expect((await found.windows('a')).map(({ start }) => start)).toEqual([21, 34])
    }),
  )
})
