import { test } from 'vitest'
import { int64 } from '@millrace/core'
import { TimedValues, timedValues } from './timed-values.ts'

/** A row a run: eight counts, as hopping windows have them. */
const serde = timedValues<number>(int64)
const start = 1_700_000_000_000
const row = TimedValues.of(
  Array.from({ length: 8 }, (_, index) => ({ time: start + index * 2_000, span: 0, stamp: start + 9_000, value: index })),
)
const plain = row.toArray()
const bytes = serde.write(row) as Uint8Array
const text = JSON.stringify(plain)

test('write a row', async ({ bench }) => {
  await bench.compare(
    bench('timed values', () => void serde.write(row)),
    bench('the same as JSON', () => void JSON.stringify(plain)),
    { time: 300 },
  )
})

test('read a row', async ({ bench }) => {
  await bench.compare(
    bench('timed values', () => void serde.read(bytes)),
    bench('the same as JSON', () => void JSON.parse(text)),
    { time: 300 },
  )
})
