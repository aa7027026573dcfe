import { string } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { inWorld, type AppWorld, type Row } from './app-world.fixtures.ts'
import { appOver, committed } from './query-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const text = { key: string, value: string }

function build(builder: StreamsBuilder): void {
  builder.table('in', { ...text, store: 'prices', versioned: { historyRetention: millis(100) } })
}

const rows: readonly (readonly Row[])[] = [
  [
    ['tea', '1', 10],
    ['tea', '3', 50],
    ['tea', '2', 30],
    ['milk', '7', 20],
    ['milk', null, 40],
    ['milk', '8', 60],
    ['oil', '5', 5],
    ['oil', null, 25],
  ],
  [['rice', '4', 500]],
]

async function prices(world: AppWorld): Promise<StreamsApp> {
  const app = await appOver(world, rows, build)
  await committed(world, app.versionedStore('prices'), 8, 1)
  return app
}

describe('versions of a running application', () => {
  test('are the newest, or that of a time', () =>
    inWorld(async (world) => {
      await using app = await prices(world)
      const store = app.versionedStore<string, string>('prices')
      expect(await store.get('tea')).toEqual({ value: '3', validFrom: 50, validTo: null })
      expect(await store.get('tea', { asOf: 49 })).toEqual({ value: '2', validFrom: 30, validTo: 50 })
      expect(await store.get('tea', { asOf: 30 })).toEqual({ value: '2', validFrom: 30, validTo: 50 })
      expect(await store.get('tea', { asOf: 29 })).toEqual({ value: '1', validFrom: 10, validTo: 30 })
      expect(await store.get('tea', { asOf: 9 })).toBeNull()
      expect(await store.get('milk', { asOf: 40 })).toBeNull()
      expect(await store.get('milk', { asOf: 39 })).toEqual({ value: '7', validFrom: 20, validTo: 40 })
      expect(await store.get('oil')).toBeNull()
      expect(await store.get('oil', { asOf: 24 })).toEqual({ value: '5', validFrom: 5, validTo: 25 })
      expect(await store.get('nobody')).toBeNull()
      expect(await store.get('rice', { asOf: 500 })).toMatchObject({ value: '4' })
    }))

  test('of a key are those that were valid in a time, bounds included', () =>
    inWorld(async (world) => {
      await using app = await prices(world)
      const store = app.versionedStore<string, string>('prices')
      const [first, second, third] = [
        { value: '1', validFrom: 10, validTo: 30 },
        { value: '2', validFrom: 30, validTo: 50 },
        { value: '3', validFrom: 50, validTo: null },
      ]
      expect(await store.versions('tea')).toEqual([first, second, third])
      expect(await store.versions('tea', { reverse: true })).toEqual([third, second, first])
      expect(await store.versions('tea', { from: 30, to: 49 })).toEqual([second])
      expect(await store.versions('tea', { from: 29, to: 50 })).toEqual([first, second, third])
      expect(await store.versions('tea', { to: 9 })).toEqual([])
      expect(await store.versions('tea', { from: 1000 })).toEqual([third])
      expect((await store.versions('milk')).map(({ value, validTo }) => [value, validTo])).toEqual([
        ['7', 40],
        ['8', null],
      ])
      expect(await store.versions('nobody')).toEqual([])
    }))

  test('that are older than the history are gone, also where the row has not changed since; the newest stays', () =>
    inWorld(async (world) => {
      await using app = await prices(world)
      const store = app.versionedStore<string, string>('prices')
      await world.put('in', [['salt', '9', 130]], 0)
      await committed(world, store, 9, 1)
      expect((await store.versions('tea')).map(({ value }) => value)).toEqual(['2', '3'])
      expect(await store.get('tea', { asOf: 29 })).toBeNull()
      expect(await store.get('tea', { asOf: 30 })).toMatchObject({ value: '2' })
      expect(await store.versions('oil')).toEqual([])
      await world.put('in', [['salt', '9', 1000]], 0)
      await committed(world, store, 10, 1)
      expect(await store.versions('tea')).toEqual([{ value: '3', validFrom: 50, validTo: null }])
      expect(await store.versions('tea', { from: 50, to: 60 })).toHaveLength(1)
      expect(await store.get('tea', { asOf: 60 })).toMatchObject({ value: '3' })
    }))

  test('are there again after a restart, with the time that says how far they reach', () =>
    inWorld(async (world) => {
      const first = await prices(world)
      const store = first.versionedStore<string, string>('prices')
      await world.put('in', [['salt', '9', 130]], 0)
      await committed(world, store, 9, 1)
      await first.close()
      await expect(store.get('tea')).rejects.toMatchObject({ code: 'STORE_CLOSED' })
      await using again = world.app(build, { bounded: false })
      await again.start()
      const found = again.versionedStore<string, string>('prices')
      await world.until(async () => (await found.get('tea').catch(() => null)) !== null)
      expect((await found.versions('tea')).map(({ value }) => value)).toEqual(['2', '3'])
    }))

  test('behind a position say so, and refuse what is no time', () =>
    inWorld(async (world) => {
      await using app = await prices(world)
      const atLeast = [{ topic: 'in', partition: 0, offset: 9 }]
      const ahead = app.versionedStore<string, string>('prices', { atLeast })
      await expect(ahead.get('tea')).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' })
      await expect(ahead.versions('tea')).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' })
      await world.put('in', [['tea', null, 70]], 0)
      await committed(world, app.versionedStore('prices'), 9, 1)
      expect(await ahead.get('tea')).toBeNull()
      expect((await ahead.versions('tea')).at(-1)).toEqual({ value: '3', validFrom: 50, validTo: 70 })
      await expect(ahead.get('tea', { asOf: 1.5 })).rejects.toMatchObject({ code: 'INVALID_STREAM_OPTION' })
      await expect(ahead.get('tea', { at: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_STREAM_OPTION' })
      await expect(ahead.versions('tea', { from: Number.NaN })).rejects.toMatchObject({ code: 'INVALID_STREAM_OPTION' })
    }))
})
