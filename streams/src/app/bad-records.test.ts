import { describe, expect, test } from 'vitest'
import { int64, json, nullable, string, type MillraceError, type Serde } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { map, mergeMap } from '../rx/pure-operators.ts'
import { unchecked } from '../rx/value-operator.ts'
import type { Dropped } from '../runtime/dropped.ts'
import { take } from 'rxjs'
import { inWorld, mapping, type AppWorld } from './app-world.fixtures.ts'
import type { StreamsOptions } from './streams-options.ts'

type Build = (builder: StreamsBuilder) => void

const text = { key: string, value: string }

/** Runs it, and gives the error that it fails with. */
async function failureOf(world: AppWorld, build: Build, options: Partial<StreamsOptions> = {}): Promise<MillraceError> {
  const app = world.app(build, options)
  await app.start()
  const error = await app.finished.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  await app.close()
  return error as MillraceError
}

/** Runs it under the policy skip; gives what it counted and what it told. */
async function skipping(world: AppWorld, build: Build): Promise<{ dropped: unknown; told: Dropped[] }> {
  const told: Dropped[] = []
  const { dropped } = await world.run(build, { onError: 'skip', onDropped: (one) => told.push(one) })
  return { dropped, told }
}

describe('user code that throws, under the policy skip', () => {
  test('leaves out what stands behind the node; other branches keep the record', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'all'])
      await world.put('in', [
        ['a', '1'],
        ['b', 'bad'],
        ['c', '3'],
      ])
      const { dropped, told } = await skipping(world, (builder) => {
        const input = builder.stream('in', text)
        input.to('all', text)
        input
          .mapValues((value) => {
            if (value === 'bad') throw new TypeError('no such thing')
            return value
          })
          .to('out', text)
      })
      expect(await world.rows('out')).toEqual(['a=1', 'c=3'])
      expect(await world.rows('all')).toEqual(['a=1', 'b=bad', 'c=3'])
      expect(dropped).toEqual({ failed: 1 })
      expect(told).toEqual([
        {
          error: new TypeError('no such thing'),
          reason: 'failed',
          node: expect.stringMatching(/^map-values/),
          task: '0_0',
          topic: 'in',
          partition: 0,
          offset: 1,
        },
      ])
    }))

  test('counts only what is committed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        [null, '1'],
        ['a', 'bad'],
      ])
      const app = world.app(
        mapping((value) => {
          if (value === 'bad') throw new Error('no')
          return value
        }),
      )
      await app.start()
      await app.finished.catch(() => {})
      await app.close()
      expect(app.dropped).toEqual({})
    }))
})

describe('a record that cannot be read', () => {
  const parsing: Build = (builder) => {
    builder
      .stream('in', { key: string, value: json<{ readonly n: number }>() })
      .mapValues(({ n }) => n)
      .to('out', { key: string, value: int64 })
  }

  test('ends the application, with its place and the serdes', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '{"n":1}'],
        ['b', '{"n":'],
      ])
      const error = await failureOf(world, parsing)
      expect(error).toMatchObject({
        code: 'VALUE_UNREADABLE',
        where: expect.stringMatching(/^source-\d+, task 0_0, in-0 at offset 1$/),
      })
      expect(error.message).toContain('serdes string and json: ')
      expect(error.message.match(/offset 1/g)).toHaveLength(1)
    }))

  test('is counted and told under the policy skip', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '{"n":1}'],
        ['b', '{"n":'],
        ['c', '{"n":3}'],
      ])
      const { dropped, told } = await skipping(world, parsing)
      expect(await world.numbers('out')).toEqual([1, 3])
      expect(dropped).toEqual({ undecodable: 1 })
      expect(told).toMatchObject([
        { reason: 'undecodable', task: '0_0', topic: 'in', partition: 0, offset: 1, error: { code: 'VALUE_UNREADABLE' } },
      ])
    }))

  test('may be one without a timestamp', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1', -1]])
      const copy = mapping((value) => value)
      expect(await failureOf(world, copy)).toMatchObject({
        code: 'VALUE_UNREADABLE',
        message: expect.stringContaining('no timestamp'),
      })
      expect(await skipping(world, copy)).toMatchObject({ dropped: { undecodable: 1 } })
    }))
})

describe('a null', () => {
  test('that the serde of a source cannot hold is dropped and counted under every policy', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        [null, '2'],
        ['c', null],
        [null, null],
      ])
      const app = await world.run(mapping((value) => value))
      expect(await world.rows('out')).toEqual(['a=1'])
      expect(app.dropped).toEqual({ 'null-key': 2, 'null-value': 1 })
    }))

  test('goes through where the serdes hold it, and reaches user code', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        [null, '2'],
        ['c', null],
      ])
      const held = { key: nullable(string), value: nullable(string) }
      const app = await world.run((builder) => {
        builder
          .stream('in', held)
          .mapValues((value, key) => (value === null ? null : `${key}:${value}`))
          .to('out', held)
      })
      expect(await world.rows('out')).toEqual(['a=a:1', 'null=null:2', 'c=null'])
      expect(app.dropped).toEqual({})
    }))

  test('that the serializer of a sink cannot hold is dropped there', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
        ['c', null],
      ])
      const app = await world.run((builder) => {
        builder
          .stream('in', { key: string, value: nullable(string) })
          .mapValues((value) => (value === '2' ? null : value))
          .to('out', { key: string, value: string as unknown as Serde<string | null> })
      })
      expect(await world.rows('out')).toEqual(['a=1'])
      expect(app.dropped).toEqual({ 'null-value': 2 })
    }))

  test('key is dropped on the way into a repartition topic', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
      ])
      const app = await world.run((builder) => {
        builder
          .stream('in', text)
          .selectKey((value) => (value === '1' ? 'one' : (null as unknown as string)))
          .repartition({ name: 'through', ...text })
          .to('out', text)
      })
      expect(await world.rows('out')).toEqual(['one=1'])
      expect(app.dropped).toEqual({ 'null-key': 1 })
    }))
})

describe('a record that cannot be written', () => {
  const wide: Build = (builder) => {
    const values = builder.stream('in', text)
    values.to('all', text)
    values.mapValues((value) => value.repeat(300)).to('out', text)
  }

  test('because it is over the limit of its topic ends the application; nothing of the step is written', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'all'])
      await world.topics(['out'], 1, { 'max.message.bytes': '500' })
      await world.put('in', [
        ['a', '1'],
        ['b', '22'],
        ['c', '3'],
      ])
      const error = await failureOf(world, wide)
      expect(error).toMatchObject({
        code: 'RECORD_TOO_LARGE',
        where: expect.stringMatching(/^to-\d+, task 0_0, in-0 at offset 1$/),
      })
      expect(await world.rows('all')).toEqual([])
      expect(await world.rows('out')).toEqual([])
      await world.log.admin.alterTopicConfig('out', { 'max.message.bytes': null })
      await world.run(wide)
      expect(await world.rows('all')).toEqual(['a=1', 'b=22', 'c=3'])
      expect(await world.rows('out')).toHaveLength(3)
    }))

  test('is left out whole under the policy skip', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'all'])
      await world.topics(['out'], 1, { 'max.message.bytes': '500' })
      await world.put('in', [
        ['a', '1'],
        ['b', '22'],
        ['c', '3'],
      ])
      const { dropped, told } = await skipping(world, wide)
      expect(await world.rows('all')).toEqual(['a=1', 'b=22', 'c=3'])
      expect((await world.rows('out')).map((row) => row.slice(0, 3))).toEqual(['a=1', 'c=3'])
      expect(dropped).toEqual({ failed: 1 })
      expect(told).toMatchObject([
        { reason: 'failed', node: expect.stringMatching(/^to-/), offset: 1, error: { code: 'RECORD_TOO_LARGE' } },
      ])
    }))

  test('by its serializer is user code that throws', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', 'x'],
      ])
      const numbers: Build = (builder) => {
        builder
          .stream('in', text)
          .mapValues((value) => Number(value))
          .to('out', { key: string, value: int64 })
      }
      const error = await failureOf(world, numbers)
      expect(error).toMatchObject({ code: 'VALUE_UNWRITABLE', where: expect.stringContaining('task 0_0, in-0 at offset 1') })
      expect(error.message).toContain('sink out')
      expect(await skipping(world, numbers)).toMatchObject({ dropped: { failed: 1 } })
      expect(await world.numbers('out')).toEqual([1])
    }))

  test('to a changelog ends the application under every policy, and names the store', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      const build: Build = (builder) => {
        builder
          .stream('in', text)
          .groupByKey()
          .aggregate({ store: 'wide', value: string, initial: () => '', add: (_total, value) => value.repeat(2_000_000) })
      }
      const error = await failureOf(world, build, { onError: 'skip' })
      expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', where: 'store wide, task 0_0' })
    }))

  test('because its topic is not there is found at the start', () =>
    inWorld(async (world) => {
      await world.topics(['in'])
      await using app = world.app(mapping((value) => value))
      await expect(app.start()).rejects.toMatchObject({ code: 'SINK_TOPIC_MISSING', where: expect.stringMatching(/^out, to-/) })
    }))
})

describe('steps that outgrow a transaction', () => {
  /** Each record makes its total larger by 20 kB, which shows only when the total is serialized. */
  const growing: Build = (builder) => {
    builder
      .stream('in', text)
      .groupByKey()
      .aggregate({ store: 'large', value: string, initial: () => '', add: (_total, value) => value.repeat(20_000) })
      .toStream()
      .mapValues((value) => value?.length ?? 0)
      .to('out', { key: string, value: int64 })
  }

  test('are tried again in smaller ones', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const rows = Array.from({ length: 150 }, (_, index) => [`k${index}`, 'x'] as const)
      await world.put('in', rows)
      const states: string[] = []
      await using app = world.app(growing)
      app.onState((state) => states.push(state))
      await app.start()
      await app.finished
      expect(await world.numbers('out')).toEqual(rows.map(() => 20_000))
      expect(states.filter((state) => state === 'restarting').length).toBeLessThanOrEqual(2)
      expect(states).toContain('restarting')
    }))

  test('of a single record end the application', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', 'x']])
      const many: Build = (builder) => {
        builder
          .stream('in', text)
          .pipe(mergeMap((value) => Array.from({ length: 400 }, () => value.repeat(1_000))))
          .to('out', text)
      }
      expect(await failureOf(world, many)).toMatchObject({ code: 'TRANSACTION_TOO_LARGE' })
      expect(await world.rows('out')).toEqual([])
    }))
})

describe("users' own RxJS in an application", () => {
  test('works on values, one to one and one to many', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', 'xy'],
        ['b', 'z'],
      ])
      await world.run((builder) => {
        builder
          .stream('in', text)
          .pipe(
            mergeMap((value) => value.split('')),
            map((letter) => letter.toUpperCase()),
          )
          .to('out', text)
      })
      expect(await world.rows('out')).toEqual(['a=X', 'a=Y', 'b=Z'])
    }))

  test('may not end, and says where it did', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ])
      const build: Build = (builder) => {
        builder
          .stream('in', text)
          .pipe(unchecked('take', take<string>(2)))
          .to('out', text)
      }
      expect(await failureOf(world, build)).toMatchObject({
        code: 'RX_ENDED',
        where: expect.stringMatching(/^pipe-\d+, task 0_0, in-0 at offset 1$/),
      })
    }))
})
