import { describe, expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Dropped } from '../runtime/dropped.ts'
import { inWorld, type AppWorld } from './app-world.fixtures.ts'

const text = { key: string, value: string }

function joining(builder: StreamsBuilder): void {
  const names = builder.globalTable('names', { ...text, store: 'names' })
  builder
    .stream('in', text)
    .joinGlobal(names, { on: (value) => value, join: (value, name, key) => `${key}:${value}:${name}` })
    .to('out', text)
}

/** Keys are numbers, whose bytes are no text. */
function joiningNumbers(builder: StreamsBuilder): void {
  const names = builder.globalTable('names', { key: int64, value: string, store: 'names' })
  builder
    .stream('in', { key: string, value: json<number>() })
    .joinGlobal(names, { on: (value) => value, join: (_value, name) => name })
    .to('out', text)
}

async function putNumbers(world: AppWorld, ...rows: readonly (readonly [key: number, value: string])[]): Promise<void> {
  await using producer = await world.log.producer()
  const batch = producer.batch('names', 0)
  for (const [key, value] of rows) batch.append(int64.write(key), value, 0)
  await producer.send(batch)
}

describe('a global table', () => {
  test('is read whole before the first record, from all its partitions, newest values', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.topics(['names'], 2, { 'cleanup.policy': 'compact' })
      await world.put('names', [
        ['x', 'old'],
        ['x', 'new'],
        ['gone', 'was'],
        ['gone', null],
      ])
      await world.put('names', [['y', 'other']], 1)
      await world.put('in', [
        ['a', 'x'],
        ['b', 'y'],
        ['c', 'gone'],
        ['d', 'never'],
      ])
      const app = await world.run(joining)
      expect(await world.rows('out')).toEqual(['a=a:x:new', 'b=b:y:other'])
      expect(app.dropped).toEqual({})
    }))

  test('is followed while the application runs', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'names'])
      await world.put('names', [['x', 'old']])
      await using app = world.app(joining, { bounded: false })
      await app.start()
      await world.put('names', [['x', 'new']])
      await world.after(1_000)
      await world.put('in', [['a', 'x']])
      await world.until(async () => (await world.rows('out')).length === 1)
      expect(await world.rows('out')).toEqual(['a=a:x:new'])
    }))

  test('tells keys apart whose bytes are no text', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'names'])
      await putNumbers(world, [0x80, 'first'], [0x81, 'second'], [0xff, 'third'])
      await world.put('in', [
        ['a', '128'],
        ['b', '129'],
        ['c', '255'],
        ['d', '253'],
      ])
      await world.run(joiningNumbers)
      expect(await world.rows('out')).toEqual(['a=first', 'b=second', 'c=third'])
    }))

  test('counts what it cannot take, and leaves the row as it was', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'names'])
      await putNumbers(world, [1, 'one'])
      await world.put('names', [
        [null, 'nobody'],
        ['not a number', 'x'],
      ])
      await world.put('in', [['a', '1']])
      const told: Dropped[] = []
      const app = await world.run(joiningNumbers, { onError: 'skip', onDropped: (one) => told.push(one) })
      expect(await world.rows('out')).toEqual(['a=one'])
      expect(app.dropped).toEqual({ 'null-key': 1, undecodable: 1 })
      expect(told).toMatchObject([
        { reason: 'null-key', error: null, node: 'names', offset: 1 },
        { reason: 'undecodable', node: 'names', task: null, topic: 'names', partition: 0, offset: 2 },
      ])
    }))

  test('that cannot be read is no table under the policy fail', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'names'])
      await world.put('names', [['not a number', 'x']])
      const app = world.app(joiningNumbers)
      await expect(app.start()).rejects.toMatchObject({ code: 'VALUE_UNREADABLE', where: 'names, names-0 at offset 0' })
      await app.close()
    }))

  test('whose topic is missing is named', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(joining)
      await expect(app.start()).rejects.toMatchObject({ code: 'SOURCE_TOPIC_MISSING', where: 'names' })
      await app.close()
    }))
})
