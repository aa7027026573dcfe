/** Scans in processors of a running application: over commits, crashes and restarts. */
import { expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import { keyValueStore, windowStore } from '../dsl/processors.ts'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext } from '../graph/processor.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { millis } from '../time/duration.ts'
import { AppWorld, geometry, inWorld, topologyOf, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const items = keyValueStore({ name: 'items', key: string, value: int64 })
const recent = windowStore({ name: 'recent', key: string, value: int64, retention: millis(20) })
type Context = ProcessorContext<string, string, typeof items | typeof recent>

/** Each record is an item of a key; it is forwarded with the items of its key. Every third one takes the oldest away again. */
function listing(onRow: () => void = () => {}): (builder: StreamsBuilder) => void {
  return (builder) => {
    const open = (context: Context) => ({
      process({ key, value, timestamp }: { readonly key: string; readonly value: string; readonly timestamp: number }) {
        const [all, times] = [context.store(items), context.store(recent)]
        all.put(`${key}/${value}`, timestamp)
        times.put(key, timestamp, timestamp)
        const found: string[] = []
        const last = (): void => context.forward({ key, value: found.join(' ') })
        context.scan(items, { prefix: `${key}/`, reverse: true }, (row, stop) => {
          onRow()
          found.push(row.key.slice(key.length + 1))
          if (found.length === 4) stop()
        })
        context.scan(recent, { from: timestamp - 5 }, ({ start }) => void found.push(`@${start}`), last)
        if (timestamp % 3 !== 0) return
        context.scan(items, { prefix: `${key}/` }, (row, stop) => {
          all.delete(row.key)
          stop()
        })
      },
    })
    builder
      .stream('in', text)
      .process({ name: 'list', stores: [items, recent], open })
      .to('out', text)
  }
}

const rows: readonly Row[] = Array.from({ length: 40 }, (_, index): Row => [
  `k${index % 3}`,
  `${10 + index}`,
  index * 2 - (index % 4),
])

function reference(): readonly string[] {
  const app = new MemoryApp(topologyOf(listing()))
  for (const [key, value, timestamp] of rows) app.process({ topic: 'in', key, value, timestamp: timestamp! })
  return app.outputs.map(({ key, value }) => `${String(key)}=${String(value)}`)
}

async function fed(world: AppWorld): Promise<void> {
  await world.topics(['in', 'out'])
  await world.put('in', rows)
}

test.each([1, 400, 1 << 20])('the log gets what plain maps give, with commits at every %i bytes', async (maxUncommittedBytes) => {
  await inWorld(async (world) => {
    await fed(world)
    await world.run(listing(), { maxUncommittedBytes })
    expect(await world.rows('out')).toEqual(reference())
  })
})

test('records that come one by one, with restarts between, give what all at once give', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    for (const [index, row] of rows.slice(0, 12).entries()) {
      await world.put('in', [row])
      await using app = world.app(listing(), { bounded: false })
      await app.start()
      await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === index + 1)
    }
    expect(await world.rows('out')).toEqual(reference().slice(0, 12))
  })
})

test.each([1, 5, 30, 77])('a crash in row %i of the scans leaves nothing of its record', async (at) => {
  await inWorld(async (world) => {
    await fed(world)
    let left = at
    const crash = (): void => {
      if (--left === 0) throw new Error('crash')
    }
    await using app = world.app(listing(crash), { maxUncommittedBytes: 1 })
    await app.start()
    await expect(app.finished).rejects.toThrow(/USER_CODE_FAILED.*crash.*list, task 0_0/s)
    await app.close()
    await world.run(listing())
    expect(await world.rows('out')).toEqual(reference())
  })
})

test('tasks that scan take turns with others, and each keeps to its own rows', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'], 3)
    for (const partition of [0, 1, 2]) await world.put('in', rows, partition)
    await world.run(listing())
    const written = await world.rows('out')
    expect(written.toSorted()).toEqual([0, 1, 2].flatMap(() => reference()).toSorted())
  })
})

test('an application that is closed within a scan lets it end, or drops it with its record', async () => {
  await inWorld(async (world) => {
    await fed(world)
    let seen = 0
    const app = world.app(
      listing(() => {
        if (++seen === 20) void app.close({ timeoutMs: 0 })
      }),
    )
    await app.start()
    await world.until(() => seen >= 20)
    await app.close()
    expect(seen).toBeGreaterThanOrEqual(20)
    await world.run(listing())
    expect(await world.rows('out')).toEqual(reference())
  })
})

test('a retried record scans again', async () => {
  await inWorld(async (world) => {
    await fed(world)
    let fails = 2
    const sometimes = (): void => {
      if (fails-- > 0) throw new Error('not yet')
    }
    await world.run(listing(sometimes), { onError: { process: { retry: 3, backoffMs: 1, otherwise: 'fail' } } })
    expect(await world.rows('out')).toEqual(reference())
  })
})

test('what a table lets go before a commit is scanned for within that commit', async () => {
  await inWorld(async (world) => {
    await fed(world)
    const build = (builder: StreamsBuilder): void => {
      const latest = builder.table('in', { ...text, store: 'latest', emitEvery: 'commit' })
      const open = (context: Context) => ({
        process({ key, value, timestamp }: { readonly key: string; readonly value: string | null; readonly timestamp: number }) {
          context.store(items).put(`${key}/${value}`, timestamp)
          let count = 0
          context.scan(
            items,
            { prefix: `${key}/` },
            () => void count++,
            () => context.forward({ key, value: `${value} ${count}` }),
          )
        },
      })
      latest
        .toStream()
        .process({ name: 'list', stores: [items, recent], open })
        .to('out', text)
    }
    await using app = world.app(build, { bounded: false })
    await app.start()
    await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === rows.length)
    const last = Map.groupBy(rows, ([key]) => key)
    expect((await world.rows('out')).toSorted()).toEqual(
      Array.from(last, ([key, own]) => `${key}=${own.at(-1)![1]} 1`).toSorted(),
    )
    const writers = async (topic: string): Promise<string[]> => {
      await using consumer = await world.log.consumer()
      await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
      return (await consumer.poll()).map(({ producerId, producerEpoch }) => `${producerId}/${producerEpoch}`)
    }
    expect(await writers('out')).toEqual(await writers('app-items-changelog'))
  })
})

async function withLog(world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> {
  const { log } = await openSimulatedLog(world, 'sync', geometry)
  await work(new AppWorld(world, log))
  await log.close()
}

test('scans are of one step with their record, wherever the process dies', { timeout: 300_000 }, async () => {
  const expected = reference()
  const filling = simWorld({ seed: 1 })
  await filling.run(() => withLog(filling, fed))
  const disk = filling.disk.image('kill9', 'most')
  const found = new Set<number>()
  await enumerateCrashes<null>({
    seed: 2,
    modes: ['any'],
    imagesPerPoint: 1,
    every: 3,
    world: { disk, stepMicros: 300_000 },
    run: (world) => withLog(world, async (app) => void (await app.run(listing(), { maxUncommittedBytes: 200 }))),
    observe: () => null,
    check: (world) =>
      withLog(world, async (app) => {
        app.engines = new SimStoreEngines({ clock: world.clock })
        const before = await app.rows('out')
        found.add(before.length)
        expect(before).toEqual(expected.slice(0, before.length))
        await app.run(listing(), { maxUncommittedBytes: 200 })
        expect(await app.rows('out')).toEqual(expected)
      }),
  })
  expect(found.size).toBeGreaterThan(5)
})
