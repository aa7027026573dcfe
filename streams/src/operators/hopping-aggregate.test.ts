import { describe, expect, test, vi } from 'vitest'
import { fc, test as property } from '@fast-check/vitest'
import { int64, json, string } from '@millrace/core'
import { MemoryContext, type MemoryContextOptions } from '../testing/memory-context.ts'
import { memoryStream } from '../testing/memory-stream.ts'
import { MemoryTask } from '../testing/memory-task.ts'
import { Rec } from '../task/rec.ts'
import { millis } from '../time/duration.ts'
import type { TimedValues } from '../time/timed-values.ts'
import { windowed } from '../time/windowed.ts'
import { hopping, type HoppingWindows } from '../time/windows.ts'
import { buildTopology } from './build-topology.ts'
import { rowOf, summing, type Given, type Row } from './window-kinds.fixtures.ts'

/** Five windows hold each record. */
const windows = hopping({ size: millis(10), advance: millis(2), grace: millis(5) })

function run(emit: 'final' | 'update', given: readonly Given[], of: HoppingWindows = windows): MemoryTask {
  const task = new MemoryTask({ subTopology: summing(of, emit) })
  feed(task, given)
  return task
}

function feed(task: MemoryTask, given: readonly Given[]): void {
  for (const { key, value, timestamp } of given) task.process({ topic: 'in', key, value, timestamp })
}

function at(timestamp: number, key: string = 'a', value: number = 1): Given {
  return { key, value, timestamp }
}

/** The starts of the totals in each row. */
function rowsOf({ context }: MemoryTask): readonly (readonly [row: string, starts: readonly number[]])[] {
  const rows = context.windowStores.get('sums')!.rows()
  return rows.map(({ key, start, value }) => [
    `${String(key)}@${start}`,
    (value as TimedValues<number>).toArray().map(({ time }) => time),
  ])
}

/** Counts what is written to the store of the sums from here on. */
function countWrites(context: MemoryContext): { readonly count: number } {
  const store = context.windowStores.get('sums')!
  const put = vi.spyOn(store, 'put')
  const remove = vi.spyOn(store, 'delete')
  const removeAt = vi.spyOn(store, 'deleteAt')
  return {
    get count() {
      const removed = removeAt.mock.results.reduce((sum, { value }) => sum + (value as number), 0)
      return put.mock.calls.length + remove.mock.calls.length + removed
    },
  }
}

describe('the rows of hopping windows', () => {
  test('hold what begins in a stretch: a record writes one, or two at its border', () => {
    const task = run('update', [at(20)])
    expect(rowsOf(task)).toEqual([['a@0', [12, 14, 16, 18, 20]]])
    feed(task, [at(44)])
    expect(rowsOf(task)).toEqual([
      ['a@0', [36, 38]],
      ['a@40', [40, 42, 44]],
    ])
  })

  test('hold no more windows than are open, however long a key has records', () => {
    const times = Array.from({ length: 200 }, (_, index) => at(index * 3))
    const sizes = rowsOf(run('update', times)).map(([, starts]) => starts.length)
    // Open are windows that end after stream time less grace and begin up to it.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual((10 + 5) / 2 + 1)
  })

  test('hold at most 32 windows, so that a long one is many rows', () => {
    const day = hopping({ size: millis(1000), advance: millis(10), grace: millis(0) })
    const rows = rowsOf(run('update', [at(5000)], day))
    expect(rows.flatMap(([, starts]) => starts)).toHaveLength(100)
    expect(Math.max(...rows.map(([, starts]) => starts.length))).toBe(32)
  })

  test('cost a record less than two writes, deletions too, where single windows would cost ten', () => {
    const subTopology = summing(windows, 'update')
    const context = new MemoryContext({ subTopology })
    const writes = countWrites(context)
    const entry = buildTopology(subTopology, context).source('in')
    const records = 1_000
    for (let index = 0; index < records; index++) {
      entry.next(new Rec(`k${index % 10}`, 1, index))
      context.closeDue()
    }
    expect(context.outputs.length).toBeGreaterThan(4.9 * records)
    expect(writes.count).toBeLessThan(1.6 * records)
  })

  test('go when all their windows are closed', () => {
    const task = run('update', [at(20), at(20, 'b'), at(53, 'b')])
    expect(rowsOf(task).map(([row]) => row)).toEqual(['a@0', 'b@0', 'b@40'])
    feed(task, [at(54, 'b')])
    expect(rowsOf(task).map(([row]) => row)).toEqual(['b@40'])
  })

  test('lose the totals that a null takes away, and go with the last one', () => {
    const { app } = memoryStream<number>((input) =>
      input
        .groupByKey()
        .windowedBy(windows)
        .aggregate({ store: 'sums', value: int64, initial: () => 0, add: (sum, value) => (value === 0 ? null : sum + value) })
        .emitOnUpdate()
        .toStream()
        .to('out', { key: windowed(string, windows), value: json<number | null>() }),
    )
    const task = new MemoryTask({ subTopology: app.plan.subTopologies[0]! })
    feed(task, [at(20), at(26, 'a', 0)])
    expect(rowsOf(task)).toEqual([['a@0', [12, 14, 16]]])
    feed(task, [at(18, 'a', 0), at(19, 'a', 0)])
    expect(rowsOf(task)).toEqual([])
    const last = task.context.outputs.at(-1)!
    expect(rowOf(last)).toEqual([18, 28, 'a', null, 19])
  })
})

/** The sums of a topology that is opened over the state that another one left. */
function reopened(emit: 'final' | 'update', context: MemoryContext, given: readonly Given[]): readonly Row[] {
  const before = context.outputs.length
  const entry = buildTopology(summing(windows, emit), context).source('in')
  context.closeDue()
  for (const { key, value, timestamp } of given) {
    entry.next(new Rec(key, value, timestamp))
    context.closeDue()
  }
  return context.outputs.slice(before).map(rowOf)
}

test('opening for updates reads no row, however many there are', () => {
  const { context } = run('update', [at(20), at(30, 'b'), at(90)])
  const reads = vi.spyOn(context.windowStores.get('sums')!, 'get')
  buildTopology(summing(windows, 'update'), context)
  context.closeDue()
  expect(reads).not.toHaveBeenCalled()
})

describe('a store of hopping windows', () => {
  test('that was filled for updates gives final rows of what is open', () => {
    const { context } = run('update', [at(20), at(30)])
    const out = reopened('final', context, [at(100)])
    // Closed are ends up to 25: those of 12 and 14.
    expect(out.map(([start]) => start)).toEqual([16, 18, 20, 22, 24, 26, 28, 30])
    expect(out[0]).toEqual([16, 26, 'a', 1, 20])
  })

  test('that was filled for final rows gives updates of what is open', () => {
    const { context } = run('final', [at(20), at(30)])
    const out = reopened('update', context, [at(28)])
    expect(out.map(([start, , , sum]) => [start, sum])).toEqual([
      [20, 2],
      [22, 2],
      [24, 2],
      [26, 2],
      [28, 2],
    ])
  })
})

interface Sum {
  readonly sum: number
  readonly stamp: number
}

/** Every update as a map of all windows would make it. */
function plainly(
  given: readonly Given[],
  { size, advance, grace }: HoppingWindows,
): { readonly rows: readonly Row[]; readonly late: number } {
  const sums = new Map<string, Sum>()
  const rows: Row[] = []
  let [now, late] = [-1, 0]
  for (const { key, value, timestamp } of given) {
    now = Math.max(now, timestamp)
    const first = Math.max(0, Math.floor((timestamp - size) / advance) + 1) * advance
    for (let start = first; start <= timestamp; start += advance) {
      if (start + size <= now - (grace as number)) late++
      else {
        const old = sums.get(`${start} ${key}`) ?? { sum: 0, stamp: -1 }
        const next = { sum: old.sum + value, stamp: Math.max(old.stamp, timestamp) }
        sums.set(`${start} ${key}`, next)
        rows.push([start, start + size, key, next.sum, next.stamp])
      }
    }
  }
  return { rows, late }
}

const someWindows = fc
  .tuple(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 29 }), fc.nat({ max: 40 }))
  .filter(([size, advance]) => advance < size)
  .map(([size, advance, grace]) => hopping({ size: millis(size), advance: millis(advance), grace: millis(grace) }))

const someRecords = fc.array(
  fc.record({ key: fc.constantFrom('a', 'b', 'ä'), value: fc.integer({ min: -9, max: 9 }), timestamp: fc.nat({ max: 400 }) }),
  { maxLength: 60 },
)

property.prop([someRecords, someWindows])('updates and late records are those of a map of all windows', (given, of) => {
  const { context } = run('update', given, of)
  const { rows, late } = plainly(given, of)
  expect(context.outputs.map(rowOf)).toEqual(rows)
  expect(context.drops.get('late') ?? 0).toBe(late)
})

/** Not everything that is due goes out at once. */
class SlowContext extends MemoryContext {
  readonly #limit: number

  constructor(options: MemoryContextOptions, limit: number) {
    super(options)
    this.#limit = limit
  }

  override closeDue(): void {
    super.closeDue(this.#limit)
  }
}

property.prop([someRecords, someWindows, fc.integer({ min: 1, max: 4 })])(
  'final rows are the last updates, in how many pieces they go out',
  (given, of, limit) => {
    const subTopology = summing(of, 'final')
    const context = new SlowContext({ subTopology }, limit)
    const entry = buildTopology(subTopology, context).source('in')
    for (const { key, value, timestamp } of given) {
      entry.next(new Rec(key, value, timestamp))
      context.closeDue()
    }
    context.endOfInput()
    const last = new Map(plainly(given, of).rows.map((row) => [`${row[0]} ${row[2]}`, row]))
    const wanted = [...last.values()].toSorted(([a, , aKey], [b, , bKey]) => a - b || (aKey < bKey ? -1 : 1))
    expect(context.outputs.map(rowOf)).toEqual(wanted)
  },
)
