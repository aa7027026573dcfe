import { expect, test } from 'vitest'
import { string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { millis } from '../time/duration.ts'
import { AppWorld, geometry, topologyOf, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const topics = ['left', 'right'] as const

/** An outer join whose results are counted, delayed, and watched for silence: state of each kind, emitted on the way and at the end. */
function build(builder: StreamsBuilder): void {
  const [left, right] = [builder.stream('left', text), builder.stream('right', text)]
  const joined = left.outerJoinStream(right, {
    name: 'pairs',
    within: { before: millis(6), after: millis(4) },
    grace: millis(3),
    key: string,
    left: string,
    right: string,
    join: (a, b) => `${a ?? '-'}${b ?? '-'}`,
  })
  joined.scan({ store: 'totals', value: string, initial: () => '', add: (total, pair) => total + pair }).to('out', text)
  joined.delay({ store: 'later', value: string, time: millis(9) }).to('out', text)
  joined.debounceTime({ store: 'silent', value: string, time: millis(5) }).to('out', text)
}

/** Out of order here and there: late ones too. */
function rowsOf(topic: (typeof topics)[number]): readonly Row[] {
  const shift = topic === 'left' ? 0 : 3
  return Array.from({ length: 24 }, (_, index): Row => {
    const back = index % 5 === 4 ? 14 : 0
    return [`k${(index + shift) % 3}`, `${topic[0]}${index}`, Math.max(0, index * 3 + shift - back)]
  })
}

/** What the operators write over plain maps. */
function reference(): readonly string[] {
  const app = new MemoryApp(topologyOf(build))
  const queues = new Map(topics.map((topic) => [topic, [...rowsOf(topic)]]))
  for (;;) {
    const heads = topics.flatMap((topic) => (queues.get(topic)!.length > 0 ? [{ topic, row: queues.get(topic)![0]! }] : []))
    if (heads.length === 0) break
    const { topic } = heads.toSorted((a, b) => a.row[2]! - b.row[2]!)[0]!
    const [key, value, timestamp] = queues.get(topic)!.shift()!
    app.process({ topic, key, value, timestamp: timestamp! })
  }
  app.endOfInput()
  return app.outputs.map(({ key, value, timestamp }) => `${String(key)}=${String(value)}@${timestamp}`)
}

async function withLog(world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> {
  const { log } = await openSimulatedLog(world, 'sync', geometry)
  await work(new AppWorld(world, log))
  await log.close()
}

/** Commits after every few events. */
const options = { maxUncommittedBytes: 400 }

async function written(world: AppWorld): Promise<readonly string[]> {
  return (await world.records('out')).map(
    ({ key, value, timestamp }) => `${Buffer.from(key!).toString()}=${Buffer.from(value!).toString()}@${timestamp}`,
  )
}

test('joins and operators that wait write each result once, wherever the process dies', { timeout: 300_000 }, async () => {
  const expected = reference()
  expect(expected.length).toBeGreaterThan(100)
  const filling = simWorld({ seed: 1 })
  await filling.run(() =>
    withLog(filling, async (world) => {
      await world.topics([...topics, 'out'])
      for (const topic of topics) await world.put(topic, rowsOf(topic))
    }),
  )
  const disk = filling.disk.image('kill9', 'most')
  const found = new Set<number>()
  const { distinct } = await enumerateCrashes<null>({
    seed: 2,
    modes: ['any'],
    imagesPerPoint: 1,
    every: 2,
    world: { disk, stepMicros: 300_000 },
    run: (world) => withLog(world, async (app) => void (await app.run(build, options))),
    observe: () => null,
    check: (world) =>
      withLog(world, async (app) => {
        // The engines are gone as well: everything comes back from the changelogs.
        app.engines = new SimStoreEngines({ clock: world.clock })
        const before = await written(app)
        found.add(before.length)
        expect(before).toEqual(expected.slice(0, before.length))
        await app.run(build, options)
        expect(await written(app)).toEqual(expected)
      }),
  })
  expect(distinct).toBeGreaterThan(20)
  // Not only before the first commit, or behind the last.
  expect(found.size).toBeGreaterThan(10)
})
