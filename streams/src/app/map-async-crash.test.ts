import { expect, test } from 'vitest'
import { nullable, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { AppWorld, geometry, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const concurrency = 3

/** Calls of different lengths, so that commits lie between them; their results are counted in a table. */
function building(world: AppWorld, begun: Set<string>): (builder: StreamsBuilder) => void {
  return (builder) => {
    const called = builder.stream('in', text).mapAsync(
      async (value) => {
        begun.add(value)
        await world.after((Number(value) * 37) % 90)
        return `<${value}>`
      },
      { name: 'calls', ...text, concurrency },
    )
    called.to('out', text)
    called
      .groupByKey()
      .reduce({ store: 'all', value: string, add: (all, one) => all + one })
      .toStream()
      .to('all', { key: string, value: nullable(string) })
  }
}

const rows = Array.from({ length: 24 }, (_, index): Row => [`k${index % 5}`, `${index}`, index * 3])

/** By key, each with what came before it. */
function inOrder(wrap: (value: string) => string, count: (key: string) => number): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [key, value] of rows) {
    const own = found.get(key!) ?? []
    if (own.length < count(key!)) found.set(key!, [...own, wrap(value!)])
  }
  return found
}

async function byKey(world: AppWorld, topic: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const row of await world.rows(topic)) {
    const [key, value] = row.split('=') as [string, string]
    found.set(key, [...(found.get(key) ?? []), value])
  }
  return found
}

async function withLog(world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> {
  const { log } = await openSimulatedLog(world, 'sync', geometry)
  await work(new AppWorld(world, log))
  await log.close()
}

/** What is written is, key by key, the beginning of what has to be; and the table has seen the same. */
async function check(world: AppWorld): Promise<number> {
  const out = await byKey(world, 'out')
  expect(out).toEqual(
    inOrder(
      (value) => `<${value}>`,
      (key) => out.get(key)?.length ?? 0,
    ),
  )
  const all = await byKey(world, 'all')
  for (const [key, values] of out) expect(all.get(key)).toEqual(values.map((_, index) => values.slice(0, index + 1).join('')))
  return [...out.values()].flat().length
}

test('each result is written once, wherever the process dies', { timeout: 300_000 }, async () => {
  const filling = simWorld({ seed: 1 })
  await filling.run(() =>
    withLog(filling, async (world) => {
      await world.topics(['in', 'out', 'all'])
      await world.put('in', rows)
    }),
  )
  const disk = filling.disk.image('kill9', 'most')
  const options = { commitIntervalMs: 20 }
  const found = new Set<number>()
  const { distinct } = await enumerateCrashes<ReadonlySet<string>>({
    seed: 2,
    modes: ['any'],
    imagesPerPoint: 2,
    every: 1,
    world: { disk },
    run: (world) => withLog(world, async (app) => void (await app.run(building(app, new Set()), options))),
    observe: () => new Set<string>(),
    check: (world) =>
      withLog(world, async (app) => {
        // The engines are gone as well: what waits comes back from the changelog.
        app.engines = new SimStoreEngines({ clock: world.clock })
        const before = await check(app)
        found.add(before)
        const begun = new Set<string>()
        await app.run(building(app, begun), options)
        expect(await check(app)).toBe(rows.length)
        expect(begun.size).toBeGreaterThanOrEqual(rows.length - before)
      }),
  })
  expect(distinct).toBeGreaterThan(30)
  // Not only before the first commit, or behind the last.
  expect(found.size).toBeGreaterThan(10)
})
