/** Every kind of store that a processor may declare, in a running application: over commits, restarts and crashes. */
import { describe, expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import { keyValueStore, sessionStore, versionedStore, windowStore } from '../dsl/processors.ts'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { AnyStore } from '../graph/stores.ts'
import { manifestOf } from '../plan/manifest.ts'
import { planOf } from '../plan/plan-of.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { TopologyTestDriver } from '../testing/topology-test-driver.ts'
import { storedRows } from '../testing/stored-rows.ts'
import { millis } from '../time/duration.ts'
import type { StreamsOptions } from './streams-options.ts'
import { AppWorld, geometry, inWorld, topologyOf, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
type Build = (builder: StreamsBuilder) => void
type Rec = StreamRecord<string, string>

/** A processor over one store that forwards what it sees in it. */
function over<S extends AnyStore>(
  store: S,
  open: (context: ProcessorContext<string, string, S>) => (record: Rec) => string | void,
): Build {
  return (builder) => {
    const stream = builder.stream('in', text).process({
      name: 'p',
      stores: [store],
      open: (context: ProcessorContext<string, string, S>) => {
        const seen = open(context)
        return {
          process: (record) => {
            const value = seen(record)
            if (value !== undefined) context.forward({ key: record.key, value })
          },
        }
      },
    })
    stream.to('out', text)
  }
}

const prices = versionedStore({ name: 'prices', key: string, value: int64, historyRetention: millis(30) })
const versions = over(prices, (context) => {
  const store = context.store(prices)
  return ({ key, value, timestamp }) => {
    if (value.endsWith('3')) store.delete(key)
    else store.put(key, Number(value))
    return [store.get(key), store.get(key, { asOf: timestamp - 9 }), store.get(key, { asOf: timestamp - 29 })].join(',')
  }
})

const visits = sessionStore({ name: 'visits', key: string, value: int64, retention: millis(30) })
const gap = 6
const sessions = over(visits, (context) => {
  const store = context.store(visits)
  return ({ key, timestamp }) => {
    const joined = store.findSessions(key, timestamp - gap, timestamp + gap)
    for (const session of joined) store.remove(session)
    const start = Math.min(timestamp, ...joined.map((one) => one.start))
    const end = Math.max(timestamp, ...joined.map((one) => one.end))
    store.put(
      { key, start, end },
      joined.reduce((sum, { value }) => sum + value, 1),
    )
    return store
      .fetch(key)
      .map((one) => `${one.start}-${one.end}:${one.value}`)
      .join(' ')
  }
})

const sightings = keyValueStore({ name: 'sightings', key: string, value: int64, ttl: millis(12) })
const living = over(sightings, (context) => {
  const store = context.store(sightings)
  return ({ key, value, timestamp }) => {
    const before = store.get(key)
    store.put(value, timestamp)
    if (timestamp % 2 === 0) store.put(key, Number(value))
    const all: string[] = []
    context.scan(
      sightings,
      {},
      (row) => void all.push(row.key),
      () => context.forward({ key, value: `${before ?? '-'} ${store.get(key) ?? '-'} ${all.join(' ')}` }),
    )
  }
})

/** Items by the key of the record, found by the last digit of their values. */
const itemsByDigit = keyValueStore({
  name: 'items',
  key: string,
  value: int64,
  indexes: { byDigit: { key: string, of: (value) => (value % 10 === 7 ? null : `${value % 10}`) } },
})
const indexed = over(itemsByDigit, (context) => {
  const store = context.store(itemsByDigit)
  return ({ key, value, timestamp }) => {
    const item = `${key}${timestamp % 5}`
    if (value.endsWith('3')) store.delete(item)
    else store.put(item, Number(value))
    const all: string[] = []
    context.scan(
      itemsByDigit,
      { index: 'byDigit', from: '2', to: '6', reverse: timestamp % 2 === 0 },
      (row, stop) => {
        all.push(`${row.key}:${row.value}`)
        if (row.value % 10 === 4) store.put(row.key, row.value + 1)
        if (all.length === 6) stop()
      },
      () => context.forward({ key, value: all.join(' ') }),
    )
  }
})

const quick = keyValueStore({ name: 'quick', key: string, value: int64, inMemory: 'restored' })
const quickByTime = windowStore({ name: 'quick-by-time', key: string, value: int64, retention: millis(20), inMemory: 'restored' })
const inMemory: Build = (builder) => {
  const input = builder.stream('in', text)
  const stores = [quick, quickByTime]
  const stream = input.process({
    name: 'p',
    stores,
    open: (context: ProcessorContext<string, string, typeof quick | typeof quickByTime>) => ({
      process: ({ key, value, timestamp }) => {
        const [totals, times] = [context.store(quick), context.store(quickByTime)]
        if (value.endsWith('5')) totals.delete(key)
        else totals.put(key, (totals.get(key) ?? 0) + 1)
        times.put(key, timestamp, timestamp)
        const starts: number[] = []
        const done = (): void => context.forward({ key, value: `${totals.get(key) ?? '-'} ${starts.join(',')}` })
        context.scan(quickByTime, { reverse: true }, ({ start }) => void starts.push(start), done)
      },
    }),
  })
  stream.to('out', text)
}

const rows: readonly Row[] = Array.from({ length: 40 }, (_, index): Row => {
  const back = index % 7 === 6 ? 25 : index % 4
  return [`k${index % 3}`, `${10 + index}`, Math.max(0, index * 3 - back)]
})

function reference(build: Build): readonly string[] {
  const app = new MemoryApp(topologyOf(build))
  for (const [key, value, timestamp] of rows) app.process({ topic: 'in', key, value, timestamp: timestamp! })
  return app.outputs.map(({ key, value }) => `${String(key)}=${String(value)}`)
}

async function fed(world: AppWorld): Promise<void> {
  await world.topics(['in', 'out'])
  await world.put('in', rows)
}

async function withLog(world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> {
  const { log } = await openSimulatedLog(world, 'sync', geometry)
  await work(new AppWorld(world, log))
  await log.close()
}

/** Until so many records are committed. */
async function runUpTo(world: AppWorld, build: Build, offset: number, more: Partial<StreamsOptions> = {}): Promise<void> {
  await using app = world.app(build, { bounded: false, ...more })
  await app.start()
  await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === offset)
}

const options = { maxUncommittedBytes: 200 }

describe.each<[string, Build]>([
  ['versioned store', versions],
  ['session store', sessions],
  ['key-value store with a time to live', living],
  ['store in memory', inMemory],
  ['store with an index', indexed],
])('a %s', (_, build) => {
  test('gives what it gives over plain maps', async () => {
    await inWorld(async (world) => {
      await fed(world)
      await world.run(build, options)
      expect(await world.rows('out')).toEqual(reference(build))
    })
  })

  test('goes on over restarts, with its engine and without', async () => {
    await inWorld(async (world) => {
      await world.topics(['in', 'out'])
      for (const [index, row] of rows.entries()) {
        await world.put('in', [row])
        if (index % 5 !== 0) continue
        await runUpTo(world, build, index + 1, index % 10 === 0 ? { stateDir: `/state-${index}` } : {})
      }
      await world.run(build)
      expect(await world.rows('out')).toEqual(reference(build))
    })
  })

  test('comes to the same, wherever the process dies', { timeout: 300_000 }, async () => {
    const expected = reference(build)
    const filling = simWorld({ seed: 1 })
    await filling.run(() => withLog(filling, fed))
    const disk = filling.disk.image('kill9', 'most')
    const found = new Set<number>()
    await enumerateCrashes<null>({
      seed: 2,
      modes: ['any'],
      imagesPerPoint: 1,
      every: 4,
      world: { disk, stepMicros: 300_000 },
      run: (world) => withLog(world, async (app) => void (await app.run(build, options))),
      observe: () => null,
      check: (world) =>
        withLog(world, async (app) => {
          app.engines = new SimStoreEngines({ clock: world.clock })
          const before = await app.rows('out')
          found.add(before.length)
          expect(before).toEqual(expected.slice(0, before.length))
          await app.run(build, options)
          expect(await app.rows('out')).toEqual(expected)
        }),
    })
    expect(found.size).toBeGreaterThan(3)
  })
})

test('rows whose time to live is over are deleted in store and changelog, and counted as nothing', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    await world.put('in', [
      ['a', '10', 2],
      ['b', '11', 8],
      ['a', '12', 100],
    ])
    const app = await world.run(living)
    expect(app.dropped).toEqual({})
    const engine = await storedRows({
      topology: topologyOf(living),
      applicationId: 'app',
      stateDir: '/state',
      engines: world.engines,
      world: world.world,
      task: '0_0',
    })
    expect(engine.get('sightings')!.rows.map(({ key }) => key)).toEqual(['12', 'a'])
    const left = new Map<string, boolean>()
    for (const { key, value } of await world.records('app-sightings-changelog'))
      left.set(Buffer.from(key!).toString(), value !== null)
    expect([...left].filter(([, isThere]) => isThere).map(([key]) => key)).toEqual(['a', '12'])
  })
})

const scratch = keyValueStore({ name: 'scratch', key: string, value: int64, inMemory: 'lossy' })
const forgetful = over(scratch, (context) => {
  const store = context.store(scratch)
  return ({ key }) => {
    store.put(key, (store.get(key) ?? 0) + 1)
    return `${store.get(key)}`
  }
})

test('a lossy store has no changelog, needs no directory, and is empty after a restart', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    for (const offset of [2, 4]) {
      await world.put('in', [
        ['a', 'x'],
        ['a', 'y'],
      ])
      await runUpTo(world, forgetful, offset, { stateDir: undefined as never })
    }
    expect(await world.rows('out')).toEqual(['a=1', 'a=2', 'a=1', 'a=2'])
    expect((await world.log.admin.listTopics()).filter((topic) => topic.endsWith('changelog'))).toEqual([])
  })
})

test('a store may move from disk to memory and back', async () => {
  const counting = (declared: typeof quick): Build =>
    over(declared, (context) => {
      const store = context.store(declared)
      return ({ key }) => {
        store.put(key, (store.get(key) ?? 0) + 1)
        return `${store.get(key)}`
      }
    })
  const onDisk = keyValueStore({ name: 'quick', key: string, value: int64 })
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    for (const [index, declared] of [onDisk, quick, onDisk, onDisk].entries()) {
      await world.put('in', [['a', 'x']])
      await runUpTo(world, counting(declared), index + 1)
    }
    expect(await world.rows('out')).toEqual(['a=1', 'a=2', 'a=3', 'a=4'])
  })
})

test('the manifest tells how stores are kept', () => {
  const manifest = (build: Build) => manifestOf(planOf(topologyOf(build), 'app')).subTopologies.flatMap(({ stores }) => stores)
  expect([versions, sessions, living, inMemory, forgetful, indexed].flatMap(manifest)).toEqual([
    { name: 'prices', kind: 'keyValue', changelog: 'app-prices-changelog', key: 'string', value: 'versions(int64)' },
    {
      name: 'visits',
      kind: 'timeRows',
      changelog: 'app-visits-changelog',
      key: 'string',
      value: 'timedValues(int64)',
      stretchMs: 2,
    },
    { name: 'sightings', kind: 'keyValue', changelog: 'app-sightings-changelog', key: 'string', value: 'int64', ttlMs: 12 },
    { name: 'quick', kind: 'keyValue', changelog: 'app-quick-changelog', key: 'string', value: 'int64', inMemory: true },
    {
      name: 'quick-by-time',
      kind: 'window',
      changelog: 'app-quick-by-time-changelog',
      key: 'string',
      value: 'int64',
      inMemory: true,
    },
    { name: 'scratch', kind: 'keyValue', changelog: null, key: 'string', value: 'int64', inMemory: true },
    {
      name: 'items',
      kind: 'keyValue',
      changelog: 'app-items-changelog',
      key: 'string',
      value: 'int64',
      indexes: { byDigit: 'string' },
    },
  ])
})

test('an index that is new, renamed or gone is made from the rows that are there', async () => {
  const open = (name: string | null): Build => {
    const indexes = name === null ? {} : { indexes: { [name]: { key: string, of: (value: number) => `${-value}` } } }
    const declared = keyValueStore({ name: 'grown', key: string, value: int64, ...indexes })
    return over(declared, (context) => ({ key, value }) => {
      context.store(declared).put(key + value, Number(value))
      const all: string[] = []
      const each = (row: { readonly key: string }): void => void all.push(row.key)
      const range = name === null ? {} : { index: name, prefix: '-' }
      context.scan(declared, range as never, each, () => context.forward({ key, value: all.join(' ') }))
    })
  }
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    for (const [index, name] of [null, 'down', 'other', null].entries()) {
      await world.put('in', [
        ['a', `${index}`],
        ['b', `${index}`],
      ])
      await runUpTo(world, open(name), 2 * index + 2)
    }
    expect(await world.rows('out')).toEqual([
      'a=a0',
      'b=a0 b0',
      'a=a1',
      'b=a1 b1',
      'a=a1 b1 a2',
      'b=a1 b1 a2 b2',
      'a=a0 a1 a2 a3 b0 b1 b2',
      'b=a0 a1 a2 a3 b0 b1 b2 b3',
    ])
  })
})

test('queries and the test driver show versions and sessions of processors in the terms of the user', async () => {
  const put = over(visits, (context) => ({ key, value, timestamp }) => {
    context.store(visits).put({ key, start: timestamp - Number(value), end: timestamp }, Number(value))
  })
  const given: readonly Row[] = [
    ['a', '1', 20],
    ['a', '5', 20],
    ['b', '2', 12],
  ]
  const shown = [
    { key: 'b', start: 10, end: 12, value: 2, timestamp: 12 },
    { key: 'a', start: 15, end: 20, value: 5, timestamp: 20 },
    { key: 'a', start: 19, end: 20, value: 1, timestamp: 20 },
  ]
  using driver = new TopologyTestDriver(topologyOf(put))
  for (const [key, value, timestamp] of given) driver.pipeInput('in', { key, value, timestamp: timestamp! })
  expect(driver.store('visits')).toEqual(shown.map((row) => ({ partition: 0, ...row })))
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    await world.put('in', given)
    await using app = world.app(put, { bounded: false })
    await app.start()
    await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === given.length)
    const queries = app.sessionStore<string, number>('visits')
    const found = []
    for await (const row of queries.range()) found.push(row)
    expect(found).toEqual(shown)
    expect(await queries.get('a', 15, 20)).toEqual({ value: 5, timestamp: 20 })
    expect(await queries.get('a', 16, 20)).toBeNull()
  })
  await inWorld(async (world) => {
    await fed(world)
    await using app = world.app(versions, { bounded: false })
    await app.start()
    await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === rows.length)
    expect(await app.versionedStore<string, number>('prices').get('k1')).toMatchObject({ value: expect.any(Number) })
  })
})
