import { expect, test } from 'vitest'
import { fc, test as property } from '@fast-check/vitest'
import { batchAt } from './consumed-batch.fixtures.ts'
import { InputChoice } from './input-choice.ts'
import { InputQueue } from './input-queue.ts'

/** What each input gives: ascending timestamps (they are the offsets), in batches that come one by one, in any order over the inputs. */
const batchesOfInputs = fc
  .array(fc.array(fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) => all.map(ascending))
const order = fc.array(fc.nat(), { minLength: 40, maxLength: 40 })

/** The offsets of one input, cut into batches, each behind the one before it. */
function ascending(batches: readonly (readonly number[])[]): number[][] {
  return batches.map((offsets, index) => offsets.map((offset) => index * 100 + offset).toSorted((a, b) => a - b))
}

interface Taken {
  readonly input: number
  readonly timestamp: number
}

/** Hands batches out in the given order, and takes after each what may be taken. An input is caught up when all its batches have come. */
function run(
  batches: readonly (readonly number[][])[],
  turns: readonly number[],
  maxIdleMs: number,
  clock: { now: number },
): Taken[] {
  const queues = batches.map((_, index) => new InputQueue(`in${index}`, 0, 0))
  const choice = new InputChoice({ inputs: queues, maxIdleMs, monotonic: () => clock.now, timeOf: null })
  const left = batches.map((own) => [...own])
  const taken: Taken[] = []
  const takeAll = (): void => {
    for (let input = choice.next(); input !== undefined; input = choice.next()) {
      const record = input.peek()!
      taken.push({ input: queues.indexOf(input), timestamp: record.timestamp })
      input.take(record)
    }
  }
  for (const turn of turns) {
    const open = left.flatMap((own, index) => (own.length > 0 ? [index] : []))
    const index = open[turn % Math.max(1, open.length)]
    if (index === undefined) break
    const offsets = left[index]!.shift()!
    queues[index]!.push(batchAt(offsets))
    queues[index]!.reach(offsets.at(-1)! + 1)
    queues[index]!.caughtUp = left[index]!.length === 0
    takeAll()
  }
  clock.now += Math.max(0, maxIdleMs)
  takeAll()
  return taken
}

property.prop([batchesOfInputs, order])(
  'records come in the order of their timestamps, however the log hands them out',
  (batches, turns) => {
    const expected = batches
      .flatMap((own, input) => own.flat().map((timestamp) => ({ input, timestamp })))
      .toSorted((a, b) => a.timestamp - b.timestamp || a.input - b.input)
    expect(run(batches, turns, 0, { now: 0 })).toEqual(expected)
    expect(run(batches, turns, 1_000, { now: 0 })).toEqual(expected)
  },
)

property.prop([batchesOfInputs, order])('waiting never loses a record, and keeps the order of an input', (batches, turns) => {
  for (const maxIdleMs of [-1, 0, 5]) {
    const taken = run(batches, turns, maxIdleMs, { now: 0 })
    for (const [input, own] of batches.entries())
      expect(taken.filter((one) => one.input === input).map(({ timestamp }) => timestamp)).toEqual(own.flat())
  }
})

/** Two inputs; the first has records at these times. */
function waiting(maxIdleMs: number, clock: { now: number }, timestamps: readonly number[] = [1, 2, 3]) {
  const [left, right] = [new InputQueue('left', 0, 0), new InputQueue('right', 0, 0)]
  left.push(batchAt(timestamps))
  left.caughtUp = true
  right.caughtUp = true
  return { left, right, choice: new InputChoice({ inputs: [left, right], maxIdleMs, monotonic: () => clock.now, timeOf: null }) }
}

function takeOne({ choice }: { readonly choice: InputChoice }): number | undefined {
  const input = choice.next()
  const record = input?.peek()
  if (record !== undefined) input!.take(record)
  return record?.timestamp
}

test('an empty input is waited for as long as it is said, once', () => {
  const clock = { now: 100 }
  const inputs = waiting(50, clock)
  expect(takeOne(inputs)).toBeUndefined()
  expect(inputs.choice.waitsUntil).toBe(150)
  clock.now = 149
  expect(takeOne(inputs)).toBeUndefined()
  clock.now = 150
  expect(inputs.choice.waitsUntil).toBe(Infinity)
  expect([takeOne(inputs), takeOne(inputs)]).toEqual([1, 2])
  // The other input comes back: from now on it is waited for again.
  inputs.right.push(batchAt([2]))
  expect([takeOne(inputs), takeOne(inputs)]).toEqual([2, undefined])
  expect(inputs.choice.waitsUntil).toBe(200)
})

test('a wait begins when a record waits, not before', () => {
  const clock = { now: 0 }
  const inputs = waiting(50, clock, [1])
  inputs.left.take(inputs.left.peek()!)
  expect(takeOne(inputs)).toBeUndefined()
  expect(inputs.choice.waitsUntil).toBe(Infinity)
  clock.now = 1_000
  inputs.left.push(batchAt([7]))
  expect(takeOne(inputs)).toBeUndefined()
  expect(inputs.choice.waitsUntil).toBe(1_050)
})

test('what the log is known to have is waited for without an end, unless nothing is', () => {
  const clock = { now: 0 }
  for (const [maxIdleMs, taken] of [
    [0, undefined],
    [50, undefined],
    [-1, 1],
  ] as const) {
    const inputs = waiting(maxIdleMs, clock)
    inputs.right.caughtUp = false
    inputs.choice.next()
    clock.now += 10_000
    expect(takeOne(inputs)).toBe(taken)
  }
})

test('an input that has ended, or rests, is not waited for', () => {
  const ended = waiting(50, { now: 0 })
  ended.right.limit = 0
  expect(takeOne(ended)).toBe(1)
  const resting = waiting(50, { now: 0 })
  resting.right.caughtUp = false
  resting.right.isPaused = true
  expect(takeOne(resting)).toBe(1)
  resting.left.isPaused = true
  expect(takeOne(resting)).toBeUndefined()
})
