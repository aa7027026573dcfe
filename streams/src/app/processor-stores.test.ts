/** Every kind of store that a processor may declare, in a running application: over commits, restarts and crashes. */
import { describe, expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import { sessionStore, versionedStore } from '../dsl/processors.ts'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { AnyStore } from '../graph/stores.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { millis } from '../time/duration.ts'
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

const options = { maxUncommittedBytes: 200 }

describe.each<[string, Build]>([
  ['versioned', versions],
  ['session', sessions],
])('a %s store', (_, build) => {
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
        const app = world.app(build, { bounded: false, ...(index % 10 === 0 && { stateDir: `/state-${index}` }) })
        await app.start()
        await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === index + 1)
        await app.close()
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
