/** Calls to the outside over plain maps: what goes out, in what order, and what is held meanwhile. */
import { describe, expect, test } from 'vitest'
import { json, nullable, string } from '@millrace/core'
import type { AsyncMapping } from '../dsl/async-mappings.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { AsyncCall } from '../graph/callbacks.ts'
import type { MemoryAppOptions } from './memory-app.ts'
import { memoryStream, type MemoryStream } from './memory-stream.ts'
import { TopologyTestDriver } from './topology-test-driver.ts'
import { tumbling } from '../time/windows.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'

type Value = string | null

const text = { key: nullable(string), value: nullable(json<string>()) }

/** Calls that end when the test says so. */
class Outside {
  readonly begun: string[] = []
  readonly calls: AsyncCall[] = []
  readonly #open = new Map<string, PromiseWithResolvers<Value>>()

  readonly call = (value: Value, key: string | null, call: AsyncCall): Promise<Value> => {
    const name = `${key}:${value}`
    const ending = Promise.withResolvers<Value>()
    this.#open.set(name, ending)
    this.begun.push(name)
    this.calls.push(call)
    return ending.promise
  }

  /** The call of that key and value gives its value in capitals. */
  end(name: string, value: Value = name.split(':')[1]!.toUpperCase()): this {
    this.#open.get(name)!.resolve(value)
    return this
  }

  fail(name: string): this {
    this.#open.get(name)!.reject(new Error(`no ${name}`))
    return this
  }
}

function calling(
  call: (value: Value, key: string | null, call: AsyncCall) => Promise<Value>,
  options: Partial<AsyncMapping<string | null, Value>> = {},
  app: MemoryAppOptions = {},
): MemoryStream {
  return memoryStream<Value>((input) => {
    const own = { name: 'calls', ...text, concurrency: 3, ...options } as AsyncMapping<string, Value>
    input.mapAsync(call, own).to('out', { key: nullable(string), value: text.value })
  }, app)
}

/** Inputs whose call has not ended, as the store has them. */
function stored(stream: MemoryStream): readonly unknown[] {
  return stream.task.context.windowStores
    .get('calls')!
    .rows()
    .map(({ key }) => key)
}

async function settled(stream: MemoryStream): Promise<readonly unknown[]> {
  await stream.app.settle()
  return stream.rows.map(([key, value]) => `${key as string}:${value as string}`)
}

describe('what goes out', () => {
  test('is a result for each record, with timestamp, headers and place of its input', async () => {
    const outside = new Outside()
    const stream = calling(outside.call)
    stream.feed('a', 'x', 7, [['h', Buffer.from('1')]]).feed('b', 'y', 3)
    expect(stream.rows).toEqual([])
    outside.end('b:y').end('a:x')
    await stream.app.settle()
    expect(stream.app.outputs).toMatchObject([
      { key: 'b', value: 'Y', timestamp: 3, headers: [] },
      { key: 'a', value: 'X', timestamp: 7, headers: [['h', Buffer.from('1')]] },
    ])
    expect(outside.calls.map(({ meta }) => [meta.topic, meta.offset, meta.timestamp])).toEqual([
      ['in', 0, 7],
      ['in', 1, 3],
    ])
  })

  test('belongs to the record that was called for', async () => {
    const seen: unknown[] = []
    const outside = new Outside()
    const stream = memoryStream<Value>((input) => {
      const options = { name: 'calls', key: string, value: text.value, concurrency: 3 }
      input.mapAsync(outside.call, options).forEach((value, _key, meta) => seen.push([value, meta.offset, meta.timestamp]))
    })
    stream.feed('a', 'x', 7).feed('b', 'y', 3)
    outside.end('b:y')
    await stream.app.settle()
    stream.feed('c', 'z', 9)
    outside.end('c:z').end('a:x')
    await stream.app.settle()
    expect(seen).toEqual([
      ['Y', 1, 3],
      ['Z', 2, 9],
      ['X', 0, 7],
    ])
  })

  test('may be null, of null values and null keys too', async () => {
    const stream = calling(async (value, key) => (value === null ? 'was null' : key === null ? 'no key' : null))
    stream.feed('a', null).feed(null, 'x').feed('b', 'y').feed(null, null)
    expect(await settled(stream)).toEqual(['a:was null', 'null:no key', 'b:null', 'null:was null'])
    expect(stored(stream)).toEqual([])
    expect(stream.drops).toEqual({})
  })
})

describe('order', () => {
  test('by key: a call waits for the one of its key before it', async () => {
    const outside = new Outside()
    const stream = calling(outside.call)
    stream.feed('a', '1').feed('a', '2').feed('b', '1').feed('a', '3')
    expect(outside.begun).toEqual(['a:1', 'b:1'])
    outside.end('b:1')
    expect(await settled(stream)).toEqual(['b:1'])
    outside.end('a:1')
    await stream.app.settle()
    expect(outside.begun).toEqual(['a:1', 'b:1', 'a:2'])
    outside.end('a:2')
    await stream.app.settle()
    outside.end('a:3')
    expect(await settled(stream)).toEqual(['b:1', 'a:1', 'a:2', 'a:3'])
  })

  test('none: results come as calls end', async () => {
    const outside = new Outside()
    const stream = calling(outside.call, { order: 'none' })
    stream.feed('a', '1').feed('a', '2').feed('a', '3')
    outside.end('a:3').end('a:1').end('a:2')
    expect(await settled(stream)).toEqual(['a:3', 'a:1', 'a:2'])
  })

  test('records without a key do not wait for one another', async () => {
    const outside = new Outside()
    const stream = calling(outside.call)
    stream.feed(null, '1').feed(null, '2')
    outside.end('null:2').end('null:1')
    expect(await settled(stream)).toEqual(['null:2', 'null:1'])
  })

  test('what has arrived is handled as somebody decides', async () => {
    const outside = new Outside()
    const stream = calling(outside.call, { order: 'none' })
    const offered: (readonly string[])[] = []
    stream.task.context.completions.order = (ids) => {
      offered.push(ids)
      return ids.length - 1
    }
    stream.feed('a', '1').feed('b', '2').feed('c', '3')
    outside.end('a:1').end('b:2').end('c:3')
    expect(await settled(stream)).toEqual(['c:3', 'b:2', 'a:1'])
    expect(offered).toEqual([
      ['map-async-1 0', 'map-async-1 1', 'map-async-1 2'],
      ['map-async-1 0', 'map-async-1 1'],
      ['map-async-1 0'],
    ])
  })
})

describe('bounds', () => {
  test('no more calls than allowed are under way', async () => {
    const outside = new Outside()
    const stream = calling(outside.call, { concurrency: 2 })
    for (const key of ['a', 'b', 'c', 'd']) stream.feed(key, '1')
    expect(outside.begun).toEqual(['a:1', 'b:1'])
    outside.end('b:1')
    await stream.app.settle()
    expect(outside.begun).toEqual(['a:1', 'b:1', 'c:1'])
  })

  test.each([
    { concurrency: 3, most: 256 },
    { concurrency: 100, most: 400 },
  ])('with $concurrency calls it is full at $most inputs', ({ concurrency, most }) => {
    const stream = calling(new Outside().call, { concurrency })
    const { completions } = stream.task.context
    for (let index = 0; index < most; index++) {
      expect(completions.isFull).toBe(false)
      stream.feed(`k${index}`, 'x')
    }
    expect(completions.isFull).toBe(true)
    expect(completions.pending).toBe(most)
    expect(stored(stream)).toHaveLength(most)
  })
})

describe('calls that fail', () => {
  test('fail the task, with the place of the input in the record context', async () => {
    const stream = calling(async () => {
      throw new Error('refused')
    })
    stream.feed('a', 'x', 5)
    await expect(stream.app.settle()).rejects.toThrow(/CALL_FAILED: a call failed: refused .map-async-1/)
    expect(stream.task.context.record).toMatchObject({ topic: 'in', offset: 0, timestamp: 5 })
  })

  test('are left out, counted and reported, where the application or the operator says so', async () => {
    for (const [options, app] of [
      [{}, { errorPolicy: 'skip' }],
      [{ onFailure: 'skip' }, { errorPolicy: 'fail' }],
    ] as const) {
      const outside = new Outside()
      const stream = calling(outside.call, options, app)
      stream.feed('a', '1').feed('a', '2')
      outside.fail('a:1')
      await stream.app.settle()
      outside.end('a:2')
      expect(await settled(stream)).toEqual(['a:2'])
      expect(stream.drops).toEqual({ failed: 1 })
      expect(stream.task.context.failures).toMatchObject([{ code: 'CALL_FAILED', cause: { message: 'no a:1' } }])
      expect(stored(stream)).toEqual([])
    }
  })

  test('may throw at once', async () => {
    const thrown = (): never => {
      throw new Error('at once')
    }
    const stream = calling(thrown, { onFailure: 'skip' })
    stream.feed('a', '1')
    expect(await settled(stream)).toEqual([])
    expect(stream.task.context.failures).toMatchObject([{ cause: { message: 'at once' } }])
  })

  test('are made again after a wait that grows, and keep their key waiting', async () => {
    const attempts: [number, number][] = []
    const stream = calling(
      async (value, _key, { attempt }) => {
        attempts.push([stream.task.context.now, attempt])
        if (value === '1' && attempt < 4) throw new Error('not yet')
        return `${value}!`
      },
      { retry: { times: 3, backoffMs: 10, factor: 2 } },
    )
    stream.feed('a', '1').feed('a', '2')
    for (let ms = 0; ms < 80; ms++) {
      await stream.app.settle()
      stream.app.advanceWallClock(1)
    }
    expect(await settled(stream)).toEqual(['a:1!', 'a:2!'])
    expect(attempts).toEqual([
      [0, 1],
      [10, 2],
      [30, 3],
      [70, 4],
      [70, 1],
    ])
  })

  test('have as many retries as they may, and say so', async () => {
    const stream = calling(async () => Promise.reject(new Error('never')), { retry: { times: 2, backoffMs: 0 } })
    stream.feed('a', '1')
    await stream.app.settle()
    stream.app.advanceWallClock(0)
    await stream.app.settle()
    stream.app.advanceWallClock(0)
    await expect(stream.app.settle()).rejects.toThrow(/a call failed 3 times, the last time: never/)
  })

  test('by their time limit: the signal is aborted, and what comes later is ignored', async () => {
    const outside = new Outside()
    const stream = calling(outside.call, { timeoutMs: 50, onFailure: 'skip', retry: { times: 1, backoffMs: 5 } })
    stream.feed('a', '1')
    stream.app.advanceWallClock(49)
    expect(outside.calls[0]!.signal.aborted).toBe(false)
    stream.app.advanceWallClock(1)
    expect(outside.calls[0]!.signal.reason).toMatchObject({ code: 'CALL_TIMED_OUT' })
    outside.end('a:1', 'too late')
    expect(await settled(stream)).toEqual([])
    stream.app.advanceWallClock(5)
    expect(outside.calls.map(({ attempt }) => attempt)).toEqual([1, 2])
    outside.end('a:1')
    stream.app.advanceWallClock(50)
    expect(await settled(stream)).toEqual([])
    expect(stream.task.context.failures).toMatchObject([{ code: 'CALL_FAILED', cause: { code: 'CALL_TIMED_OUT' } }])
    expect(stored(stream)).toEqual([])
  })

  test('a call that has ended keeps no timer', async () => {
    const stream = calling(async () => 'x', { timeoutMs: 50 })
    stream.feed('a', '1')
    await stream.app.settle()
    stream.app.advanceWallClock(1000)
    expect(await settled(stream)).toEqual(['a:x'])
    expect(stream.drops).toEqual({})
  })
})

describe('the end', () => {
  test('of the input waits for all calls, and reaches operators behind them after that', async () => {
    const outside = new Outside()
    const windows = tumbling({ size: millis(10), grace: 'end-of-input' })
    const stream = memoryStream<string>((input) => {
      const first = { name: 'calls', key: string, value: json<string>(), concurrency: 3 }
      input
        .mapAsync((value, key, call) => outside.call(value, key, call), first)
        .groupByKey()
        .windowedBy(windows)
        .count({ store: 'counts' })
        .emitFinal()
        .mapAsync(async (count, { key }) => `${key}${count}`, {
          name: 'more-calls',
          key: windowed(string, windows),
          value: json<number>(),
          concurrency: 1,
        })
        .to('out', { key: windowed(string, windows), value: json<string>() })
    })
    stream.feed('a', '1', 1).feed('a', '2', 2).feed('b', '1', 3)
    outside.end('a:1').end('b:1')
    stream.app.endOfInput()
    await stream.app.settle()
    expect(stream.rows).toEqual([])
    outside.end('a:2')
    await stream.app.settle()
    expect(stream.rows.map(([, value]) => value)).toEqual(['a2', 'b1'])
  })

  test('of the task aborts calls, and ignores what they give', async () => {
    const outside = new Outside()
    const stream = calling(outside.call, { timeoutMs: 50, retry: { times: 5, backoffMs: 1 } })
    stream.feed('a', '1').feed('b', '1').feed('b', '2')
    stream.app.close()
    expect(outside.calls.every(({ signal }) => signal.aborted)).toBe(true)
    outside.end('a:1').fail('b:1')
    stream.app.advanceWallClock(1000)
    expect(await settled(stream)).toEqual([])
    expect(stored(stream)).toEqual(['a', 'b', 'b'])
    expect(outside.begun).toEqual(['a:1', 'b:1'])
  })
})

describe('a test driver', () => {
  test('settles calls, those that the topology makes of its own output too, and goes on with the end', async () => {
    const builder = new StreamsBuilder()
    const serdes = { key: string, value: json<string>() }
    const bang = async (value: string): Promise<string> => `${value}!`
    builder
      .stream('in', serdes)
      .mapAsync(bang, { name: 'first', ...serdes, concurrency: 1 })
      .to('between', serdes)
    builder
      .stream('between', serdes)
      .mapAsync(bang, { name: 'second', ...serdes, concurrency: 1 })
      .groupByKey()
      .windowedBy(tumbling({ size: millis(10), grace: 'end-of-input' }))
      .reduce({ store: 'all', value: json<string>(), add: (a, b) => `${a}${b}` })
      .emitFinal()
      .map((value, { key }) => ({ key, value }))
      .to('out', serdes)
    using driver = new TopologyTestDriver(builder.build())
    driver.pipeInput('in', { key: 'a', value: 'x', timestamp: 1 })
    driver.pipeInput('in', { key: 'a', value: 'y', timestamp: 2 })
    await driver.settle()
    expect(driver.readAll('between').map(({ value }) => value)).toEqual(['x!', 'y!'])
    driver.pipeInput('in', { key: 'a', value: 'z', timestamp: 3 })
    await driver.settle()
    driver.endOfInput()
    await driver.settle()
    expect(driver.readAll('out').map(({ value }) => value)).toEqual(['x!!y!!z!!'])
  })

  test('says which call has failed, and settles nothing once it is closed', async () => {
    const builder = new StreamsBuilder()
    const failing = async (): Promise<never> => {
      throw new Error('refused')
    }
    builder
      .stream('in', text)
      .mapAsync(failing, { name: 'calls', ...text, concurrency: 1 })
      .to('out', text)
    using driver = new TopologyTestDriver(builder.build())
    driver.pipeInput('in', { key: 'a', value: 'x', timestamp: 1 })
    await expect(driver.settle()).rejects.toThrow(/CALL_FAILED.*refused/)
    driver.close()
    await expect(driver.settle()).rejects.toThrow('TEST_DRIVER_MISUSED')
  })
})
