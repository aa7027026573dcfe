import { expect, test } from 'vitest'
import { batchAt } from './consumed-batch.fixtures.ts'
import { InputQueue } from './input-queue.ts'

/** Takes everything that is handed out. */
function drain(queue: InputQueue): number[] {
  const offsets: number[] = []
  for (let record = queue.peek(); record !== undefined; record = queue.peek()) {
    offsets.push(record.offset)
    queue.take(record)
  }
  return offsets
}

function queueAt(position: number, limit: number = Infinity): InputQueue {
  const queue = new InputQueue('in', 0, position)
  queue.limit = limit
  return queue
}

test('hands out records in order, and its position follows', () => {
  const queue = queueAt(0)
  queue.push(batchAt([0, 1]))
  queue.push(batchAt([2]))
  queue.reach(3)
  expect(queue.sizeBytes).toBe(300)
  expect(queue.position).toBe(0)
  queue.take(queue.peek()!)
  expect(queue.position).toBe(1)
  expect(drain(queue)).toEqual([1, 2])
  expect(queue.position).toBe(3)
  expect(queue.sizeBytes).toBe(0)
  expect(queue.hasEnded).toBe(false)
})

test('peek changes nothing', () => {
  const queue = queueAt(5)
  queue.push(batchAt([7]))
  expect([queue.peek()!.offset, queue.peek()!.offset, queue.position]).toEqual([7, 7, 5])
})

test('gaps and markers are passed once every record before them is', () => {
  const queue = queueAt(0)
  queue.push(batchAt([0, 4], 8))
  queue.reach(11)
  queue.take(queue.peek()!)
  expect(queue.position).toBe(1)
  drain(queue)
  expect(queue.position).toBe(11)
})

test('nothing but markers moves the position, too', () => {
  const queue = queueAt(3)
  queue.reach(6)
  expect(queue.position).toBe(6)
})

test('nothing from the limit on is handed out, and the position stops there', () => {
  const queue = queueAt(0, 3)
  queue.push(batchAt([0, 1]))
  queue.push(batchAt([2, 3, 4]))
  queue.push(batchAt([5]))
  queue.reach(6)
  expect(queue.hasEnded).toBe(false)
  expect(drain(queue)).toEqual([0, 1, 2])
  expect(queue.position).toBe(3)
  expect(queue.hasEnded).toBe(true)
})

test.each([
  ['in the batch before it', [0], 9],
  ['before its first record', [0, 7], 8],
  ['behind all records', [0, 1], 2],
])('a limit in a gap is reached: %s', (_name, offsets, next) => {
  const queue = queueAt(0, 5)
  queue.push(batchAt(offsets, next))
  queue.reach(Math.max(next, 9))
  drain(queue)
  expect(queue.position).toBe(5)
  expect(queue.hasEnded).toBe(true)
})

test('an empty input has ended at once', () => {
  expect(queueAt(0, 0).hasEnded).toBe(true)
  expect(queueAt(4, 4).hasEnded).toBe(true)
})

test('a limit that comes later holds', () => {
  const queue = queueAt(0)
  queue.push(batchAt([0, 1]))
  queue.reach(4)
  drain(queue)
  queue.limit = 4
  expect(queue.hasEnded).toBe(true)
})
