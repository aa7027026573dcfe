import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { MemoryContext } from '../testing/memory-context.ts'
import { MemoryTask } from '../testing/memory-task.ts'
import type { Closer } from '../task/stream-time.ts'
import { Rec } from '../task/rec.ts'
import { millis } from '../time/duration.ts'
import { hopping, session, sliding, tumbling, unlimited, type Grace, type Windows } from '../time/windows.ts'
import { buildTopology } from './build-topology.ts'
import { byEnd, lastUpdates, naive, records, rowOf, summing, type Given, type Row } from './window-kinds.fixtures.ts'

const kinds = ['tumbling', 'hopping', 'sliding', 'session'] as const

function windowsOf(kind: (typeof kinds)[number], size: number, grace: Grace): Windows {
  if (kind === 'tumbling') return tumbling({ size: millis(size), grace })
  if (kind === 'hopping') return hopping({ size: millis(size), advance: millis(Math.ceil(size / 3)), grace })
  if (kind === 'sliding') return sliding({ difference: millis(size - 1), grace })
  return session({ gap: millis(size), grace })
}

function run(windows: Windows, emit: 'final' | 'update', given: readonly Given[]): MemoryTask {
  const task = new MemoryTask({ subTopology: summing(windows, emit) })
  for (const { key, value, timestamp } of given) task.process({ topic: 'in', key, value, timestamp })
  task.endOfInput()
  return task
}

/** Closes only when it is told to, and only so many rows. */
class PatientContext extends MemoryContext {
  #closers: Closer[] = []
  #due = new Set<Closer>()

  override addCloser(closer: Closer): void {
    this.#closers.unshift(closer)
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
    for (const closer of this.#closers) {
      closer.endOfInput()
      this.closeSome(Infinity)
    }
  }
}

/** What happens between two records: rows that are due go out, some at a time or all; or a new topology over the same state. */
const cut = fc.oneof(fc.record({ pieces: fc.integer({ min: 1, max: 3 }) }), fc.constant('reopen' as const))

function runCut(windows: Windows, emit: 'final' | 'update', given: readonly (readonly [Given, typeof cutType])[]): Row[] {
  const subTopology = summing(windows, emit)
  const context = new PatientContext({ subTopology })
  let entry = buildTopology(subTopology, context).source('in')
  for (const [{ key, value, timestamp }, what] of given) {
    entry.next(new Rec(key, value, timestamp))
    if (what === 'reopen') {
      context.closeSome(1)
      context.reopen()
      entry = buildTopology(subTopology, context).source('in')
    }
    for (let left = 200; left > 0; left--) context.closeSome(what === 'reopen' ? 2 : what.pieces)
  }
  context.endOfInput()
  return context.outputs.map(rowOf)
}
declare const cutType: 'reopen' | { readonly pieces: number }

describe.each(kinds)('%s windows', (kind) => {
  test.prop([records, fc.integer({ min: 1, max: 40 }), fc.boolean()])(
    'of which none is late are what a batch would compute, as final rows and as the last updates',
    (given, size, never) => {
      const windows = windowsOf(kind, size, never ? 'end-of-input' : millis(200))
      const expected = naive(windows, given)
      const final = run(windows, 'final', given)
      expect(final.context.outputs.map(rowOf)).toEqual(expected)
      expect(Object.fromEntries(final.context.drops)).toEqual({})
      const updates = run(windows, 'update', given)
      expect(lastUpdates(updates.context.outputs.map(rowOf))).toEqual(expected)
      expect(Object.fromEntries(updates.context.drops)).toEqual({})
    },
  )

  test.prop([records, fc.integer({ min: 1, max: 30 }), fc.nat({ max: 40 })])(
    'emit each final row once, in the order of their ends, with the value of its last update',
    (given, size, grace) => {
      const windows = windowsOf(kind, size, millis(grace))
      const final = run(windows, 'final', given).context
      const rows = final.outputs.map(rowOf)
      expect(rows).toEqual(rows.toSorted(byEnd))
      expect(new Set(rows.map((row) => row.slice(0, 3).join(' '))).size).toBe(rows.length)
      const updates = run(windows, 'update', given).context
      expect(rows).toEqual(lastUpdates(updates.outputs.map(rowOf)))
      expect(updates.drops).toEqual(final.drops)
    },
  )

  test.prop([
    fc.array(
      fc.tuple(
        records.filter((some) => some.length > 0).map((some) => some[0]!),
        cut,
      ),
      { maxLength: 30 },
    ),
    fc.integer({ min: 1, max: 30 }),
    fc.oneof(
      fc.nat({ max: 40 }).map((ms) => millis(ms)),
      fc.constant('end-of-input' as const),
    ),
    fc.constantFrom('final' as const, 'update' as const),
  ])('are the same in how many pieces they close, and when the task is opened again', (given, size, grace, emit) => {
    const windows = windowsOf(kind, size, grace)
    const plain = run(
      windows,
      emit,
      given.map(([one]) => one),
    )
    expect(runCut(windows, emit, given)).toEqual(plain.context.outputs.map(rowOf))
  })

  test.prop([records, fc.integer({ min: 1, max: 30 }), fc.constantFrom('final' as const, 'update' as const)])(
    'leave the store when time goes on',
    (given, size, emit) => {
      const task = run(windowsOf(kind, size, millis(5)), emit, [...given, { key: 'z', value: 0, timestamp: 1_000 }])
      const rows = task.context.windowStores.get('sums')!.rows()
      expect(rows.filter(({ key }) => key !== 'z')).toEqual([])
    },
  )
})

test.prop([records, fc.nat({ max: 99 })])('one window without an end holds everything from its start on', (given, start) => {
  const windows = unlimited({ start })
  const { context } = run(windows, 'final', given)
  expect(context.outputs.map(rowOf)).toEqual(naive(windows, given))
  expect(context.drops.get('no-window') ?? 0).toBe(given.filter(({ timestamp }) => timestamp < start).length)
})
