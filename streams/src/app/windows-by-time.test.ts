import { int64, string } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { WindowTable } from '../dsl/window-table.ts'
import { TopologyTestDriver } from '../testing/topology-test-driver.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { hopping, sliding } from '../time/windows.ts'
import { inWorld, topologyOf, type AppWorld, type Row } from './app-world.fixtures.ts'
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

describe.each(['emitOnUpdate', 'emitFinal'] as const)('hopping windows of a running application, %s', (emit) => {
  const hops = hopping({ size: millis(10), advance: millis(5), grace: millis(10) })

  function build(builder: StreamsBuilder): void {
    const counts: WindowTable<string, number> = builder.stream('in', text).groupByKey().windowedBy(hops).count({ store: 'hops' })
    if (emit === 'emitOnUpdate') counts.emitOnUpdate()
    else counts.emitFinal().to('out', { key: windowed(string, hops), value: int64 })
  }

  // A row holds what begins in [0, 40), the next one what begins in [40, 80).
  const given: readonly (readonly Row[])[] = [
    [
      ['a', 'x', 38],
      ['a', 'x', 42],
      ['b', 'x', 42],
    ],
  ]
  const open = [
    { key: 'a', start: 30, value: 1, timestamp: 38 },
    { key: 'a', start: 35, value: 2, timestamp: 42 },
    { key: 'b', start: 35, value: 1, timestamp: 42 },
    { key: 'a', start: 40, value: 1, timestamp: 42 },
    { key: 'b', start: 40, value: 1, timestamp: 42 },
  ]

  test('are found one by one, over the rows that hold several, until they are closed', () =>
    inWorld(async (world) => {
      await using app = await appOver(world, given, build)
      const store = app.windowStore<string, number>('hops')
      await committed(world, store, 3)
      expect(await list(store.range())).toEqual(open)
      expect(await list(store.range({ from: 31, to: 39, reverse: true }))).toEqual([open[2], open[1]])
      expect(await store.windows('a', { from: 35 })).toEqual([open[1], open[3]])
      expect(await store.get('a', 30)).toEqual({ value: 1, timestamp: 38 })
      expect(await store.get('a', 31)).toBeNull()
      await world.put('in', [['b', 'x', 55]], 0)
      await committed(world, store, 4)
      expect((await store.windows('a')).map(({ start }) => start)).toEqual([40])
      expect((await store.windows('b')).map(({ start }) => start)).toEqual([40, 50, 55])
    }))

  test('are rows of the test driver', () => {
    using driver = new TopologyTestDriver(topologyOf(build))
    for (const [key, value, timestamp] of given[0]!) driver.pipeInput('in', { key, value: value!, timestamp: timestamp! })
    expect(driver.store('hops')).toEqual(open.map((row) => ({ ...row, partition: 0 })))
  })
})
