import { Subscriber } from 'rxjs'
import { expect, test } from 'vitest'
import { Fan, fanTo } from './fan.ts'
import { inlet, operator } from './operator.ts'

class Seen<T> extends Subscriber<T> {
  readonly values: T[] = []

  protected override _next(value: T): void {
    this.values.push(value)
  }
}

const doubled = operator<number, number>((value, out) => out.next(value * 2))

test('an operator hands each value to its handler', () => {
  const seen = new Seen<number>()
  const entry = inlet(doubled, seen)
  entry.next(1)
  entry.next(2)
  expect(seen.values).toEqual([2, 4])
})

test('what a handler throws reaches the caller, and the tree stays alive', () => {
  const seen = new Seen<number>()
  const strict = operator<number, number>((value, out) => {
    if (value === 2) throw new Error('fenced')
    out.next(value)
  })
  const entry = inlet(doubled, inlet(strict, seen))
  expect(() => entry.next(1)).toThrow('fenced')
  entry.next(2)
  entry.next(3)
  expect(seen.values).toEqual([4, 6])
})

test('a subscription is made once, not once a record', () => {
  let subscriptions = 0
  const counted = inlet<number, number>((source) => {
    subscriptions++
    return doubled(source)
  }, new Seen())
  for (let i = 0; i < 10; i++) counted.next(i)
  expect(subscriptions).toBe(1)
})

test('a fan serves its targets in order, each to the end before the next', () => {
  const order: string[] = []
  const target = (name: string): Subscriber<number> =>
    inlet(
      operator<number, never>((value) => void order.push(`${name}${value}`)),
      new Seen(),
    )
  const entry = inlet(doubled, fanTo([target('a'), target('b')]))
  entry.next(1)
  entry.next(2)
  expect(order).toEqual(['a2', 'b2', 'a4', 'b4'])
})

test('one target needs no fan, and none is the end of a branch', () => {
  const seen = new Seen<number>()
  expect(fanTo([seen])).toBe(seen)
  expect(fanTo([])).toBeInstanceOf(Fan)
  fanTo<number>([]).next(1)
})
