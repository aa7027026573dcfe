import { int64, string, type LogClient } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { RestoreEvent } from '../runtime/restore.ts'
import { inWorld, statesOf, type AppWorld } from './app-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'
import type { StreamsOptions } from './streams-options.ts'

const text = { key: string, value: string }

/** Each key's count, again and again. */
function counting(builder: StreamsBuilder): void {
  builder
    .stream('in', text)
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: string, value: int64 as never })
}

function instance(world: AppWorld, name: string, options: Partial<StreamsOptions> = {}, build = counting): StreamsApp {
  return world.app(build, { bounded: false, stateDir: `/${name}`, server: `${name}:8080`, ...options })
}

async function started(
  world: AppWorld,
  name: string,
  options?: Partial<StreamsOptions>,
  build?: typeof counting,
): Promise<StreamsApp> {
  const app = instance(world, name, options, build)
  await app.start()
  return app
}

/** One record a partition, with keys of its own. */
async function putEverywhere(world: AppWorld, partitions: number): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) await world.put('in', [[`k${partition}`, 'x']], partition)
}

/** What was written of each key, in order. */
async function countsByKey(world: AppWorld): Promise<Record<string, number[]>> {
  const counts: Record<string, number[]> = {}
  for (const { key, value } of await world.records('out')) (counts[string.read(key!)] ??= []).push(int64.read(value!))
  return counts
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

async function written(world: AppWorld, records: number): Promise<void> {
  await world.until(async () => (await world.records('out')).length >= records)
}

const tasksOf = (app: StreamsApp): readonly string[] => app.instances().find(({ isHere }) => isHere)?.tasks ?? []

/** Time for a rebalance to come to rest. */
async function shared(world: AppWorld, ...apps: readonly StreamsApp[]): Promise<number[]> {
  let sizes: number[] = []
  await world.until(() => {
    sizes = apps.map((app) => tasksOf(app).length)
    return Math.max(...sizes) - Math.min(...sizes) <= 1 && new Set(apps.flatMap(tasksOf)).size === sizes.reduce((a, b) => a + b)
  })
  await world.after(500)
  return sizes
}

describe('instances of one application', () => {
  test('share the tasks, and hand them over with their stores when they come and go', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 4)
      const a = await started(world, 'a')
      await putEverywhere(world, 4)
      await written(world, 4)
      expect(tasksOf(a)).toEqual(['0_0', '0_1', '0_2', '0_3'])
      const b = await started(world, 'b')
      expect(await shared(world, a, b)).toEqual([2, 2])
      await putEverywhere(world, 4)
      await written(world, 8)
      await a.close()
      await putEverywhere(world, 4)
      await written(world, 12)
      expect(tasksOf(b)).toHaveLength(4)
      await b.close()
      expect(await countsByKey(world)).toEqual({ k0: upTo(3), k1: upTo(3), k2: upTo(3), k3: upTo(3) })
    }))

  test('those that keep their tasks go on while others move', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 4)
      await using a = await started(world, 'a')
      const kept = new Set(tasksOf(a))
      await using b = await started(world, 'b')
      await using c = await started(world, 'c')
      expect((await shared(world, a, b, c)).toSorted((one, other) => one - other)).toEqual([1, 1, 2])
      expect(tasksOf(a).every((task) => kept.has(task))).toBe(true)
      expect(statesOf(a)).toEqual([])
      expect(a.state).toBe('running')
    }))

  test('know each other, and where the row of a key is', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 4)
      await using a = await started(world, 'a')
      await using b = await started(world, 'b', { standbyReplicas: 1 })
      await shared(world, a, b)
      expect(a.instances().map(({ server, isHere, stores }) => ({ server, isHere, stores }))).toEqual([
        { server: 'a:8080', isHere: true, stores: ['counts'] },
        { server: 'b:8080', isHere: false, stores: ['counts'] },
      ])
      await using producer = await world.log.producer()
      for (const key of ['x', 'y', 'z', 'some other']) {
        const { partition, task, active } = a.keyMetadata('counts', key)
        expect(partition).toBe(producer.partitionOf('in', key))
        expect(active?.tasks).toContain(task)
        expect(b.keyMetadata('counts', key).active?.server).toBe(active!.server)
      }
      expect(() => a.keyMetadata('count', 'x')).toThrow(/STORE_UNKNOWN.*counts/)
      await a.close()
      expect(a.instances()).toEqual([])
      expect(() => a.keyMetadata('counts', 'x')).toThrow(/STORE_CLOSED/)
    }))

  test('one that was silent for too long commits nothing of what it had, and comes back', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      const hold = Promise.withResolvers<void>()
      let holds = false
      await using a = await started(world, 'a', { log: heldBack(world.log, () => (holds ? hold.promise : undefined)) })
      holds = true
      await putEverywhere(world, 2)
      await world.after(6 * 60_000) // It waits for its commit, and does not poll.
      await using b = await started(world, 'b')
      await written(world, 2)
      expect(tasksOf(b)).toHaveLength(2)
      const states = statesOf(a)
      holds = false
      hold.resolve()
      await shared(world, a, b)
      expect(states).toEqual(['restarting', 'starting', 'running'])
      await putEverywhere(world, 2)
      await written(world, 4)
      expect(await countsByKey(world)).toEqual({ k0: [1, 2], k1: [1, 2] })
    }))

  test('a paused one stays in the group, and gives up what others are to have', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await using a = await started(world, 'a')
      await a.pause()
      await putEverywhere(world, 2)
      await world.after(10 * 60_000)
      await using b = await started(world, 'b')
      expect(await shared(world, a, b)).toEqual([1, 1])
      await written(world, 1)
      await world.after(1_000)
      expect(await world.records('out')).toHaveLength(1)
      a.resume()
      await written(world, 2)
    }))

  test('one that cannot write a store that it gives up comes back, with every store closed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 4)
      await using a = await started(world, 'a')
      await putEverywhere(world, 4)
      await written(world, 4)
      const states = statesOf(a)
      // The first of two that go: the other one is closed behind it.
      world.engines.failWrite('/a/app/0_2/store', new Error('no space left'))
      await using b = await started(world, 'b')
      await shared(world, a, b)
      expect(states).toContain('restarting')
      await putEverywhere(world, 4)
      await written(world, 8)
      expect(a.state).toBe('running')
      expect(await countsByKey(world)).toEqual({ k0: [1, 2], k1: [1, 2], k2: [1, 2], k3: [1, 2] })
    }))

  test('without stores need no directory', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      const build = (builder: StreamsBuilder): void => builder.stream('in', text).to('out', text)
      const refusing = {
        name: 'none',
        lossy: false,
        open: () => Promise.reject(new Error('opened')),
        wipe: () => Promise.resolve(),
      }
      const options = { bounded: false, stateDir: undefined as never, storeEngines: refusing }
      await using a = world.app(build, options)
      await using b = world.app(build, options)
      await Promise.all([a.start(), b.start()])
      expect(await shared(world, a, b)).toEqual([1, 1])
      await putEverywhere(world, 2)
      await written(world, 2)
      expect(await world.rows('out')).toEqual(['k0=x', 'k1=x'])
    }))

  test('that do not belong together do not run together', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await using a = await started(world, 'a')
      const twin = instance(world, 'a')
      await expect(twin.start()).rejects.toMatchObject({ code: 'STATE_DIRECTORY_LOCKED' })
      for (const bad of [{ standbyReplicas: -1 }, { groupInstanceId: '' }, { server: 8080 as never }]) {
        expect(() => instance(world, 'b', bad)).toThrow(/INVALID_STREAM_OPTION/)
      }
      expect(a.state).toBe('running')
    }))
})

describe('a static member', () => {
  test('finds its tasks where it left them', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 4)
      const a = await started(world, 'a', { groupInstanceId: 'first' })
      await using b = await started(world, 'b', { groupInstanceId: 'second' })
      await shared(world, a, b)
      const before = [...tasksOf(b)]
      await a.close()
      await putEverywhere(world, 4)
      await world.after(60_000)
      expect(tasksOf(b)).toEqual(before)
      expect(await world.records('out')).toHaveLength(2)
      await using again = await started(world, 'a', { groupInstanceId: 'first' })
      await written(world, 4)
      expect(tasksOf(b)).toEqual(before)
      expect(again.state).toBe('running')
    }))

  test('that stays away loses them in the end', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      const a = await started(world, 'a', { groupInstanceId: 'first' })
      await using b = await started(world, 'b')
      await shared(world, a, b)
      await a.close()
      await putEverywhere(world, 2)
      await world.after(6 * 60_000)
      await written(world, 2)
      expect(tasksOf(b)).toHaveLength(2)
    }))

  test('is fenced by another one of its name', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await using a = await started(world, 'a', { groupInstanceId: 'same' })
      const ended = a.finished.then(
        () => 'in peace',
        (error: unknown) => error,
      )
      await using b = await started(world, 'b', { groupInstanceId: 'same' })
      expect(await ended).toMatchObject({ code: 'FENCED_INSTANCE_ID' })
      expect(b.state).toBe('running')
    }))
})

describe('standby copies', () => {
  test('follow the tasks of others, and take over without a replay', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      const restored: RestoreEvent[] = []
      const a = await started(world, 'a', { standbyReplicas: 1 })
      await using b = await started(world, 'b', { standbyReplicas: 1, onRestore: (event) => void restored.push(event) })
      await shared(world, a, b)
      for (let round = 0; round < 5; round++) await putEverywhere(world, 2)
      await written(world, 10)
      await world.after(500)
      expect(b.instances().map(({ standbyStores }) => standbyStores)).toEqual([['counts'], ['counts']])
      restored.length = 0
      await a.close()
      await putEverywhere(world, 2)
      await written(world, 12)
      expect(restored.filter(({ kind }) => kind === 'batch')).toEqual([])
      expect(await countsByKey(world)).toEqual({ k0: upTo(6), k1: upTo(6) })
    }))

  test('of tables over their source topics hold what is committed, no more', () =>
    inWorld(async (world) => {
      await world.topics(['in'], 2, { 'cleanup.policy': 'compact' })
      await world.topics(['ticks', 'out'], 2)
      const joining = (builder: StreamsBuilder): void => {
        const table = builder.table('in', { ...text, store: 'rows' })
        builder
          .stream('ticks', text)
          .join(table, (_tick, row) => row)
          .to('out', text)
      }
      const a = await started(world, 'a', { standbyReplicas: 1 }, joining)
      await using b = await started(world, 'b', { standbyReplicas: 1 }, joining)
      await shared(world, a, b)
      await world.put('in', [['k0', 'one']], 0)
      await world.put('in', [['k1', 'two']], 1)
      await world.after(1_000)
      await a.close()
      await world.put('ticks', [['k0', '?']], 0)
      await world.put('ticks', [['k1', '?']], 1)
      await written(world, 2)
      expect((await world.rows('out')).toSorted()).toEqual(['k0=one', 'k1=two'])
    }))
})

describe('a bounded application in two instances', () => {
  test('ends in both, when the last task has', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 4)
      await putEverywhere(world, 4)
      const build = (builder: StreamsBuilder): void => {
        const turned = builder.stream('in', text).selectKey((_value, key) => `${key}!`)
        const counts = turned
          .repartition({ name: 'turned', ...text })
          .groupByKey()
          .count({ store: 'counts' })
        counts.toStream().to('out', { key: string, value: int64 as never })
      }
      const a = instance(world, 'a', { bounded: true }, build)
      const b = instance(world, 'b', { bounded: true }, build)
      await Promise.all([a.start(), b.start()])
      await Promise.all([a.finished, b.finished])
      expect(await countsByKey(world)).toEqual({ 'k0!': [1], 'k1!': [1], 'k2!': [1], 'k3!': [1] })
      await Promise.all([a.close(), b.close()])
    }))

  test('goes on in one when the other is closed, also where tasks wait for each other', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'other', 'out'], 2)
      await putEverywhere(world, 2)
      await world.put('other', [['x', 'right']])
      const build = (builder: StreamsBuilder): void => {
        const left = builder.table('in', { ...text, store: 'left' })
        const right = builder.table('other', { ...text, store: 'right' })
        const joined = left.joinForeign(right, {
          name: 'pairs',
          on: () => 'x',
          value: string,
          foreignValue: string,
          join: (one, other) => `${one}+${other}`,
        })
        joined.toStream().to('out', { key: string, value: string as never })
      }
      const a = instance(world, 'a', { bounded: true }, build)
      const b = instance(world, 'b', { bounded: true }, build)
      await Promise.all([a.start(), b.start()])
      await (tasksOf(a).length > 0 ? a : b).close()
      await Promise.all([a.finished, b.finished])
      expect((await world.rows('out')).toSorted()).toEqual(['k0=x+right', 'k1=x+right'])
      await Promise.all([a.close(), b.close()])
    }))
})

/** A log whose transactions wait for what `hold` gives. */
function heldBack(log: LogClient, hold: () => Promise<void> | undefined): LogClient {
  return new Proxy(log, {
    get: (target, name) => {
      if (name !== 'producer') return bound(target, name)
      return async (options: Parameters<LogClient['producer']>[0]) => {
        const producer = await target.producer(options)
        return new Proxy(producer, {
          get: (inner, method) => {
            if (method !== 'transact') return bound(inner, method)
            return async (work: Parameters<typeof producer.transact>[0]) => {
              await hold()
              return inner.transact(work)
            }
          },
        })
      }
    },
  })
}

function bound<T extends object>(target: T, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target)
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
}
