import { expect, test } from 'vitest'
import { guarded, skipped } from './guarded.ts'

const fails = (text: string): number => {
  throw new Error(text)
}

test("under fail the function is the user's own", () => {
  const context = { errorPolicy: 'fail', failed: (): void => expect.unreachable() } as const
  expect(guarded(fails, context)).toBe(fails)
})

test('under skip a throw is reported, and the call gives skipped', () => {
  const reported: unknown[] = []
  const context = { errorPolicy: 'skip', failed: (error: unknown) => void reported.push(error) } as const
  expect(guarded(fails, context)('boom')).toBe(skipped)
  expect(reported).toEqual([new Error('boom')])
  expect(guarded((a: number, b: number) => a + b, context)(1, 2)).toBe(3)
})
