import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { int64, string } from '@millrace/core'
import { rankedPages } from '../graph/ranked-pages.ts'
import { MemoryStore } from './memory-stores.ts'
import { paired } from '../time/composed-serdes.ts'
import { RankedGroup, rankOrder, type Ranked, type RankedPage } from '../operators/ranked-group.ts'

const compare = (a: unknown, b: unknown): number => Math.floor((b as number) / 10) - Math.floor((a as number) / 10)
const order = rankOrder(compare)
const ranked = (value: number): Ranked => ({ value, bytes: Buffer.from(int64.write(value)) })
const pages = rankedPages(int64)

type Store = MemoryStore<readonly [string, number], RankedPage>

const storeOf = (): Store => new MemoryStore('rows', paired(string, int64))

/** As through a changelog. */
function reread(store: Store): Store {
  const copy = storeOf()
  for (const { key, value, timestamp } of store.rows()) {
    copy.put(key, pages.read(Buffer.from(pages.write(value as never))), timestamp)
  }
  return copy
}

/** Runs of inserts and removals, so that groups grow over several pages and shrink again; few values at a time, so that many are equal. */
const runs = fc.array(
  fc.record({
    grow: fc.boolean(),
    low: fc.nat({ max: 30 }),
    span: fc.integer({ min: 1, max: 30 }),
    values: fc.array(fc.nat(), { maxLength: 150, size: 'max' }),
    reread: fc.boolean(),
  }),
  { maxLength: 8, size: 'max' },
)

describe('a group of rows', () => {
  test.prop([runs, fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 200 })])('is a sorted list', (given, other, n) => {
    let store = storeOf()
    let list: Ranked[] = []
    const change = (work: (group: RankedGroup) => void): void => {
      const group = new RankedGroup(store, 'g', order)
      work(group)
      group.save(1)
    }
    // Another group has nothing to do with it.
    const beside = new RankedGroup(store, other, order)
    beside.insert(ranked(7))
    beside.save(0)
    for (const run of given) {
      if (run.reread) store = reread(store)
      for (const any of run.values) {
        const value = run.low + (any % run.span)
        const row = ranked(value)
        change((group) => (run.grow ? group.insert(row) : group.remove(row)))
        const at = list.findIndex((one) => one.value === value)
        if (run.grow) list = [...list, row].sort(order)
        else if (at >= 0) list = list.toSpliced(at, 1)
      }
      const values = (rows: readonly Ranked[]): unknown[] => rows.map((one) => one.value)
      const group = new RankedGroup(store, 'g', order)
      expect(values(group.first(n))).toEqual(values(list.slice(0, n)))
      const own = store.rows().filter(({ key: [name] }) => name === 'g')
      const filled = own.filter(({ key: [, number] }) => number > 0).map(({ value }) => value.rows.length)
      for (const rows of filled) expect(rows).toBeGreaterThan(0)
      for (const rows of filled) expect(rows).toBeLessThanOrEqual(64)
      // Nothing is left of a group that is empty, and pages are not many more than it needs.
      if (list.length === 0) expect(own).toEqual([])
      expect(filled.length).toBeLessThanOrEqual(2 + list.length / 8)
    }
  })
})

test('what compare throws leaves the group as it was', () => {
  const store = storeOf()
  const first = new RankedGroup(store, 'g', order)
  first.insert(ranked(1))
  first.save(0)
  const throwing = new RankedGroup(store, 'g', () => {
    throw new Error('no order')
  })
  expect(() => throwing.insert(ranked(2))).toThrow('no order')
  expect(new RankedGroup(store, 'g', order).first(9)).toHaveLength(1)
})

test('a group that is emptied row by row keeps no empty page, and is gone at the end', () => {
  const store = storeOf()
  const all = Array.from({ length: 300 }, (_, value) => ranked(value)).sort(order)
  const change = (work: (group: RankedGroup) => void): void => {
    const group = new RankedGroup(store, 'g', order)
    work(group)
    group.save(0)
  }
  for (const row of all) change((group) => group.insert(row))
  // From the middle: its page has full neighbours.
  const removed = [...all.slice(100, 250), ...all.slice(0, 100), ...all.slice(250)]
  for (const [index, row] of removed.entries()) {
    change((group) => group.remove(row))
    const gone = new Set(removed.slice(0, index + 1))
    const left = all.filter((one) => !gone.has(one))
    expect(new RankedGroup(store, 'g', order).first(300).map(({ value }) => value)).toEqual(left.map(({ value }) => value))
    const directory = store.get(['g', 0])?.value
    for (const number of directory?.numbers ?? []) expect(store.get(['g', number])?.value.rows.length).toBeGreaterThan(0)
  }
  expect(store.rows()).toEqual([])
})
