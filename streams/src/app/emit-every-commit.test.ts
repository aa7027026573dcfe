/** Tables that emit every commit, on the real runtime: what goes on, and that nothing depends on where commits are. */
import { describe, expect, test } from 'vitest'
import { int64, nullable, string } from '@millrace/core'
import { enumerateCrashes, openSimulatedLog, simWorld, type SimWorld } from '@millrace/core/testing'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { millis } from '../time/duration.ts'
import { suppress } from '../time/suppression.ts'
import { tumbling } from '../time/windows.ts'
import { AppWorld, geometry, inWorld, type Row } from './app-world.fixtures.ts'
import { batch, fill, lastOf, sums, type Given } from './emit-every-commit.fixtures.ts'

type Build = (builder: StreamsBuilder) => void

const text = { key: string, value: string }
const numbersOut = { key: string, value: nullable(int64) }
const textsOut = { key: string, value: nullable(string) }

const joined: Row[] = [
  ['a', '1', 1],
  ['b', '2', 2],
  ['a', '3', 3],
  ['b', '4', 4],
  ['a', '5', 5],
]

const counting: Build = (builder) =>
  builder.stream('in', text).groupByKey().count({ store: 'counts', emitEvery: 'commit' }).toStream().to('out', numbersOut)

async function counts(world: AppWorld): Promise<string[]> {
  return (await world.records('out')).map(({ key, value, timestamp }) => `${String(key)}=${int64.read(value!)}@${timestamp}`)
}

describe('what goes on', () => {
  test('is the last update of each key and commit, in the order of these', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [...joined, ['c', '6', 6], ['b', '7', 7]])
      await world.run(counting)
      expect(await counts(world)).toEqual(['a=3@5', 'c=1@6', 'b=3@7'])
    }))

  test('is all that there is where each step has one event', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', joined)
      await world.run(counting, { maxUncommittedBytes: 1 })
      expect(await counts(world)).toEqual(['a=1@1', 'b=1@2', 'a=2@3', 'b=2@4', 'a=3@5'])
    }))

  test('is in the transaction of its inputs', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', joined)
      await using app = world.app(counting, { bounded: false })
      await app.start()
      await world.until(async () => (await world.records('out')).length === 2)
      // A reader of the store sees no more than what went on.
      expect(await app.keyValueStore<string, number>('counts').get('a')).toMatchObject({ value: 3 })
      await world.put('in', [['a', '6', 6]])
      await world.until(async () => (await world.records('out')).length === 3)
      expect(await counts(world)).toEqual(['b=2@4', 'a=3@5', 'a=4@6'])
    }))

  test('carries the headers of the record that it belongs to', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using producer = await world.log.producer()
      for (const [key, name] of [
        ['a', 'first'],
        ['b', 'second'],
        ['a', 'third'],
      ] as const)
        producer.append('in', key, 'x', { headers: [['name', Buffer.from(name)]] })
      await producer.flush()
      await world.run(counting)
      const found = (await world.records('out')).map(({ key, headers }) => [String(key), String(headers[0]![1])])
      expect(found).toEqual([
        ['b', 'second'],
        ['a', 'third'],
      ])
    }))

  test('is nothing where a row came and went since the last commit', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', 'x'],
        ['a', null],
        ['b', 'x'],
      ])
      await world.run((builder) =>
        builder
          .table('in', { ...text, store: 'rows', emitEvery: 'commit' })
          .toStream()
          .to('out', textsOut),
      )
      expect(await world.rows('out')).toEqual(['b=x'])
    }))
})

const given: readonly Given[] = Array.from({ length: 60 }, (_, index) => ({
  topic: (index * 7) % 3 === 0 ? 'right' : 'left',
  key: `${'xy'[index % 2]}${(index * 5) % 7}`,
  value: index % 11 === 10 ? null : index + 1,
}))

describe('joins and groups behind tables that emit every commit', () => {
  test.each([1, 200, 700, 3_000, 100_000])('come to the same whatever a step holds: %d bytes', (maxUncommittedBytes) =>
    inWorld(async (world) => {
      await fill(world, given)
      await world.run(sums, { maxUncommittedBytes })
      expect(await lastOf(world)).toEqual(batch(given))
    }),
  )

  test('come to the same wherever the process dies', { timeout: 300_000 }, async () => {
    const withLog = async (world: SimWorld, work: (app: AppWorld) => Promise<void>): Promise<void> => {
      const { log } = await openSimulatedLog(world, 'sync', geometry)
      await work(new AppWorld(world, log))
      await log.close()
    }
    const options = { maxUncommittedBytes: 1_500 }
    const filling = simWorld({ seed: 1 })
    await filling.run(() => withLog(filling, (world) => fill(world, given)))
    const found = new Set<number>()
    await enumerateCrashes<null>({
      seed: 2,
      modes: ['any'],
      imagesPerPoint: 1,
      every: 3,
      world: { disk: filling.disk.image('kill9', 'most'), stepMicros: 300_000 },
      run: (world) => withLog(world, async (app) => void (await app.run(sums, options))),
      observe: () => null,
      check: (world) =>
        withLog(world, async (app) => {
          app.engines = new SimStoreEngines({ clock: world.clock })
          found.add((await app.records('out')).length)
          await app.run(sums, options)
          expect(await lastOf(app)).toEqual(batch(given))
        }),
    })
    expect(found.size).toBeGreaterThan(3)
  })

  test('a stream that joins sees the newest row, wherever commits are', async () => {
    for (const maxUncommittedBytes of [1, 100_000]) {
      await inWorld(async (world) => {
        await world.topics(['rows', 'in', 'out'])
        await world.put('rows', [
          ['a', 'r1', 1],
          ['a', 'r2', 3],
        ])
        await world.put('in', [
          ['a', 's1', 2],
          ['a', 's2', 4],
        ])
        const build: Build = (builder) => {
          const rows = builder.table('rows', { ...text, store: 'rows', emitEvery: 'commit' })
          builder
            .stream('in', text)
            .join(rows, (value, row) => value + row)
            .to('out', text)
        }
        await world.run(build, { maxUncommittedBytes })
        expect(await world.rows('out')).toEqual(['a=s1r1', 'a=s2r2'])
      })
    }
  })

  test('a foreign-key join comes to the rows of its tables', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('left', [
        ['a', 'x:1'],
        ['b', 'y:1'],
        ['a', 'y:2'],
        ['b', 'x:2'],
      ])
      await world.put('right', [
        ['x', 'X1'],
        ['y', 'Y1'],
        ['x', 'X2'],
      ])
      await world.run((builder) => {
        const left = builder.table('left', { ...text, store: 'left', emitEvery: 'commit' })
        const right = builder.table('right', { ...text, store: 'right', emitEvery: 'commit' })
        const on = (value: string): string => value.slice(0, 1)
        left
          .joinForeign(right, { name: 'fk', on, join: (a, b) => a + b }, { store: 'result', value: string, emitEvery: 'commit' })
          .toStream()
          .to('out', textsOut)
      })
      expect(new Set(await world.rows('out'))).toEqual(new Set(['a=y:2Y1', 'b=x:2X2']))
    }))
})

describe('the end of a bounded input', () => {
  test('comes to what holds updates back behind it when it has everything', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', joined)
      const windows = tumbling({ size: millis(4), grace: millis(0) })
      await world.run((builder) =>
        builder
          .stream('in', text)
          .groupByKey()
          .windowedBy(windows)
          .count({ store: 'counts' })
          .emitOnUpdate({ emitEvery: 'commit' })
          .suppress({ store: 'held', value: int64, until: suppress.untilWindowCloses() })
          .toStream()
          .map((value, { key, start }) => ({ key: `${key}@${start}`, value }))
          .to('out', numbersOut),
      )
      expect((await counts(world)).toSorted()).toEqual(['a@0=2@3', 'a@4=1@5', 'b@0=1@2', 'b@4=1@4'])
    }))
})

describe('what user code throws while updates go on', () => {
  const failing: Build = (builder) =>
    builder
      .stream('in', text)
      .groupByKey()
      .count({ store: 'counts', emitEvery: 'commit' })
      .mapValues((count, key) => {
        if (key === 'b') throw new Error('no b')
        return count
      })
      .toStream()
      .to('out', numbersOut)

  test('stops the application, and says at which record', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', joined)
      await using app = world.app(failing)
      await app.start()
      await expect(app.finished).rejects.toThrow(
        /USER_CODE_FAILED: user code threw: no b \(table-map-values-1, task 0_0, in-0 at offset 3/,
      )
      expect(await world.rows('out')).toEqual([])
    }))

  test('leaves that update out under the policy skip', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', joined)
      const app = await world.run(failing, { onError: { process: 'skip' } })
      expect(await counts(world)).toEqual(['a=3@5'])
      expect(app.dropped.failed).toBe(1)
    }))

  test('is a dead letter that says which record it was', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await world.put('in', joined)
      await world.run(failing, { onError: { process: 'deadLetter', deadLetterTopic: 'dead' } })
      const [dead, ...others] = await world.records('dead')
      expect(others).toEqual([])
      expect(dead).toMatchObject({ key: null, value: null })
      const headers = new Map(dead!.headers.map(([name, bytes]) => [name, bytes === null ? null : Buffer.from(bytes).toString()]))
      expect(headers.get('__streams.errors.topic')).toBe('in')
      expect(headers.get('__streams.errors.offset')).toBe('3')
    }))

  test('is tried again, and then left out', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', joined)
      const process = { retry: 2, backoffMs: 1, otherwise: 'skip' } as const
      const app = await world.run(failing, { onError: { process } })
      expect((await counts(world)).at(-1)).toEqual('a=3@5')
      expect(app.dropped.failed).toBeGreaterThan(0)
    }))
})
