import { expect, test } from 'vitest'
import { StepLimits } from './step-limits.ts'

const step = (events: number, changes: number, changelogBytes: number, bytes: number = changelogBytes) => ({
  events,
  changes,
  changelogBytes,
  bytes,
})

test('what a change takes is learned at once when it is more, slowly when it is less', () => {
  const limits = new StepLimits(1_000)
  expect(limits.bytesPerChange).toBe(256)
  limits.attempt(step(10, 10, 5_000))
  expect(limits.bytesPerChange).toBe(500)
  limits.attempt(step(10, 10, 1_000))
  expect(limits.bytesPerChange).toBe(450)
  limits.attempt(step(10, 0, 0))
  expect(limits.bytesPerChange).toBe(450)
})

test('a step that was too large is divided until it fits', () => {
  const limits = new StepLimits(1_000)
  limits.committed()
  expect([limits.maxEvents, limits.maxBytes]).toEqual([Infinity, 1_000])
  limits.attempt(step(100, 100, 800))
  expect(limits.tooLarge()).toBe(true)
  expect([limits.maxEvents, limits.maxBytes]).toEqual([25, 200])
  limits.attempt(step(25, 25, 200))
  expect(limits.tooLarge()).toBe(true)
  limits.attempt(step(7, 7, 50))
  limits.committed()
  expect([limits.maxEvents, limits.maxBytes]).toEqual([Infinity, 50])
})

test('one event is not divided', () => {
  const limits = new StepLimits(1_000)
  limits.attempt(step(1, 1, 5_000))
  expect(limits.tooLarge()).toBe(false)
})

test('the first step is small: what a change takes is not known yet', () => {
  const limits = new StepLimits(1_000_000)
  expect(limits.maxEvents).toBe(1_000)
  limits.attempt(step(1_000, 1_000, 5_000_000))
  limits.committed()
  expect([limits.maxEvents, limits.bytesPerChange > 256]).toEqual([Infinity, true])
})
