import { expect, test } from 'vitest'
import { nullable, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { AppWorld, geometry, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const concurrency = 3

/** Calls of different lengths, so that commits lie between them; their results are counted in a table. */
function building(world: AppWorld, begun: Set<string>, shape: Shape): (builder: StreamsBuilder) => void {
  return (builder) => {
    const input = builder.stream('in', text)
    const options = { name: 'calls', ...text, concurrency }
    const call = async (value: string): Promise<string> => {
      begun.add(value)
      await world.after((Number(value) * 37) % 90)
      return `<${value}>`
    }
    const list = async (value: string): Promise<string[]> => listsOf(shape, await call(value))
    const called = shape === 'mapAsync' ? input.mapAsync(call, options) : input.flatMapAsync(list, options)
    called.to('out', text)
    called
      .groupByKey()
      .reduce({ store: 'all', value: string, add: (all, one) => all + one })
      .toStream()
      .to('all', { key: string, value: nullable(string) })
  }
}

type Shape = 'mapAsync' | 'flatMapAsync'

/** What comes out for a result: of a list its two halves, of every third one nothing. */
function listsOf(shape: Shape, result: string): string[] {
  if (shape === 'mapAsync') return [result]
  return Number(result.slice(1, -1)) % 3 === 2 ? [] : [result, `${result}!`]
}

const rows = Array.from({ length: 24 }, (_, index): Row => [`k${index % 5}`, `${index}`, index * 3])

/** By key, each with what came before it. */
function inOrder(shape: Shape, count: (key: string) => number): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [key, value] of rows) {
    const own = found.get(key!) ?? []
    if (own.length < count(key!)) found.set(key!, [...own, ...listsOf(shape, `<${value!}>`)])
  }
  return new Map([...found].filter(([, values]) => values.length > 0))
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

/** What is written is, key by key, the beginning of what has to be, no list in part; and the table has seen the same. */
async function check(world: AppWorld, shape: Shape): Promise<number> {
  const out = await byKey(world, 'out')
  expect(out).toEqual(inOrder(shape, (key) => out.get(key)?.length ?? 0))
  const all = await byKey(world, 'all')
  for (const [key, values] of out) expect(all.get(key)).toEqual(values.map((_, index) => values.slice(0, index + 1).join('')))
  return [...out.values()].flat().length
}

const whole = (shape: Shape): number => rows.flatMap(([, value]) => listsOf(shape, `<${value!}>`)).length

test.each<Shape>(['mapAsync', 'flatMapAsync'])(
  '%s: each result is written once, wherever the process dies',
  { timeout: 300_000 },
  async (shape) => {
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
      run: (world) => withLog(world, async (app) => void (await app.run(building(app, new Set(), shape), options))),
      observe: () => new Set<string>(),
      check: (world) =>
        withLog(world, async (app) => {
          // The engines are gone as well: what waits comes back from the changelog.
          app.engines = new SimStoreEngines({ clock: world.clock })
          const before = await check(app, shape)
          found.add(before)
          const begun = new Set<string>()
          await app.run(building(app, begun, shape), options)
          expect(await check(app, shape)).toBe(whole(shape))
          if (shape === 'mapAsync') expect(begun.size).toBeGreaterThanOrEqual(rows.length - before)
        }),
    })
    expect(distinct).toBeGreaterThan(30)
    // Not only before the first commit, or behind the last.
    expect(found.size).toBeGreaterThan(10)
  },
)
