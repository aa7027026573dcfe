import { string } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { session } from '../time/windows.ts'
import { inWorld, type AppWorld, type Row } from './app-world.fixtures.ts'
import { holding } from './held-log.fixtures.ts'
import { appOver, committed, list } from './query-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const text = { key: string, value: string }
const sessions = session({ gap: millis(10), grace: millis(100) })

/** What each session holds, in the order in which it came. */
const pages = {
  store: 'visits',
  value: string,
  initial: () => '',
  add: (all: string, page: string) => all + page,
  merge: (one: string, other: string) => one + other,
}

function updating(builder: StreamsBuilder): void {
  builder.stream('in', text).groupByKey().windowedBy(sessions).aggregate(pages).emitOnUpdate()
}

function emittingFinal(builder: StreamsBuilder): void {
  builder
    .stream('in', text)
    .groupByKey()
    .windowedBy(sessions)
    .aggregate(pages)
    .emitFinal()
    .to('out', { key: windowed(string, sessions), value: string })
}

const rows: readonly (readonly Row[])[] = [
  [
    ['a', 'u', 20],
    ['a', 'v', 25],
    ['b', 'w', 22],
    ['a', 'x', 50],
    ['a', 'y', 45],
    ['a', 'z', 130],
  ],
  [
    ['c', 'p', 25],
    ['c', 'q', 60],
  ],
]

async function visits(world: AppWorld, build: (builder: StreamsBuilder) => void = updating): Promise<StreamsApp> {
  const app = await appOver(world, rows, build)
  await committed(world, app.sessionStore('visits'), 6, 2)
  return app
}

describe('sessions of a running application', () => {
  test('are found by their bounds, and those of a key in their order', () =>
    inWorld(async (world) => {
      await using app = await visits(world)
      const store = app.sessionStore<string, string>('visits')
      expect(await store.get('a', 20, 25)).toEqual({ value: 'uv', timestamp: 25 })
      for (const [start, end] of [
        [20, 24],
        [21, 25],
        [20, 20],
        [25, 25],
      ] as const)
        expect(await store.get('a', start, end)).toBeNull()
      expect(await store.get('nobody', 20, 25)).toBeNull()
      expect(await store.sessions('a')).toEqual([
        { key: 'a', start: 20, end: 25, value: 'uv', timestamp: 25 },
        { key: 'a', start: 45, end: 50, value: 'xy', timestamp: 50 },
        { key: 'a', start: 130, end: 130, value: 'z', timestamp: 130 },
      ])
      expect(await store.sessions('nobody')).toEqual([])
    }))

  test('are found by the time that they touch, bounds included', () =>
    inWorld(async (world) => {
      await using app = await visits(world)
      const store = app.sessionStore<string, string>('visits')
      const found = async (earliestSessionEnd: number, latestSessionStart: number): Promise<string[]> =>
        (await store.sessions('a', { earliestSessionEnd, latestSessionStart })).map(({ value }) => value)
      expect(await found(25, 45)).toEqual(['uv', 'xy'])
      expect(await found(26, 45)).toEqual(['xy'])
      expect(await found(25, 44)).toEqual(['uv'])
      expect(await found(26, 44)).toEqual([])
      expect(await found(47, 47)).toEqual(['xy'])
    }))

  test('of all keys come by end, then by key, over all partitions; leaving early is well', () =>
    inWorld(async (world) => {
      await using app = await visits(world)
      const store = app.sessionStore<string, string>('visits')
      const names = (found: readonly { key: string; start: number; end: number }[]): string[] =>
        found.map(({ key, start, end }) => `${key}@${start}-${end}`)
      const all = ['b@22-22', 'a@20-25', 'c@25-25', 'a@45-50', 'c@60-60', 'a@130-130']
      expect(names(await list(store.range()))).toEqual(all)
      expect(names(await list(store.range({ reverse: true })))).toEqual(all.toReversed())
      const middle = { earliestSessionEnd: 25, latestSessionStart: 45 }
      expect(names(await list(store.range(middle)))).toEqual(['a@20-25', 'c@25-25', 'a@45-50'])
      expect(names(await list(store.range({ ...middle, reverse: true })))).toEqual(['a@45-50', 'c@25-25', 'a@20-25'])
      for await (const { key } of store.range()) if (key === 'a') break
    }))

  test.each([
    ['emitOnUpdate', updating],
    ['emitFinal', emittingFinal],
  ] as const)('%s: those that are closed are not there; their own partition closes them', (_, build) =>
    inWorld(async (world) => {
      await using app = await visits(world, build)
      const store = app.sessionStore<string, string>('visits')
      const values = async (): Promise<string[]> => (await list(store.range())).map(({ value }) => value)
      await world.put('in', [['b', 'n', 135]], 0)
      await committed(world, store, 7, 2)
      expect(await values()).toEqual(['uv', 'p', 'xy', 'q', 'z', 'n'])
      expect(await store.sessions('b')).toHaveLength(1)
      await world.put('in', [['b', 'm', 136]], 0)
      await committed(world, store, 8, 2)
      expect(await values()).toEqual(['p', 'xy', 'q', 'z', 'nm'])
      expect(await store.get('a', 20, 25)).toBeNull()
    }),
  )

  test('change with the commit of a step, the time that closes them too', () =>
    inWorld(async (world) => {
      await world.topics(['in'])
      const { log, hold, letGo } = holding(world.log)
      await using app = world.app(updating, { bounded: false, log })
      const store = app.sessionStore<string, string>('visits')
      await app.start()
      await world.put('in', rows[0]!)
      await committed(world, store, 6)
      hold()
      await world.put('in', [
        ['a', 'w', 131],
        ['b', 'm', 136],
      ])
      await world.after(1000)
      const before = ['uv', 'w', 'xy', 'z']
      expect(store.position()).toMatchObject([{ offset: 6 }])
      expect((await list(store.range())).map(({ value }) => value).toSorted()).toEqual(before)
      expect(await store.get('a', 20, 25)).toEqual({ value: 'uv', timestamp: 25 })
      expect(await store.get('a', 130, 131)).toBeNull()
      expect((await store.sessions('a')).map(({ value }) => value)).toEqual(['uv', 'xy', 'z'])
      letGo()
      await committed(world, store, 8)
      expect((await list(store.range())).map(({ value }) => value)).toEqual(['xy', 'zw', 'm'])
      expect(await store.get('a', 20, 25)).toBeNull()
    }))

  test('are there again after a restart, with the time that closes them', () =>
    inWorld(async (world) => {
      const first = await visits(world)
      const store = first.sessionStore<string, string>('visits')
      await world.put('in', [['b', 'm', 136]], 0)
      await committed(world, store, 7, 2)
      await first.close()
      await expect(store.get('a', 45, 50)).rejects.toMatchObject({ code: 'STORE_CLOSED' })
      await expect(list(store.range())).rejects.toMatchObject({ code: 'STORE_CLOSED' })
      await using again = world.app(updating, { bounded: false })
      await again.start()
      const found = again.sessionStore<string, string>('visits')
      await world.until(async () => (await list(found.range()).catch(() => [])).length > 0)
      expect((await list(found.range())).map(({ value }) => value)).toEqual(['p', 'xy', 'q', 'z', 'm'])
    }))

  test('behind a position say so, and refuse what is no time', () =>
    inWorld(async (world) => {
      await using app = await visits(world)
      const atLeast = [{ topic: 'in', partition: 0, offset: 7 }]
      const ahead = app.sessionStore<string, string>('visits', { atLeast })
      await expect(ahead.sessions('a')).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' })
      await expect(list(ahead.range())).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' })
      await world.put('in', [['a', 'again', 131]], 0)
      await committed(world, app.sessionStore('visits'), 7, 2)
      expect(await ahead.get('a', 130, 131)).toEqual({ value: 'zagain', timestamp: 131 })
      await expect(ahead.sessions('a', { from: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_STREAM_OPTION' })
      await expect(ahead.sessions('a', { earliestSessionEnd: Number.NaN })).rejects.toMatchObject({
        code: 'INVALID_STREAM_OPTION',
      })
      expect(() => ahead.range({ latestSessionStart: 0.5 })).toThrow(/INVALID_STREAM_OPTION/)
    }))
})
