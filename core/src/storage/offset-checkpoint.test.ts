import { expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { offsetCheckpoint, parseOffsetCheckpoint } from './offset-checkpoint.ts'

const rows = [
  { topic: 'a', partition: 0, offset: 5 },
  { topic: 'b.c_d-e', partition: 11, offset: 0 },
]

test('offsets are written as Kafka does, and read again', () => {
  const text = offsetCheckpoint(rows)
  expect(text).toBe('0\n2\na 0 5\nb.c_d-e 11 0\n')
  expect(parseOffsetCheckpoint(Buffer.from(text), 'x')).toEqual(rows)
  expect(parseOffsetCheckpoint(Buffer.from(offsetCheckpoint([])), 'x')).toEqual([])
})

test.each(['', '0\n', '1\n0\n', '0\n2\na 0 5\n', '0\n1\na 0 5', '0\n1\na 0\n', '0\n1\na 0 -5\n', '0\n1\na 0 5\n\n'])(
  '%j is none',
  (text) => {
    expect(() => parseOffsetCheckpoint(Buffer.from(text), 'x')).toThrow(MillraceError)
  },
)
