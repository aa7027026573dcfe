import { expect, test } from 'vitest'
import { addFlight, noDelays, type Delays } from './delays.ts'

function delaysOf(...delays: readonly number[]): Delays {
  return delays.reduce((total, delay) => addFlight(total, { delay, distance: 1, destination: 'SFO' }), noDelays())
}

test('addFlight counts flights, late ones, and minutes of delay', () => {
  expect(delaysOf(5, 90, -20)).toEqual({ flights: 3, late: 1, totalDelay: 95, worstDelay: 90 })
})

test('addFlight calls a flight late above 15 minutes', () => {
  expect(delaysOf(15).late).toBe(0)
  expect(delaysOf(16).late).toBe(1)
})

test('addFlight has a negative worst delay when every flight was early', () => {
  expect(delaysOf(-3, -1, -7)).toEqual({ flights: 3, late: 0, totalDelay: 0, worstDelay: -1 })
})
