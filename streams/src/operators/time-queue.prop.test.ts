import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { string } from '@millrace/core'
import { MemoryWindowStore } from '../testing/memory-stores.ts'
import type { TimedValues } from '../time/timed-values.ts'
import { TimeQueue } from './time-queue.ts'

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c'), time: fc.nat({ max: 50 }) }),
  fc.record({ kind: fc.constant('take' as const), before: fc.nat({ max: 60 }), limit: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('remove' as const), key: fc.constantFrom('a', 'b', 'c'), time: fc.nat({ max: 50 }) }),
)

test.prop([fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 30 })])(
  'what is taken is the first by time, key and arrival, whatever is added and removed between',
  (steps, width) => {
    const store = new MemoryWindowStore<string, TimedValues<number>>('queue', string)
    const queue = new TimeQueue(store, width)
    let plain: { key: string; time: number; value: number }[] = []
    let value = 0
    for (const one of steps) {
      if (one.kind === 'add') {
        queue.add(one.key, { time: one.time, span: 0, stamp: one.time, value })
        plain.push({ key: one.key, time: one.time, value: value++ })
        plain.sort((a, b) => a.time - b.time || (a.key < b.key ? -1 : Number(a.key > b.key)) || a.value - b.value)
      } else if (one.kind === 'remove') {
        queue.removeAt(one.key, one.time)
        plain = plain.filter(({ key, time }) => key !== one.key || time !== one.time)
      } else {
        const taken: number[] = []
        for (let next = queue.peek(one.before); next !== undefined && taken.length < one.limit; next = queue.peek(one.before)) {
          taken.push(next.value.value)
          queue.pop()
        }
        queue.settle()
        const due = plain.filter(({ time }) => time < one.before).slice(0, one.limit)
        expect(taken).toEqual(due.map((held) => held.value))
        plain = plain.filter((held) => !due.includes(held))
      }
    }
    const kept = store.rows().flatMap((row) => row.value.toArray().map((held) => held.value))
    expect(kept.toSorted((a, b) => a - b)).toEqual(plain.map((held) => held.value).toSorted((a, b) => a - b))
  },
)
