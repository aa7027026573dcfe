/** Pausing an application and its sources (KIP-834). */
import { describe, expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import { windowed } from '../time/windowed.ts'
import { inWorld, mapping, statesOf, type AppWorld } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const copy = mapping((value) => value)

async function rowsComeTo(world: AppWorld, count: number): Promise<void> {
  await world.until(async () => (await world.rows('out')).length === count)
}

describe('a paused application', () => {
  test('takes nothing more until it is resumed; what was open is committed, and its stores can be asked', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const counting = (builder: StreamsBuilder): void => {
        builder.stream('in', text).groupByKey().count({ store: 'counts' })
      }
      await using app = world.app(counting, { bounded: false, commitIntervalMs: 1_000_000 })
      const states = statesOf(app)
      await app.start()
      await world.put('in', [['a', '1']])
      await world.after(1)
      await app.pause()
      expect(app.isPaused).toBe(true)
      expect((await world.log.admin.groupOffsets('app')).map(({ offset }) => offset)).toEqual([1])
      expect(await app.keyValueStore<string, number>('counts').get('a')).toMatchObject({ value: 1 })
      await world.put('in', [['a', '2']])
      await world.after(5_000)
      expect(await app.keyValueStore<string, number>('counts').get('a')).toMatchObject({ value: 1 })
      app.resume()
      expect(app.isPaused).toBe(false)
      await world.until(async () => (await app.keyValueStore<string, number>('counts').get('a'))?.value === 2)
      expect(states).toEqual(['starting', 'running'])
    }))

  test('may be paused while it starts, twice, and closed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      const app = world.app(copy, { bounded: false })
      const starting = app.start()
      await Promise.all([app.pause(), app.pause(), starting])
      await world.after(1_000)
      expect(await world.rows('out')).toEqual([])
      expect(await app.close()).toBe(true)
      await app.finished
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1'])
    }))

  test('comes back paused after an error', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(copy, { bounded: false })
      const states = statesOf(app)
      await app.start()
      await world.put('in', [['a', '1']])
      world.world.disk.faults.add({ path: '/log/millrace-journal-*', operation: 'write', nth: 1, error: 'ENOSPC' })
      await app.pause()
      await world.put('in', [['a', '2']])
      await world.after(1_000)
      expect(states).toContain('restarting')
      expect(await world.rows('out')).toEqual([])
      app.resume()
      await rowsComeTo(world, 2)
    }))

  test('lets no punctuation fire, and no idle window close', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'windows'])
      await world.put('in', [['a', '1', 100]])
      const windows = tumbling({ size: millis(1_000), grace: millis(0) })
      let ticks = 0
      const build = (builder: StreamsBuilder): void => {
        const input = builder.stream('in', text)
        input.process({
          name: 'ticking',
          open: (context) => {
            context.schedule(millis(100), 'wall-clock', () => void ticks++)
            return { process: () => {} }
          },
        })
        input
          .groupByKey()
          .windowedBy(windows)
          .count({ store: 'counts' })
          .emitFinal()
          .to('windows', { key: windowed(string, windows), value: int64 })
      }
      await using app = world.app(build, { bounded: false, idleAdvance: { afterMs: 1_000 } })
      await app.start()
      await world.after(500)
      await app.pause()
      const before = ticks
      await world.after(10_000)
      expect(ticks).toBe(before)
      app.resume()
      await world.after(500)
      // The pause was no silence: the inputs have been idle for half a second only.
      expect(await world.rows('windows')).toEqual([])
      expect(ticks).toBeGreaterThan(before)
      await world.until(async () => (await world.rows('windows')).length === 1)
    }))

  test('that fails meanwhile says so', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      const app = world.app(
        mapping(() => {
          throw new Error('no')
        }),
        { bounded: false },
      )
      await app.start()
      await expect(app.pause()).rejects.toMatchObject({ code: 'USER_CODE_FAILED' })
      await app.close().catch(() => {})
    }))

  test('is one that starts or runs', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy)
      const refused = { code: 'APP_STATE' }
      for (const state of ['created', 'ended', 'closed']) {
        expect(app.state).toBe(state)
        await expect(app.pause()).rejects.toMatchObject(refused)
        for (const call of [() => app.resume(), () => app.pauseSources(['in']), () => app.resumeSources(['in'])])
          expect(call).toThrow(expect.objectContaining(refused))
        if (state === 'created') await app.start().then(() => app.finished)
        else await app.close()
      }
    }))
})

describe('a paused source', () => {
  const merging = (builder: StreamsBuilder): void => {
    builder.stream('left', text).merge(builder.stream('right', text)).to('out', text)
  }

  test('gives nothing, and nobody waits for it; resumed it goes on where it stood', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await using app = world.app(merging, { bounded: false, maxTaskIdleMs: 60_000 })
      await app.start()
      app.pauseSources(['right'])
      await world.put('right', [
        ['r', '1', 1],
        ['r', '2', 2],
      ])
      await world.put('left', [['l', '5', 5]])
      await rowsComeTo(world, 1)
      await world.after(1_000)
      expect(await world.rows('out')).toEqual(['l=5'])
      app.resumeSources(['right'])
      await world.put('left', [['l', '6', 6]])
      await rowsComeTo(world, 3)
      expect(await world.rows('out')).toEqual(['l=5', 'r=1', 'r=2'])
    }))

  test('rests over a restart, and holds a bounded application', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('left', [['l', '1', 1]])
      await world.put('right', [['r', '2', 2]])
      await using app = world.app(merging)
      const states = statesOf(app)
      await app.start()
      app.pauseSources(['left'])
      world.world.disk.faults.add({ path: '/log/millrace-journal-*', operation: 'write', nth: 1, error: 'ENOSPC' })
      await world.after(3_000)
      expect(states).toContain('restarting')
      expect(app.state).toBe('running')
      expect(await world.rows('out')).toEqual(['r=2'])
      app.resumeSources(['left'])
      await app.finished
      expect(await world.rows('out')).toEqual(['r=2', 'l=1'])
    }))

  test('is one that the topology reads', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await using app = world.app(merging, { bounded: false })
      await app.start()
      for (const topics of [['out'], ['left', 'none'], 'left'])
        expect(() => app.pauseSources(topics as string[])).toThrow(expect.objectContaining({ code: 'INVALID_STREAM_OPTION' }))
    }))
})
