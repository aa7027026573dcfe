/** Calls to the outside in a running application: order, crashes and restarts, failures, back pressure, the end. */
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { nullable, string, type MillraceError, type Serde } from '@millrace/core'
import type { AsyncMapping } from '../dsl/async-mappings.ts'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { AsyncCall } from '../graph/callbacks.ts'
import type { Dropped } from '../runtime/dropped.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'
import { AppWorld, inWorld, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }

type Call = (value: string, key: string, call: AsyncCall) => Promise<string>

interface Probe {
  readonly options?: Partial<AsyncMapping<string, string>>
  /** Called with each result. */
  readonly result?: (value: string) => void
}

/** From `in` to `out` through the call. */
function calling(call: Call, { options, result }: Probe = {}): (builder: StreamsBuilder) => void {
  return (builder) => {
    builder
      .stream('in', text)
      .mapAsync(call, { name: 'calls', ...text, concurrency: 4, ...options })
      .peek((value) => result?.(value))
      .to('out', text)
  }
}

/** Values are milliseconds: so long the call takes, by the clock of the world. */
function waiting(world: AppWorld, begun: string[] = []): Call {
  return async (value, key) => {
    begun.push(`${key}=${value}`)
    await world.after(Number(value.split('/')[1]))
    return value
  }
}

async function fed(world: AppWorld, rows: readonly Row[]): Promise<void> {
  await world.topics(['in', 'out'])
  await world.put('in', rows)
}

async function failureOf(world: AppWorld, build: (builder: StreamsBuilder) => void): Promise<MillraceError> {
  const app = world.app(build)
  await app.start()
  const error = await app.finished.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  await app.close()
  return error as MillraceError
}

async function committed(world: AppWorld): Promise<number> {
  return (await world.log.admin.groupOffsets('app')).find(({ topic }) => topic === 'in')?.offset ?? 0
}

/** Values are told apart by their place. */
function rowsOf(inputs: readonly (readonly [key: string, delayMs: number])[]): Row[] {
  return inputs.map(([key, delayMs], index) => [key, `${index}/${delayMs}`, index])
}

const inputs = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 300 })), { maxLength: 30 })

function ofKey(key: string, rows: readonly string[]): readonly string[] {
  return rows.filter((row) => row.startsWith(`${key}=`))
}

describe('order', () => {
  property.prop([inputs, fc.integer({ min: 1, max: 5 })], { numRuns: 30 })(
    'by key is kept whenever calls end, and each result is written once',
    (given, concurrency) =>
      inWorld(async (world) => {
        const rows = rowsOf(given)
        await fed(world, rows)
        await world.run(calling(waiting(world), { options: { concurrency } }))
        const out = await world.rows('out')
        const expected = rows.map(([key, value]) => `${key}=${value}`)
        for (const key of ['a', 'b', 'c']) expect(ofKey(key, out)).toEqual(ofKey(key, expected))
        expect(out).toHaveLength(expected.length)
      }),
  )

  test('none: results come as calls end, with the time of their input', () =>
    inWorld(async (world) => {
      await fed(world, rowsOf([90, 30, 60].map((delayMs) => ['a', delayMs])))
      await world.run(calling(waiting(world), { options: { order: 'none' } }))
      expect(await world.rows('out')).toEqual(['a=1/30', 'a=2/60', 'a=0/90'])
      expect((await world.records('out')).map(({ timestamp }) => timestamp)).toEqual([1, 2, 0])
    }))
})

describe('crashes and restarts', () => {
  /** Commits lie between calls: they are longer than the time between two commits. */
  const rows = rowsOf([
    ['a', 350],
    ['b', 20],
    ['a', 10],
    ['c', 120],
    ['b', 220],
    ['a', 5],
    ['c', 15],
    ['d', 450],
    ['b', 1],
  ])
  const expected = rows.map(([key, value]) => `${key}=${value}`)

  async function check(world: AppWorld, begun: readonly string[]): Promise<void> {
    const out = await world.rows('out')
    expect([...out].sort()).toEqual([...expected].sort())
    for (const key of ['a', 'b', 'c', 'd']) expect(ofKey(key, out)).toEqual(ofKey(key, expected))
    expect(new Set(begun)).toEqual(new Set(expected))
  }

  const crashes = Array.from({ length: rows.length }, (_, index) => [index + 1, index % 2 === 0 ? 1 << 20 : 1] as const)

  test.each(crashes)(
    'a crash with result %i, steps of %i bytes: calls are made again, results are written once',
    (at, stepBytes) =>
      inWorld(async (world) => {
        await fed(world, rows)
        const begun: string[] = []
        let left = at
        const result = (): void => {
          if (--left === 0) throw new Error('crash')
        }
        const options = { commitIntervalMs: 20, maxUncommittedBytes: stepBytes }
        await using app = world.app(calling(waiting(world, begun), { result, options: { concurrency: 2 } }), options)
        await app.start()
        await expect(app.finished).rejects.toThrow(/USER_CODE_FAILED.*crash/s)
        await app.close()
        expect((await world.rows('out')).length).toBeLessThan(at)
        await world.run(calling(waiting(world, begun)))
        await check(world, begun)
      }),
  )

  test('a close waits for no call, and the next start makes those again that had not ended', () =>
    inWorld(async (world) => {
      await fed(world, rows)
      const begun: string[] = []
      const signals: AbortSignal[] = []
      const never: Call = (value, key, { signal }) => {
        signals.push(signal)
        return key === 'a'
          ? new Promise(() => {})
          : waiting(world, begun)(value, key, { signal, attempt: 1, meta: null as never })
      }
      const app = world.app(calling(never), { bounded: false })
      await app.start()
      await world.until(async () => (await world.rows('out')).length === 6)
      await app.close()
      expect(await committed(world)).toBe(rows.length)
      expect(signals.some(({ aborted }) => aborted)).toBe(true)
      await world.run(calling(waiting(world, begun)))
      await check(world, begun)
      expect(begun.slice(6).map((name) => name[0])).toEqual(['a', 'a', 'a'])
    }))

  test('what waits comes back from the changelog when the engine is lost', () =>
    inWorld(async (world) => {
      const headers = [['h', Buffer.from('1')]] as const
      await world.topics(['in', 'out'])
      await using producer = await world.log.producer()
      const batch = producer.batch('in', 0)
      for (const [key, value] of rows) batch.append(key, value, 77, headers)
      await producer.send(batch)
      const app = world.app(
        calling(() => new Promise(() => {})),
        { bounded: false },
      )
      await app.start()
      await world.until(async () => (await committed(world)) === rows.length)
      await app.close()
      const lost = new AppWorld(world.world, world.log)
      const seen: unknown[] = []
      const call: Call = async (value, key, { meta }) => {
        const [[name, body]] = meta.headers as [[string, Uint8Array]]
        seen.push([key, value, meta.topic, meta.partition, meta.offset, meta.timestamp, name, Buffer.from(body).toString()])
        return value
      }
      await lost.run(calling(call, { options: { concurrency: 1 } }), { stateDir: '/elsewhere' })
      expect(seen).toEqual(rows.map(([key, value], offset) => [key, value, 'in', 0, offset, 77, 'h', '1']))
      expect((await world.records('out')).map(({ timestamp }) => timestamp)).toEqual(rows.map(() => 77))
    }))

  test('nulls come back too', () =>
    inWorld(async (world) => {
      await fed(world, [
        [null, 'x'],
        ['a', null],
        [null, null],
      ])
      const nulls = { key: nullable(string), value: nullable(string) }
      const build =
        (call: (value: string | null, key: string | null) => Promise<string | null>) =>
        (builder: StreamsBuilder): void =>
          builder
            .stream('in', nulls)
            .mapAsync(call, { name: 'calls', ...nulls, concurrency: 4, order: 'none' })
            .to('out', nulls)
      const app = world.app(
        build(() => new Promise(() => {})),
        { bounded: false },
      )
      await app.start()
      await world.until(async () => (await committed(world)) === 3)
      await app.close()
      await world.run(build(async (value, key) => (value === null ? null : `${key}:${value}`)))
      expect(await world.rows('out')).toEqual(['null=null:x', 'a=null', 'null=null'])
    }))
})

describe('calls that fail', () => {
  test('stop the application, with the place of the input', () =>
    inWorld(async (world) => {
      await fed(
        world,
        rowsOf([
          ['a', 500],
          ['b', 10],
          ['c', 500],
        ]),
      )
      const call: Call = async (value, key, facts) => {
        if (key === 'b') throw new Error('refused')
        return waiting(world)(value, key, facts)
      }
      const error = await failureOf(world, calling(call))
      expect(error.code).toBe('CALL_FAILED')
      expect(error.message).toMatch(/a call failed: refused.*map-async-1, task 0_0, in-0 at offset 1/)
    }))

  test('are skipped, counted and reported', () =>
    inWorld(async (world) => {
      await fed(
        world,
        rowsOf([
          ['a', 50],
          ['b', 10],
          ['c', 500],
        ]),
      )
      const call: Call = async (value, key, facts) => {
        const result = await waiting(world)(value, key, facts)
        if (key === 'b') throw new Error('refused')
        return result
      }
      const told: Dropped[] = []
      const app = await world.run(calling(call, { options: { onFailure: 'skip' } }), { onDropped: (one) => told.push(one) })
      expect(await world.rows('out')).toEqual(['a=0/50', 'c=2/500'])
      expect(app.dropped).toEqual({ failed: 1 })
      expect(told).toMatchObject([
        { reason: 'failed', node: 'map-async-1', topic: 'in', offset: 1, error: { code: 'CALL_FAILED' } },
      ])
    }))

  test('are made again, by the clock of the world; one that hangs is given up', () =>
    inWorld(async (world) => {
      await fed(world, [['a', 'x', 0]])
      const began = world.world.clock.now()
      const attempts: (readonly [number, number])[] = []
      const reasons: unknown[] = []
      const call: Call = async (value, _key, { attempt, signal }) => {
        attempts.push([world.world.clock.now() - began, attempt])
        signal.addEventListener('abort', () => reasons.push(signal.reason))
        if (attempt < 3) return new Promise(() => {})
        return `${value}!`
      }
      await world.run(calling(call, { options: { timeoutMs: 1000, retry: { times: 2, backoffMs: 100, factor: 3 } } }))
      const [[first]] = attempts as [[number, number]]
      expect(attempts.map(([at, attempt]) => [at - first, attempt])).toEqual([
        [0, 1],
        [1100, 2],
        [2400, 3],
      ])
      expect(reasons).toMatchObject([{ code: 'CALL_TIMED_OUT' }, { code: 'CALL_TIMED_OUT' }])
      expect(await world.rows('out')).toEqual(['a=x!'])
    }))
})

describe('serdes that throw', () => {
  const broken: Serde<string> = {
    ...string,
    name: 'broken',
    write: () => {
      throw new Error('cannot write')
    },
  }

  test('of an input that has to be stored stop the application', () =>
    inWorld(async (world) => {
      await fed(world, rowsOf([['a', 1000]]))
      const error = await failureOf(world, calling(waiting(world), { options: { value: broken } }))
      expect(error.code).toBe('VALUE_UNWRITABLE')
      expect(error.message).toMatch(/does not write a value of the store.*calls/)
    }))

  test('an input that is done before the commit is never written', () =>
    inWorld(async (world) => {
      await fed(world, rowsOf([['a', 0]]))
      await world.run(calling(async (value) => value, { options: { value: broken } }))
      expect(await world.rows('out')).toEqual(['a=0/0'])
    }))

  test('of a key stop the application, with the place of the input', () =>
    inWorld(async (world) => {
      await fed(world, rowsOf([['a', 0]]))
      const error = await failureOf(world, calling(waiting(world), { options: { key: broken } }))
      expect(error.message).toMatch(/cannot write.*in-0 at offset 0/s)
    }))
})

describe('bounds', () => {
  test('a task takes no more input than it may hold, commits meanwhile, and goes on when calls end', () =>
    inWorld(async (world) => {
      const count = 1000
      await fed(world, rowsOf(Array.from({ length: count }, (_, index) => [`k${index}`, 0] as const)))
      const gate = Promise.withResolvers<void>()
      let open = 0
      let most = 0
      const call: Call = async (value) => {
        most = Math.max(most, ++open)
        await gate.promise
        open--
        return value
      }
      const app = world.app(calling(call, { options: { concurrency: 10 } }))
      await app.start()
      await world.until(async () => (await committed(world)) > 0)
      await world.after(1000)
      expect(await committed(world)).toBe(256)
      expect(most).toBe(10)
      gate.resolve()
      await app.finished
      await app.close()
      expect(most).toBe(10)
      expect(await world.rows('out')).toHaveLength(count)
    }))

  test('records that come while calls are under way do not wait for them, and commits do not either', () =>
    inWorld(async (world) => {
      await fed(world, rowsOf([['a', 5000]]))
      const app = world.app(calling(waiting(world)), { bounded: false })
      await app.start()
      const began = world.world.clock.now()
      for (let index = 1; index < 5; index++) {
        await world.put('in', [['b', `${index}/1`, index]])
        await world.until(async () => (await world.rows('out')).length === index)
      }
      expect(world.world.clock.now() - began).toBeLessThan(1000)
      await world.until(async () => (await world.rows('out')).length === 5)
      await app.close()
      expect(await world.rows('out')).toEqual(['b=1/1', 'b=2/1', 'b=3/1', 'b=4/1', 'a=0/5000'])
    }))
})

describe('the end of the input', () => {
  test('waits for all calls, also for those of windows that it closes, and of tasks behind', () =>
    inWorld(async (world) => {
      await fed(
        world,
        rowsOf([
          ['a', 500],
          ['b', 20],
          ['a', 30],
        ]),
      )
      const windows = tumbling({ size: millis(10), grace: 'end-of-input' })
      await world.run((builder) =>
        builder
          .stream('in', text)
          .mapAsync(waiting(world), { name: 'first-calls', ...text, concurrency: 4 })
          .groupByKey()
          .windowedBy(windows)
          .reduce({ store: 'windows', value: string, add: (a, b) => `${a}+${b}` })
          .emitFinal()
          .mapAsync(
            async (value, { key }) => {
              await world.after(300)
              return `${key}:${value}`
            },
            { name: 'second-calls', key: windowed(string, windows), value: string, concurrency: 1 },
          )
          .map((value, { key }) => ({ key, value }))
          .repartition({ name: 'again', ...text })
          .mapAsync(
            async (value) => {
              await world.after(300)
              return `(${value})`
            },
            { name: 'third-calls', ...text, concurrency: 1 },
          )
          .to('out', text),
      )
      expect(await world.rows('out')).toEqual(['a=(a:0/500+2/30)', 'b=(b:1/20)'])
    }))
})
