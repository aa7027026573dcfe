import { describe, expect, test } from 'vitest'
import { string, type MillraceError } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { inWorld, mapping, type AppWorld, type Row } from './app-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const text = { key: string, value: string }
const copy = mapping((value) => value)

/** Both inputs, in one task, into one output. */
function merging(builder: StreamsBuilder): void {
  builder
    .stream('left', text)
    .merge(builder.stream('right', text))
    .mapValues((value) => value.slice(0, 1))
    .to('out', text)
}

describe('a task with two inputs', () => {
  test('takes the oldest record first, and of equal ones those of the first input', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('left', [
        ['l', '1', 1],
        ['l', '4', 4],
        ['l', '5', 5],
      ])
      await world.put('right', [
        ['r', '2', 2],
        ['r', '3', 3],
        ['r', '5', 5],
        ['r', '9', 9],
      ])
      await world.run(merging)
      expect(await world.rows('out')).toEqual(['l=1', 'r=2', 'r=3', 'l=4', 'l=5', 'r=5', 'r=9'])
    }))

  test('waits for the other one as long as that has something older, in whatever order they are read', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      // More than one poll brings: the whole of one input comes before the first of the other.
      const large = 'x'.repeat(50_000)
      const rows = (key: string, offset: number): Row[] =>
        Array.from({ length: 4 }, (_, index): Row => [key, large, index * 2 + offset])
      for (let round = 0; round < 12; round++) {
        await world.put('left', rows('l', round * 8))
        await world.put('right', rows('r', round * 8 + 1))
      }
      await world.run(merging)
      const written = await world.records('out')
      expect(written).toHaveLength(96)
      expect(written.map(({ timestamp }) => timestamp)).toEqual(written.map((_, index) => index))
    }))

  test('does not wait for one that the log has nothing more for', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('left', [['l', '7', 7]])
      await using app = world.app(merging, { bounded: false })
      await app.start()
      await world.until(async () => (await world.rows('out')).length === 1)
      await world.put('right', [['r', '3', 3]])
      await world.until(async () => (await world.rows('out')).length === 2)
      expect(await world.rows('out')).toEqual(['l=7', 'r=3'])
    }))
})

describe('a commit', () => {
  const rows = Array.from({ length: 3_000 }, (_, index): Row => [`k${index % 50}`, 'x'.repeat(50), index])

  async function fill(world: AppWorld): Promise<void> {
    await world.topics(['in', 'out'])
    for (let from = 0; from < rows.length; from += 500) await world.put('in', rows.slice(from, from + 500))
  }

  test('takes everything that is there, in one transaction', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', rows.slice(0, 500))
      await world.run(copy, { commitIntervalMs: 1_000_000 })
      expect(await world.transactions('out')).toEqual([500])
    }))

  test('comes when so many bytes wait', () =>
    inWorld(async (world) => {
      await fill(world)
      await world.run(copy, { commitIntervalMs: 1_000_000, maxUncommittedBytes: 5_000 })
      const transactions = await world.transactions('out')
      expect(transactions.length).toBeGreaterThan(rows.length / 100)
      // A record takes about 60 bytes: no step is much over its bound, none far below it.
      expect(Math.max(...transactions)).toBeLessThan(100)
      expect(Math.min(...transactions.slice(0, -1))).toBeGreaterThan(60)
    }))

  test('comes when its interval is over, while records go on coming', () =>
    inWorld(
      async (world) => {
        await world.topics(['in', 'out'])
        await using app = world.app(copy, { bounded: false, commitIntervalMs: 50 })
        await app.start()
        const began = world.world.clock.monotonic()
        for (let index = 0; index < 200; index++) await world.put('in', [['k', `${index}`]])
        await world.until(async () => (await world.rows('out')).length === 200)
        const took = world.world.clock.monotonic() - began
        const { length } = await world.transactions('out')
        expect(length).toBeGreaterThan(took / 100)
        expect(length).toBeLessThan(took / 5)
      },
      { stepMicros: 500 },
    ))

  test('comes soon after the last record, so that a repartition costs little time', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(
        (builder) => {
          builder
            .stream('in', text)
            .selectKey((value) => value)
            .repartition({ name: 'through', ...text })
            .to('out', text)
        },
        { bounded: false, commitIntervalMs: 10_000 },
      )
      await app.start()
      await world.after(1_000)
      const before = world.world.clock.monotonic()
      await world.put('in', [['a', 'b']])
      await world.until(async () => (await world.rows('out')).length === 1)
      expect(world.world.clock.monotonic() - before).toBeLessThan(50)
    }))

  test('by somebody else in the name of the application is refused, not guessed at', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
      ])
      await using other = await world.log.producer({ transactionalId: 'other' })
      const commit = (metadata: string): Promise<unknown> =>
        other.transact({
          batches: [],
          offsets: { group: 'app', positions: [{ topic: 'in', partition: 0, offset: 1, metadata }] },
        })
      await commit('mine')
      const app = world.app(copy)
      await expect(app.start()).rejects.toMatchObject({ code: 'COMMIT_UNREADABLE', where: 'group app, in-0' })
      await app.close()
      // A position without metadata is one: a tool may have set it.
      await commit('')
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['b=2'])
    }))

  test('behind the end of a topic is refused', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using other = await world.log.producer({ transactionalId: 'other' })
      await other.transact({ batches: [], offsets: { group: 'app', positions: [{ topic: 'in', partition: 0, offset: 7 }] } })
      await using app = world.app(copy, { bounded: false })
      await app.start()
      await expect(app.finished).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    }))
})

describe('two applications', () => {
  test('on one state directory: the second is told who has it, and starts when it is free', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      const first = world.app(copy, { bounded: false })
      await first.start()
      const second = world.app(copy)
      const refused = (await second.start().catch((error: unknown) => error)) as MillraceError
      expect(refused).toMatchObject({ code: 'STATE_DIRECTORY_LOCKED', where: '/state/app' })
      expect(refused.message).toContain('in use by a Millrace application')
      await second.close()
      await first.close()
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1'])
    }))

  test('keep no state in the data directory of a log, where a Kafka would stumble over it', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy, { stateDir: '/log/state' })
      await expect(app.start()).rejects.toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE', where: '/log/state/app in /log' })
      await app.close()
      expect(world.world.disk.stat('/log/state')).toBeNull()
    }))

  test('with names of their own share a state directory and a log', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      await Promise.all(['one', 'two'].map((applicationId): Promise<StreamsApp> => world.run(copy, { applicationId })))
      expect(await world.rows('out')).toEqual(['a=1', 'a=1'])
    }))

  test('an internal topic with other partitions is not written to', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await world.topics(['app-counts-changelog'], 3)
      const app = world.app((builder) => {
        builder.stream('in', text).groupByKey().count({ store: 'counts' })
      })
      await expect(app.start()).rejects.toMatchObject({ code: 'PARTITIONS_DIFFER', where: 'app-counts-changelog' })
      await app.close()
    }))
})
