import { expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { AppWorld, geometry, type Row } from './app-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const partitions = 3
const each = 12

/** Counted by value, so that records cross a repartition topic between instances. */
function build(builder: StreamsBuilder): void {
  const text = { key: string, value: string }
  const byValue = builder.stream('in', text).selectKey((value) => value)
  const counts = byValue
    .repartition({ name: 'by-value', ...text })
    .groupByKey()
    .count({ store: 'counts' })
  counts.toStream().to('out', { key: string, value: int64 as never })
}

async function withLog(world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> {
  const { log } = await openSimulatedLog(world, 'sync', geometry)
  await work(new AppWorld(world, log))
  await log.close()
}

function instance(world: AppWorld, name: string): StreamsApp {
  return world.app(build, { stateDir: `/${name}`, standbyReplicas: 1, maxUncommittedBytes: 200 })
}

/** Two at once, one of which is replaced by a third on the way. */
async function run(world: AppWorld): Promise<void> {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => instance(world, name)) as [StreamsApp, StreamsApp, StreamsApp]
  await Promise.all([a.start(), b.start()])
  await world.until(async () => a.state === 'ended' || (await world.records('out')).length > partitions)
  await a.close()
  await c.start()
  await Promise.all([b.finished, c.finished])
  await Promise.all([b.close(), c.close()])
}

async function countsOf(world: AppWorld): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = (await world.records('out')).map(({ key, value }) => ({ key: string.read(key!), count: int64.read(value!) }))
  return new Map(
    Array.from(
      Map.groupBy(rows, ({ key }) => key),
      ([key, own]) => [key, own.map(({ count }) => count)],
    ),
  )
}

test('each record counts once, wherever the process with all its instances dies', { timeout: 300_000 }, async () => {
  const filling = simWorld({ seed: 1 })
  await filling.run(() =>
    withLog(filling, async (world) => {
      await world.topics(['in', 'out'], partitions)
      const rows = Array.from({ length: each }, (_, index): Row => ['k', `v${index % 4}`, index])
      for (let partition = 0; partition < partitions; partition++) await world.put('in', rows, partition)
    }),
  )
  const expected = Array.from({ length: (partitions * each) / 4 }, (_, index) => index + 1)
  const found = new Set<number>()
  const { distinct } = await enumerateCrashes<null>({
    seed: 2,
    modes: ['any'],
    imagesPerPoint: 1,
    every: 3,
    world: { disk: filling.disk.image('kill9', 'most'), stepMicros: 300_000 },
    run: (world) => withLog(world, run),
    observe: () => null,
    check: (world) =>
      withLog(world, async (app) => {
        app.engines = new SimStoreEngines({ clock: world.clock })
        found.add((await app.records('out')).length)
        await run(app)
        const counts = await countsOf(app)
        expect([...counts.keys()].toSorted()).toEqual(['v0', 'v1', 'v2', 'v3'])
        for (const own of counts.values()) expect(own).toEqual(expected)
      }),
  })
  expect(distinct).toBeGreaterThan(20)
  expect(found.size).toBeGreaterThan(5)
})
