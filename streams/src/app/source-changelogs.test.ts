import { describe, expect, test } from 'vitest'
import { nullable, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import { inWorld, type AppWorld } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const changelog = 'app-rows-changelog'
const compacted = { 'cleanup.policy': 'compact' }

/** Each record of `in` with the row of `rows`. */
function joining(builder: StreamsBuilder): void {
  const rows = builder.table('rows', { ...text, store: 'rows' })
  builder
    .stream('in', text)
    .join(rows, (a, b) => `${a}+${b}`)
    .to('out', text)
}

/** The same rows, filtered. */
function filtering(builder: StreamsBuilder): void {
  const rows = builder.table('rows', { ...text, store: 'rows' })
  rows
    .filter((value) => value !== 'none')
    .toStream()
    .to('out', { key: string, value: nullable(string) })
}

async function hasChangelog(world: AppWorld): Promise<boolean> {
  const [description] = await world.log.admin.describeTopics([changelog])
  return description !== null
}

async function prepare(world: AppWorld, config: Readonly<Record<string, string>>): Promise<void> {
  await world.topics(['in', 'out'])
  await world.topics(['rows'], 1, config)
  await world.put('rows', [
    ['a', '1', 1],
    ['b', '2', 2],
    ['a', '3', 3],
    ['b', null, 4],
  ])
}

/** Runs until everything that is there is processed. */
async function runOn(world: AppWorld, build: (builder: StreamsBuilder) => void, outputs: number): Promise<void> {
  await using app = world.app(build, { bounded: false })
  await app.start()
  await world.until(async () => (await world.rows('out')).length >= outputs)
  await world.after(50)
  await app.close()
}

describe('the changelog of a table', () => {
  test.each([
    ['its source topic, when that is compacted', compacted, false],
    ['one of its own, when that is not', {}, true],
    ['one of its own, when that also deletes by age', { 'cleanup.policy': 'compact,delete' }, true],
  ])('is %s; rows come back from it when the engine is lost', (_which, config, isOwn) =>
    inWorld(async (world) => {
      await prepare(world, config)
      await world.put('in', [['a', 'first', 5]])
      await runOn(world, joining, 1)
      expect(await hasChangelog(world)).toBe(isOwn)
      // What comes after the last commit is input, and no part of the rows yet.
      await world.put('in', [
        ['a', 'second', 6],
        ['b', 'none', 6],
      ])
      await world.put('rows', [['a', '4', 7]])
      await world.put('in', [['a', 'third', 8]])
      world.engines = new SimStoreEngines({ clock: world.world.clock })
      await runOn(world, joining, 3)
      expect(await world.rows('out')).toEqual(['a=first+3', 'a=second+3', 'a=third+4'])
    }),
  )

  test('is kept up by the engine too, which then needs no restore', () =>
    inWorld(async (world) => {
      await prepare(world, compacted)
      await world.put('in', [['a', 'first', 5]])
      await runOn(world, joining, 1)
      await world.put('rows', [['a', null, 6]])
      await world.put('in', [
        ['a', 'second', 5],
        ['a', 'third', 7],
      ])
      await runOn(world, joining, 2)
      expect(await world.rows('out')).toEqual(['a=first+3', 'a=second+3'])
      expect(world.engines.wiped).toEqual([])
    }))

  const emitting = (builder: StreamsBuilder): void => {
    const rows = builder.table('rows', { ...text, store: 'rows', emitEvery: 'commit' })
    rows.toStream().to('out', { key: string, value: nullable(string) })
  }

  test.each<readonly [string, (builder: StreamsBuilder) => void, number]>([
    ['a filter', filtering, 4],
    ['what emits every commit, where a row that came and went is left out', emitting, 1],
  ])('is its own where an operator needs the values that updates replace: compaction takes them: %s', (_name, build, rows) =>
    inWorld(async (world) => {
      await prepare(world, compacted)
      await runOn(world, build, rows)
      expect(await hasChangelog(world)).toBe(true)
    }),
  )

  test('stays what it was at the first start', () =>
    inWorld(async (world) => {
      await prepare(world, compacted)
      await world.put('in', [['a', 'first', 5]])
      await runOn(world, joining, 1)
      await runOn(
        world,
        (builder) => {
          const rows = builder.table('rows', { ...text, store: 'rows' })
          rows
            .filter(() => true)
            .toStream()
            .to('out', { key: string, value: nullable(string) })
        },
        1,
      )
      expect(await hasChangelog(world)).toBe(false)
    }))

  test('is its own for good, also when the topic is compacted later', () =>
    inWorld(async (world) => {
      await prepare(world, {})
      await world.put('in', [['a', 'first', 5]])
      await runOn(world, joining, 1)
      await world.log.admin.alterTopicConfig('rows', compacted)
      await world.put('in', [['a', 'second', 6]])
      world.engines = new SimStoreEngines({ clock: world.world.clock })
      await runOn(world, joining, 2)
      expect(await world.rows('out')).toEqual(['a=first+3', 'a=second+3'])
    }))

  test('must not go: a topic that is not compacted any more is refused', () =>
    inWorld(async (world) => {
      await prepare(world, compacted)
      await world.put('in', [['a', 'first', 5]])
      await runOn(world, joining, 1)
      await world.log.admin.alterTopicConfig('rows', { 'cleanup.policy': 'delete' })
      await using app = world.app(joining, { bounded: false })
      await expect(app.start()).rejects.toMatchObject({ code: 'CHANGELOG_LOST' })
    }))
})
