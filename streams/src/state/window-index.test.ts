import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { StartQueue } from './start-queue.ts'
import { WindowIndex } from './window-index.ts'

describe('a window index', () => {
  test.prop([
    fc.array(
      fc.record({
        add: fc.boolean(),
        start: fc.integer({ min: -3, max: 3 }),
        key: fc.constantFrom('a', 'b', '\uffff', '\u{1f600}'),
      }),
    ),
  ])('knows the smallest start and the keys at each, in the order of their bytes', (changes) => {
    const index = new WindowIndex((text) => text)
    const rows = new Map<number, Set<string>>()
    for (const { add, start, key } of changes) {
      if (add) index.add(start, key)
      else index.remove(start, key)
      const keys = rows.get(start) ?? new Set()
      rows.set(start, keys)
      if (add) keys.add(key)
      else keys.delete(key)
      const open = [...rows].filter(([, each]) => each.size > 0).map(([each]) => each)
      expect(index.firstStart()).toBe(open.length === 0 ? undefined : Math.min(...open))
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(index.keysAt(start)).toEqual(sorted)
    }
  })

  test.prop([fc.array(fc.integer())])('finds starts in their order, whatever the order they came in', (starts) => {
    const queue = new StartQueue()
    const there = new Set(starts)
    for (const start of starts) queue.add(start)
    const found: number[] = []
    for (
      let first = queue.first((start) => there.has(start));
      first !== undefined;
      first = queue.first((start) => there.has(start))
    ) {
      found.push(first)
      there.delete(first)
    }
    expect(found).toEqual([...new Set(starts)].sort((a, b) => a - b))
  })
})
