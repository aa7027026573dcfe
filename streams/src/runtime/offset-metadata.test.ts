import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { maxStreamTimes, operatorId } from '../plan/operator-id.ts'
import { decodeMetadata, encodeMetadata, type OffsetMetadata } from './offset-metadata.ts'

const none: OffsetMetadata = { ended: false, endOffset: null, times: [] }
const time = fc.oneof(fc.integer({ min: -1, max: 100 }), fc.integer({ min: -1, max: 2 ** 53 - 2 }))
const metadata = fc.record({
  ended: fc.boolean(),
  endOffset: fc.option(fc.oneof(fc.nat(), fc.maxSafeNat())),
  times: fc.array(fc.record({ operator: fc.integer({ min: 0, max: 2 ** 32 - 1 }), now: time, closedThrough: time })),
})

property.prop([metadata])('comes back', (given) => {
  expect(decodeMetadata(encodeMetadata(given))).toEqual(given)
})

property.prop([fc.oneof(fc.string(), fc.base64String())])('of others is refused, or is the very text that we write', (text) => {
  const found = decodeMetadata(text)
  if (found !== null) expect(encodeMetadata(found)).toBe(text)
})

property.prop([metadata, fc.nat(), fc.constantFrom('A', 'z', '0', '9', '+', '/', '=', '')])(
  'that was changed is not taken for what it was',
  (given, at, by) => {
    const text = encodeMetadata(given)
    fc.pre(text !== '')
    const place = at % text.length
    const changed = text.slice(0, place) + by + text.slice(place + 1)
    if (changed !== text) expect(decodeMetadata(changed)).not.toEqual(given)
  },
)

test('is no text when there is nothing to say', () => {
  expect(encodeMetadata(none)).toBe('')
  expect(decodeMetadata('')).toEqual(none)
})

test.each([
  ['of a consumer', 'processed by worker 7'],
  ['of another version', Buffer.from([2, 0, 0]).toString('base64')],
  ['with a flag that we do not know', Buffer.from([1, 4, 0]).toString('base64')],
  ['cut off', encodeMetadata({ ended: true, endOffset: 5, times: [{ operator: 7, now: 9, closedThrough: 3 }] }).slice(0, -4)],
  ['with more behind it', `${encodeMetadata({ ...none, ended: true })}AAAA`],
])('%s is refused', (_name, text) => {
  expect(decodeMetadata(text)).toBeNull()
})

test('of as many operators as a plan allows fits into a commit, whatever their times', () => {
  const times = Array.from({ length: maxStreamTimes }, (_, index) => ({
    operator: operatorId(`store-${index}`),
    now: index % 2 === 0 ? 2 ** 53 - 2 : -1,
    closedThrough: index % 2 === 0 ? -1 : 2 ** 53 - 2,
  }))
  const text = encodeMetadata({ ended: true, endOffset: 2 ** 53 - 1, times })
  expect(text.length).toBeLessThanOrEqual(4096)
  expect(decodeMetadata(text)?.times).toEqual(times)
})

test('is short for what is usual', () => {
  const now = Date.UTC(2026, 0, 1)
  const times = [1, 2, 3].map((operator) => ({ operator, now: now + operator, closedThrough: now - 3_600_000 }))
  expect(encodeMetadata({ ...none, times }).length).toBeLessThan(60)
})
