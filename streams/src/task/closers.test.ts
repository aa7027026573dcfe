import { expect, test } from 'vitest'
import { Closers } from './closers.ts'
import type { Closer } from './stream-time.ts'

/** Emits what it has, at most as much as it may, into the next one. */
class Emitter implements Closer {
  rows: number
  ended = false
  private readonly name: string
  private readonly closers: Closers
  private readonly trace: string[]
  private readonly next: Emitter | null

  constructor(name: string, rows: number, parts: { closers: Closers; trace: string[]; next?: Emitter }) {
    this.name = name
    this.rows = rows
    this.closers = parts.closers
    this.trace = parts.trace
    this.next = parts.next ?? null
  }

  closeDue(limit: number): boolean {
    const count = Math.min(limit, this.rows)
    this.rows -= count
    this.trace.push(`${this.name} ${count}`)
    if (this.next !== null) this.next.take(count)
    return this.rows > 0
  }

  take(count: number): void {
    this.rows += count
    if (this.ended) this.closers.due(this)
  }

  endOfInput(): void {
    this.ended = true
    this.trace.push(`${this.name} ends`)
    if (this.rows > 0) this.closers.due(this)
  }
}

test('the end of the input goes from one to the next, each when the one before has nothing more', () => {
  const closers = new Closers()
  const trace: string[] = []
  const last = new Emitter('last', 1, { closers, trace })
  const first = new Emitter('first', 5, { closers, trace, next: last })
  // As a topology is built: downstream first.
  closers.add(last)
  closers.add(first)
  do while (closers.hasDue) closers.closeDue(2)
  while (closers.endNext())
  expect(trace).toEqual(['first ends', 'first 2', 'first 2', 'first 1', 'last ends', 'last 2', 'last 2', 'last 2'])
})

test('of several that are due the one upstream goes first', () => {
  const closers = new Closers()
  const trace: string[] = []
  const last = new Emitter('last', 3, { closers, trace })
  const first = new Emitter('first', 3, { closers, trace })
  closers.add(last)
  closers.add(first)
  closers.due(last)
  closers.due(first)
  while (closers.hasDue) closers.closeDue(2)
  expect(trace).toEqual(['first 2', 'first 1', 'last 2', 'last 1'])
})

test('without any there is nothing to end', () => {
  expect(new Closers().endNext()).toBe(false)
})

test('those behind a loop hear of the end after those before it', () => {
  const closers = new Closers()
  const trace: string[] = []
  const parts = { closers, trace }
  closers.add(new Emitter('behind', 0, parts))
  closers.addLoop()
  closers.add(new Emitter('before', 0, parts))
  expect([closers.endNext(0), closers.endNext(0)]).toEqual([true, false])
  expect(trace).toEqual(['before ends'])
  expect([closers.endNext(1), closers.endNext(1)]).toEqual([true, false])
  expect(trace).toEqual(['before ends', 'behind ends'])
})
