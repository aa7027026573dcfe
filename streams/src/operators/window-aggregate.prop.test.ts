import fc from 'fast-check'
import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { MemoryContext, type MemoryContextOptions, type MemoryOutput } from '../testing/memory-context.ts'
import { MemoryTask } from '../testing/memory-task.ts'
import { memoryStream } from '../testing/memory-stream.ts'
import type { Closer } from '../task/stream-time.ts'
import { Rec } from '../task/rec.ts'
import { millis } from '../time/duration.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import { tumbling, type Grace } from '../time/windows.ts'
import { buildTopology } from './build-topology.ts'

const size = 10

/** Closes only when it is told to, and only so many rows. */
class PatientContext extends MemoryContext {
  #closers: Closer[] = []
  #due = new Set<Closer>()

  override addCloser(closer: Closer): void {
    this.#closers.push(closer)
  }

  override due(closer: Closer): void {
    this.#due.add(closer)
  }

  closeSome(limit: number): void {
    for (const closer of this.#due) if (!closer.closeDue(limit)) this.#due.delete(closer)
  }

  /** The operators of before are gone. */
  reopen(): void {
    this.#closers = []
    this.#due = new Set()
  }

  override endOfInput(): void {
    for (const closer of this.#closers) closer.endOfInput()
    this.closeSome(Infinity)
  }
}

interface Given {
  readonly key: string
  readonly value: number
  readonly timestamp: number
}

type Row = readonly [start: number, key: string, sum: number, timestamp: number]

const record = fc.record({
  key: fc.constantFrom('a', 'b', 'ä'),
  value: fc.integer({ min: -9, max: 9 }),
  timestamp: fc.nat({ max: 99 }),
})
const records = fc.array(record, { maxLength: 60 })
const graces: fc.Arbitrary<Grace> = fc.oneof(
  fc.constant('end-of-input' as const),
  fc.nat({ max: 50 }).map((ms) => millis(ms)),
)

/** The sub-topology that sums in windows. */
function summing(grace: Grace): MemoryContextOptions['subTopology'] {
  const windows = tumbling({ size: millis(size), grace })
  const sums = { store: 'sums', value: int64, initial: () => 0, add: (total: number, value: number) => total + value }
  const { app } = memoryStream<number>((input) =>
    input
      .groupByKey()
      .windowedBy(windows)
      .aggregate(sums)
      .emitFinal()
      .to('out', { key: windowed(string, windows), value: json<number>() }),
  )
  return app.plan.subTopologies[0]!
}

/** What a batch job would write over the records that are not late. */
function batch(given: readonly Given[], grace: Grace): { readonly rows: readonly Row[]; readonly late: number } {
  let now = -1
  const taken = given.filter(({ timestamp }) => {
    now = Math.max(now, timestamp)
    return grace === 'end-of-input' || startOf(timestamp) + size > now - grace
  })
  const rows = [...Map.groupBy(taken, ({ key, timestamp }) => `${startOf(timestamp)} ${key}`).values()].map((own): Row => [
    startOf(own[0]!.timestamp),
    own[0]!.key,
    own.reduce((sum, { value }) => sum + value, 0),
    Math.max(...own.map(({ timestamp }) => timestamp)),
  ])
  return { rows: rows.toSorted(byRow), late: given.length - taken.length }
}

function startOf(timestamp: number): number {
  return Math.floor(timestamp / size) * size
}

function byRow([a, aKey]: Row, [b, bKey]: Row): number {
  return a - b || (aKey < bKey ? -1 : 1)
}

function rowOf({ key, value, timestamp }: MemoryOutput): Row {
  const { key: inner, start } = key as Windowed<string>
  return [start, inner, value as number, timestamp]
}

test('each row is written once, and is what a batch over the records in time would write', () => {
  fc.assert(
    fc.property(records, graces, (given, grace) => {
      const subTopology = summing(grace)
      const task = new MemoryTask({ subTopology })
      for (const { key, value, timestamp } of given) task.process({ topic: 'in', key, value, timestamp })
      task.endOfInput()
      const { rows, late } = batch(given, grace)
      expect(task.context.outputs.map(rowOf)).toEqual(rows)
      expect(task.context.drops.get('late') ?? 0).toBe(late)
    }),
  )
})

/** What happens between two records: some rows of windows that are due, or a new topology over the same stores and times. */
const cut = fc.oneof(
  fc.record({ close: fc.integer({ min: 1, max: 3 }) }),
  fc.constant('reopen' as const),
  fc.constant('nothing' as const),
)

test('when windows are closed, in how many pieces, and whether the task was opened again in between, changes no row', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(record, cut), { maxLength: 60 }), graces, (given, grace) => {
      const subTopology = summing(grace)
      const context = new PatientContext({ subTopology })
      let entry = buildTopology(subTopology, context).source('in')
      for (const [{ key, value, timestamp }, what] of given) {
        entry.next(new Rec(key, value, timestamp))
        if (what === 'reopen') {
          context.reopen()
          entry = buildTopology(subTopology, context).source('in')
        } else if (what !== 'nothing') context.closeSome(what.close)
      }
      context.endOfInput()
      const { rows, late } = batch(
        given.map(([one]) => one),
        grace,
      )
      expect(context.outputs.map(rowOf).toSorted(byRow)).toEqual(rows)
      expect(context.drops.get('late') ?? 0).toBe(late)
    }),
  )
})

test('what was due when a task went down is due when it is opened, before any record comes', () => {
  const subTopology = summing(millis(0))
  const context = new PatientContext({ subTopology })
  const before = buildTopology(subTopology, context).source('in')
  for (const [key, timestamp] of [
    ['a', 1],
    ['b', 2],
    ['a', 50],
  ] as const)
    before.next(new Rec(key, 1, timestamp))
  context.closeSome(1)
  context.reopen()
  buildTopology(subTopology, context)
  context.closeSome(Infinity)
  expect(context.outputs.map(rowOf)).toEqual([
    [0, 'a', 1, 1],
    [0, 'b', 1, 2],
  ])
})
