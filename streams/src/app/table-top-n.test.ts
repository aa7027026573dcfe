/** The best rows of each group of a table, on the real runtime. */
import { describe, expect, test } from 'vitest'
import { int64, json, nullable, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { AppWorld, geometry, inWorld } from './app-world.fixtures.ts'

interface Score {
  readonly who: string
  readonly team: string
  readonly points: number
}

type Build = (builder: StreamsBuilder) => void

const scores = { key: string, value: json<Score>() }
const listOut = { key: string, value: nullable(json<readonly string[]>()) }
const best = (list: readonly Score[]): readonly string[] => list.map(({ who, points }) => `${who}:${points}`)

const teams: Build = (builder) =>
  builder
    .table('in', { ...scores, store: 'scores' })
    .groupBy((score) => ({ key: score.team, value: score }), { name: 'by-team', ...scores })
    .topN({ store: 'best', n: 3, value: json<Score>(), compare: (a, b) => b.points - a.points })
    .mapValues(best)
    .toStream()
    .to('out', listOut)

interface Given {
  readonly who: string
  readonly team: string
  readonly points: number | null
}

async function put(world: AppWorld, all: readonly Given[]): Promise<void> {
  await using producer = await world.log.producer()
  for (const [timestamp, { who, team, points }] of all.entries()) {
    producer.append('in', who, points === null ? null : JSON.stringify({ who, team, points }), { timestamp })
  }
  await producer.flush()
}

/** Rows come, rise, fall, change their team and go; so many that a team has several pages. */
const given: readonly Given[] = Array.from({ length: 400 }, (_, index) => ({
  who: `w${String((index * 7) % 190).padStart(3, '0')}`,
  team: index % 13 === 0 ? 'red' : 'blue',
  points: index % 9 === 8 ? null : (index * 37) % 101,
}))

function naive(all: readonly Given[]): Map<string, readonly string[]> {
  const rows = new Map<string, Given>()
  for (const one of all) {
    if (one.points === null) rows.delete(one.who)
    else rows.set(one.who, one)
  }
  const lists = new Map<string, readonly string[]>()
  for (const team of ['red', 'blue']) {
    const own = [...rows.values()].filter((one) => one.team === team)
    const sorted = own.toSorted((a, b) => b.points! - a.points! || (a.who < b.who ? -1 : 1)).slice(0, 3)
    if (sorted.length > 0)
      lists.set(
        team,
        sorted.map(({ who, points }) => `${who}:${points}`),
      )
  }
  return lists
}

async function lastOf(world: AppWorld): Promise<Map<string, unknown>> {
  const rows = new Map<string, unknown>()
  for (const { key, value } of await world.records('out')) {
    if (value === null) rows.delete(String(key))
    else rows.set(String(key), JSON.parse(String(value)))
  }
  return rows
}

describe('topN of a table', () => {
  test('brings up the next best when one falls, leaves, or changes its group', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await put(world, [
        { who: 'ann', team: 'red', points: 5 },
        { who: 'bob', team: 'red', points: 4 },
        { who: 'cyd', team: 'red', points: 3 },
        { who: 'dan', team: 'red', points: 2 },
        { who: 'ann', team: 'red', points: 1 },
        { who: 'bob', team: 'red', points: null },
        { who: 'cyd', team: 'blue', points: 3 },
        { who: 'cyd', team: 'blue', points: null },
      ])
      await world.run(teams)
      expect(await world.rows('out')).toEqual([
        'red=["ann:5"]',
        'red=["ann:5","bob:4"]',
        'red=["ann:5","bob:4","cyd:3"]',
        // The fourth changes no list.
        'red=["bob:4","cyd:3","dan:2"]',
        'red=["cyd:3","dan:2","ann:1"]',
        'red=["dan:2","ann:1"]',
        'blue=["cyd:3"]',
        'blue=null',
      ])
    }))

  test.each([1, 500, 100_000])('is the first of all rows in their order, with steps of %d bytes', (maxUncommittedBytes) =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await put(world, given)
      await world.run(teams, { maxUncommittedBytes })
      expect(await lastOf(world)).toEqual(naive(given))
    }),
  )

  test('may be joined and queried; its pages may not', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'names', 'out'])
      await put(world, [{ who: 'ann', team: 'red', points: 5 }])
      await world.put('names', [['red', 'Reds', 9]])
      const build: Build = (builder) => {
        const list = builder
          .table('in', { ...scores, store: 'scores' })
          .groupBy((score) => ({ key: score.team, value: score.points }), { name: 'by-team', key: string, value: int64 })
          .topN({ store: 'best', n: 3, value: int64, compare: (a, b) => b - a, emitEvery: 'commit' })
        const names = builder.table('names', { key: string, value: string, store: 'names' })
        names
          .join(list, (name, points) => `${name} ${points.join()}`)
          .toStream()
          .to('out', { key: string, value: nullable(string) })
      }
      await using app = world.app(build, { bounded: false })
      await app.start()
      await world.until(async () => (await world.rows('out')).at(-1) === 'red=Reds 5')
      expect(await app.keyValueStore<string, readonly number[]>('best').get('red')).toMatchObject({ value: [5] })
      expect(() => app.keyValueStore('best-rows')).toThrow('STORE_UNKNOWN')
    }))

  test('the list of a stream may be joined as well', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'names', 'out'])
      await world.put('names', [
        ['red', 'Reds', 1],
        ['red', 'The Reds', 9],
      ])
      await put(world, [{ who: 'red', team: '-', points: 5 }])
      const build: Build = (builder) => {
        const scored = builder.stream('in', scores).mapValues((score) => score.points)
        const list = scored.groupByKey().topN({ store: 'best', n: 3, value: int64, compare: (a, b) => b - a })
        const names = builder.stream('names', { key: string, value: string })
        names.leftJoin(list, (name, points) => `${name} ${points?.join()}`).to('out', { key: string, value: string })
      }
      await world.run(build)
      expect(await world.rows('out')).toEqual(['red=Reds 5', 'red=The Reds 5'])
    }))

  test('comes to the same wherever the process dies', { timeout: 300_000 }, async () => {
    const withLog = async (world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> => {
      const { log } = await openSimulatedLog(world, 'sync', geometry)
      await work(new AppWorld(world, log))
      await log.close()
    }
    const some = given.slice(0, 150)
    const options = { maxUncommittedBytes: 4_000 }
    const filling = simWorld({ seed: 1 })
    await filling.run(() =>
      withLog(filling, async (world) => {
        await world.topics(['in', 'out'])
        await put(world, some)
      }),
    )
    const found = new Set<number>()
    await enumerateCrashes<null>({
      seed: 2,
      modes: ['any'],
      imagesPerPoint: 1,
      every: 9,
      world: { disk: filling.disk.image('kill9', 'most'), stepMicros: 300_000 },
      run: (world) => withLog(world, async (app) => void (await app.run(teams, options))),
      observe: () => null,
      check: (world) =>
        withLog(world, async (app) => {
          app.engines = new SimStoreEngines({ clock: world.clock })
          found.add((await app.records('out')).length)
          await app.run(teams, options)
          expect(await lastOf(app)).toEqual(naive(some))
        }),
    })
    expect(found.size).toBeGreaterThan(3)
  })

  test('a compare that throws leaves the change out under the policy skip', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await put(world, given.slice(0, 5))
      const build: Build = (builder) =>
        builder
          .table('in', { ...scores, store: 'scores' })
          .groupBy((score) => ({ key: score.team, value: score }), { name: 'by-team', ...scores })
          .topN({
            store: 'best',
            n: 3,
            value: json<Score>(),
            compare: () => {
              throw new Error('no order')
            },
          })
          .mapValues(best)
          .toStream()
          .to('out', listOut)
      const app = await world.run(build, { onError: { process: 'skip' } })
      expect(app.dropped.failed).toBe(3)
      expect((await world.rows('out')).toSorted()).toEqual(['blue=["w007:37"]', 'red=["w000:0"]'])
    }))
})
