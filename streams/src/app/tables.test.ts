import { describe, expect, test } from 'vitest'
import { int64, nullable, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { inWorld, type AppWorld, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const deletable = { key: string, value: nullable(string) }

/** Called for every result: throws when the process has to die. */
type Moment = () => void

/** Values of the left table are `<foreign key>:<text>`. */
function foreignJoin(moment: Moment = () => {}): (builder: StreamsBuilder) => void {
  return (builder) => {
    const left = builder.table('left', { ...text, store: 'left' })
    const right = builder.table('right', { ...text, store: 'right' })
    const join = (a: string, b: string): string => {
      moment()
      return `${a}+${b}`
    }
    const on = (value: string): string => value.split(':')[0]!
    left.joinForeign(right, { name: 'fk', on, join }).toStream().to('out', deletable)
  }
}

/** Counts rows by the first letter of their value. */
function grouped(moment: Moment = () => {}): (builder: StreamsBuilder) => void {
  return (builder) => {
    builder
      .table('left', { ...text, store: 'left' })
      .groupBy((value) => ({ key: value.slice(0, 1), value }), { name: 'by-value', ...text })
      .count({ store: 'counts' })
      .filter(() => {
        moment()
        return true
      })
      .toStream()
      .to('out', { key: string, value: nullable(int64) })
  }
}

/** The last value of each key. */
async function tableOf(world: AppWorld, read: (value: Uint8Array) => unknown = String): Promise<Map<string, unknown>> {
  const rows = new Map<string, unknown>()
  for (const { key, value } of await world.records('out')) {
    if (value === null) rows.delete(String(key))
    else rows.set(String(key), read(value))
  }
  return rows
}

describe('a foreign-key join', () => {
  test('ends with its inputs, over several partitions of either side', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'out'], 2)
      await world.topics(['right'], 3)
      await world.put('left', [['a', 'x:1']], 0)
      await world.put(
        'left',
        [
          ['b', 'y:2'],
          ['c', 'x:3'],
          ['d', 'none:4'],
        ],
        1,
      )
      for (const partition of [0, 1, 2]) await world.put('right', [], partition)
      await using producer = await world.log.producer()
      for (const [key, value] of [
        ['x', 'X'],
        ['y', 'Y'],
      ] as const)
        producer.append('right', key, value, { timestamp: 5 })
      await producer.flush()
      await world.run(foreignJoin())
      expect(await tableOf(world)).toEqual(
        new Map([
          ['a', 'x:1+X'],
          ['b', 'y:2+Y'],
          ['c', 'x:3+X'],
        ]),
      )
    }))
})

test('a grouped table ends with its input', () =>
  inWorld(async (world) => {
    await world.topics(['left', 'out'])
    await world.put('left', [
      ['a', 'x'],
      ['b', 'x'],
      ['a', 'y'],
      ['b', null],
    ])
    await world.run(grouped())
    expect(await tableOf(world, (value) => int64.read(value))).toEqual(
      new Map([
        ['x', 0],
        ['y', 1],
      ]),
    )
  }))

describe('after a crash', () => {
  const left: Row[] = Array.from({ length: 60 }, (_, i): Row => [`k${i % 7}`, i % 11 === 10 ? null : `${'xyz'[i % 3]}:${i}`, i])
  const right: Row[] = Array.from({ length: 30 }, (_, i): Row => ['xyz'[(i * 5) % 3]!, i % 7 === 6 ? null : `${i}`, i])

  /** Runs the topology until it dies at the given call, loses what engines may lose, and runs it to the end. */
  async function crashAt(
    world: AppWorld,
    build: (moment: Moment) => (builder: StreamsBuilder) => void,
    call: number,
  ): Promise<void> {
    await world.topics(['left', 'right', 'out'])
    let calls = 0
    const app = world.app(
      build(() => {
        if (++calls === call) throw new Error('crash')
      }),
      { bounded: false, commitIntervalMs: 1 },
    )
    await app.start()
    const died = app.finished.then(
      () => {},
      () => {},
    )
    for (let from = 0; from < 60; from += 6) {
      await world.put('left', left.slice(from, from + 6))
      await world.put('right', right.slice(from / 2, from / 2 + 3))
      await world.after(4)
    }
    if (calls < call) await app.close()
    await died
    await app.close()
    const lost = call % 3 === 0 ? ({ kind: 'suffix', count: 1 } as const) : ({ kind: 'none' } as const)
    world.engines = world.engines.crash(world.engines.snapshot(), (_folder, batches) => (batches === 0 ? { kind: 'none' } : lost))
    await world.run(build(() => {}))
  }

  const finalRows = (rows: readonly Row[]): Map<string, string> => {
    const table = new Map<string, string>()
    for (const [key, value] of rows) {
      if (value === null) table.delete(key!)
      else table.set(key!, value)
    }
    return table
  }

  test.each([1, 2, 7, 20, 33, 51])('at result %i a foreign-key join comes to the same table', (call) =>
    inWorld(async (world) => {
      await crashAt(world, foreignJoin, call)
      const foreign = finalRows(right)
      const expected = [...finalRows(left)].flatMap(([key, value]) => {
        const other = foreign.get(value.split(':')[0]!)
        return other === undefined ? [] : [[key, `${value}+${other}`] as const]
      })
      expect([...(await tableOf(world))].toSorted(byKey)).toEqual(expected.toSorted(byKey))
    }),
  )

  async function countsAfter(call: number): Promise<unknown> {
    let written: unknown
    await inWorld(async (world) => {
      await crashAt(world, grouped, call)
      written = (await world.records('out')).map(({ key, value, timestamp }) => [String(key), int64.read(value!), timestamp])
    })
    return written
  }

  test.each([1, 2, 7, 20, 33, 51])('at update %i the totals of a grouped table are written as without it', async (call) => {
    expect(await countsAfter(call)).toEqual(await countsAfter(Infinity))
  })
})

describe('a stream that waits for a versioned table', () => {
  const later = { grace: millis(40), store: 'waiting', value: string }

  function waiting(moment: Moment): (builder: StreamsBuilder) => void {
    return (builder) => {
      const versioned = { historyRetention: millis(200) }
      const right = builder.table('right', { ...text, store: 'right', versioned })
      const join = (a: string, b: string | null): string => {
        moment()
        return `${a}+${b}`
      }
      builder.stream('left', text).leftJoin(right, join, later).to('out', text)
    }
  }

  const late = (i: number): number => (i % 4 === 3 ? Math.max(0, i - 20) : i)
  const left = Array.from({ length: 900 }, (_, i): Row => [`k${i % 5}`, `${i}`, late(i)])
  const right = Array.from({ length: 900 }, (_, i): Row => [`k${(i * 3) % 5}`, i % 9 === 8 ? null : `${i}`, late(i + 2)])

  async function outputAfter(call: number): Promise<readonly string[]> {
    let rows: readonly string[] = []
    await inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      for (let from = 0; from < 900; from += 100) {
        await world.put('left', left.slice(from, from + 100))
        await world.put('right', right.slice(from, from + 100))
      }
      let calls = 0
      const crash = (): void => {
        if (++calls === call) throw new Error('crash')
      }
      await using app = world.app(waiting(crash), { commitIntervalMs: 1, maxUncommittedBytes: 4096 })
      await app.start()
      await app.finished.catch(() => {})
      await app.close()
      world.engines = world.engines.crash(world.engines.snapshot(), () => ({ kind: 'none' }))
      await world.run(waiting(() => {}))
      rows = await world.rows('out')
    })
    return rows
  }

  test.each([1, 100, 450, 880])('goes on after a crash at result %i as without it', async (call) => {
    const expected = await outputAfter(Infinity)
    expect(expected).toHaveLength(900)
    expect(await outputAfter(call)).toEqual(expected)
  })
})

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
