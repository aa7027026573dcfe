/** Closing with a deadline, removing local state, and what is told while it is restored. */
import { describe, expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { RestoreEvent } from '../runtime/restore.ts'
import { inWorld, type AppWorld } from './app-world.fixtures.ts'
import type { CloseOptions } from './close-options.ts'
import { holding } from './held-log.fixtures.ts'

const counting = (builder: StreamsBuilder): void => {
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .mapValues((count) => count ?? 0)
    .to('out', { key: string, value: int64 })
}

const store = '/state/app/0_0/store'

async function filled(world: AppWorld): Promise<void> {
  await world.topics(['in', 'out'])
  await world.put(
    'in',
    Array.from({ length: 50 }, (_, index) => [`k${index % 10}`, 'x'] as const),
  )
}

describe('close with a deadline', () => {
  test('that is not reached is a close like any other', () =>
    inWorld(async (world) => {
      await filled(world)
      const app = world.app(counting, { bounded: false })
      await app.start()
      await world.until(async () => (await world.rows('out')).length === 50)
      expect(await app.close({ timeoutMs: 10_000 })).toBe(true)
      expect(await app.close({ timeoutMs: 0 })).toBe(true)
      expect(await app.close()).toBe(true)
      expect(world.engines.rows(store).size).toBeGreaterThan(10)
    }))

  test('gives up a commit that hangs; the directory is free when it has ended, and nothing is lost or twice', () =>
    inWorld(async (world) => {
      await filled(world)
      const { log, hold, letGo } = holding(world.log)
      const app = world.app(counting, { bounded: false, log })
      await app.start()
      hold()
      await world.after(50)
      const began = world.world.clock.monotonic()
      const [first, second] = [app.close(), app.close({ timeoutMs: 300 })]
      expect(await Promise.all([first, second])).toEqual([false, false])
      expect(world.world.clock.monotonic() - began).toBe(300)
      expect(app.state).toBe('closed')
      await app.finished
      const next = world.app(counting)
      await expect(next.start()).rejects.toMatchObject({ code: 'STATE_DIRECTORY_LOCKED' })
      await next.close()
      await expect(app.cleanUp()).rejects.toMatchObject({ code: 'STATE_DIRECTORY_LOCKED' })
      letGo()
      await world.after(100)
      await world.run(counting)
      expect(await world.rows('out')).toHaveLength(50)
      expect((await world.numbers('out')).filter((count) => count === 5)).toHaveLength(10)
    }))

  test('gives up a start that hangs', () =>
    inWorld(async (world) => {
      await filled(world)
      const { log, hold, letGo } = holding(world.log)
      hold()
      const app = world.app(counting, { log })
      const starting = app.start().catch((error: unknown) => error)
      await world.after(50)
      expect(app.state).toBe('starting')
      expect(await app.close({ timeoutMs: 0 })).toBe(false)
      letGo()
      expect(await starting).toMatchObject({ code: 'APP_STATE' })
      await world.after(10)
      await world.run(counting)
      expect(await world.rows('out')).toHaveLength(50)
    }))

  test.each<[string, unknown]>([
    ['before now', { timeoutMs: -1 }],
    ['that is a fraction', { timeoutMs: 0.5 }],
    ['in seconds', { timeoutSeconds: 1 }],
    ['that is a number', 5],
  ])('%s is refused, and nothing is closed', (_name, options) =>
    inWorld(async (world) => {
      await filled(world)
      await using app = world.app(counting, { bounded: false })
      await app.start()
      await expect(app.close(options as CloseOptions)).rejects.toMatchObject({ code: 'INVALID_STREAM_OPTION' })
      expect(app.state).toBe('running')
    }),
  )
})

describe('cleanUp', () => {
  test('removes what is local: the next start restores it', () =>
    inWorld(async (world) => {
      await filled(world)
      const first = await world.run(counting)
      const instance = world.world.disk.readFile('/state/app/instance-id')
      expect(world.engines.rows(store).size).toBeGreaterThan(10)
      await first.cleanUp()
      expect(world.world.disk.list('/state/app').filter((name) => name !== '.lock')).toEqual(['instance-id'])
      expect(world.engines.rows(store).size).toBe(0)
      await first.cleanUp()
      const events: RestoreEvent[] = []
      const second = world.app(counting, { bounded: false, onRestore: (event) => events.push(event) })
      await second.start()
      expect(events.at(-1)).toMatchObject({ kind: 'end', records: 10 })
      expect(await second.keyValueStore<string, number>('counts').get('k3')).toMatchObject({ value: 5 })
      await second.close()
      expect(world.world.disk.readFile('/state/app/instance-id')).toEqual(instance)
    }))

  test('may be the first thing that is done, and where there is nothing it makes nothing', () =>
    inWorld(async (world) => {
      await filled(world)
      const app = world.app(counting)
      await app.cleanUp()
      expect(world.world.disk.stat('/state')).toBeNull()
      await world.run(counting)
      await app.cleanUp()
      await app.start()
      await app.close()
      expect(world.engines.wiped).toContain(store)
    }))

  test('is refused while the application runs, here or elsewhere', () =>
    inWorld(async (world) => {
      await filled(world)
      await using app = world.app(counting)
      const starting = app.start()
      const refused = { code: 'APP_STATE', message: expect.stringContaining('cleaned up') }
      await expect(app.cleanUp()).rejects.toMatchObject(refused)
      await starting
      await expect(app.cleanUp()).rejects.toMatchObject(refused)
      await expect(world.app(counting).cleanUp()).rejects.toMatchObject({ code: 'STATE_DIRECTORY_LOCKED' })
      await app.finished
      await expect(app.cleanUp()).rejects.toMatchObject(refused)
      expect(await world.rows('out')).toHaveLength(50)
    }))

  test('has nothing to do for an application without a directory', () =>
    inWorld(async (world) => {
      const { log, world: ports, engines } = world
      const { StreamsApp } = await import('./streams-app.ts')
      const { topologyOf, mapping } = await import('./app-world.fixtures.ts')
      const app = new StreamsApp(topologyOf(mapping((value) => value)), {
        applicationId: 'app',
        log,
        world: ports,
        storeEngines: engines,
      })
      await app.cleanUp()
      await app.close()
    }))
})

describe('a restore', () => {
  test('tells where it begins, each batch, and its end', () =>
    inWorld(async (world) => {
      await filled(world)
      const events: RestoreEvent[] = []
      const onRestore = (event: RestoreEvent): void => void events.push(event)
      const first = await world.run(counting, { onRestore })
      expect(events).toEqual([])
      await world.run(counting, { onRestore })
      // Only the marker of the last commit.
      expect(events.splice(0)).toMatchObject([
        { kind: 'start', records: 0 },
        { kind: 'end', records: 0 },
      ])
      await first.cleanUp()
      await world.run(counting, { onRestore })
      const end = events[0]!.to
      const place = { store: 'counts', topic: 'app-counts-changelog', partition: 0, from: 0, to: end }
      expect(events[0]).toEqual({ kind: 'start', ...place, position: 0, records: 0 })
      expect(events.at(-1)).toEqual({ kind: 'end', ...place, position: end, records: 10 })
      const batches = events.slice(1, -1)
      expect(batches.length).toBeGreaterThan(0)
      for (const { kind, position, records } of batches) {
        expect(kind).toBe('batch')
        expect(position).toBeLessThanOrEqual(end)
        expect(records).toBeLessThanOrEqual(10)
      }
    }))

  test('is given up by a close, and says so', () =>
    inWorld(async (world) => {
      await filled(world)
      const first = await world.run(counting, { maxUncommittedBytes: 1 })
      await first.cleanUp()
      const kinds: string[] = []
      const app = world.app(counting, {
        onRestore: ({ kind }) => {
          kinds.push(kind)
          if (kind === 'start') void app.close()
        },
      })
      await expect(app.start()).rejects.toMatchObject({ code: 'APP_STATE' })
      expect(kinds).toEqual(['start', 'suspended'])
      await app.close()
      await app.finished
      await world.run(counting)
      expect(await world.rows('out')).toHaveLength(50)
    }))
})
