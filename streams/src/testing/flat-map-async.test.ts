/** Calls that give several values, over plain maps; what they have in common with mapAsync is tested there. */
import { describe, expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import type { AsyncMapping } from '../dsl/async-mappings.ts'
import type { AsyncCall } from '../graph/callbacks.ts'
import { memoryStream, type MemoryStream } from './memory-stream.ts'
import type { MemoryAppOptions } from './memory-app.ts'

type Call = (value: string, key: string, call: AsyncCall) => Promise<Iterable<string>>

const text = { key: string, value: json<string>() }

function calling(call: Call, options: Partial<AsyncMapping<string, string>> = {}, app: MemoryAppOptions = {}): MemoryStream {
  return memoryStream<string>((input) => {
    const called = input.flatMapAsync(call, { name: 'calls', ...text, concurrency: 3, ...options })
    called.to('out', text)
  }, app)
}

const words: Call = async (value) => value.split(' ').filter((word) => word !== '')

async function settled(stream: MemoryStream): Promise<readonly unknown[]> {
  await stream.app.settle()
  return stream.rows
}

describe('the values of a result', () => {
  test('go on in their order, none, one or many', async () => {
    const stream = calling(words).feed('a', 'one two', 1).feed('b', ' ', 2).feed('a', 'three', 3)
    expect(await settled(stream)).toEqual([
      ['a', 'one', 1],
      ['a', 'two', 1],
      ['a', 'three', 3],
    ])
    expect(stream.task.context.windowStores.get('calls')!.rows()).toEqual([])
  })

  test('may come from any iterable, also one that is read only once', async () => {
    function* letters(value: string): Iterable<string> {
      yield* value
    }
    const stream = calling(async (value) => letters(value)).feed('a', 'xy')
    expect(await settled(stream)).toEqual([
      ['a', 'x', 0],
      ['a', 'y', 0],
    ])
  })

  test('all belong to the record that was called for, whatever operators do behind them', async () => {
    const seen: unknown[] = []
    const stream = memoryStream<string>((input) => {
      const called = input.flatMapAsync(words, { name: 'calls', ...text, concurrency: 1 })
      called.withTimestamp(() => 99).forEach(() => {})
      called
        .peek((_value, _key, { offset, timestamp, headers }) => seen.push([offset, timestamp, headers.length]))
        .to('out', text)
    })
    stream.feed('a', 'one two', 5, [['h', null]])
    await stream.app.settle()
    expect(seen).toEqual([
      [0, 5, 1],
      [0, 5, 1],
    ])
  })
})

describe('a result that cannot be read is a call that failed', () => {
  const broken: Call = async (value, _key, { attempt }) => {
    if (value === 'number') return 7 as never
    return (function* () {
      yield 'first'
      if (attempt === 1) throw new Error('no more')
    })()
  }

  test('an iterable that throws is read again, and nothing of the first time goes on', async () => {
    const stream = calling(broken, { retry: { times: 1, backoffMs: 10 } }).feed('a', 'x')
    expect(await settled(stream)).toEqual([])
    stream.app.advanceWallClock(10)
    expect(await settled(stream)).toEqual([['a', 'first', 0]])
  })

  test('what is no iterable', async () => {
    const stream = calling(broken).feed('a', 'number')
    await expect(stream.app.settle()).rejects.toThrow(/CALL_FAILED: a call failed: RECORD_INVALID: a call gave no list of values/)
    const skipping = calling(broken, { onFailure: 'skip' }).feed('a', 'number')
    expect(await settled(skipping)).toEqual([])
    expect(skipping.drops).toEqual({ failed: 1 })
  })
})
