import { test } from 'vitest'
import { forEachRecord, toRecords } from './batch-reader.ts'
import { checkBatch } from './batch-validation.ts'
import { batchOf, given } from './records.fixtures.ts'

/**
 * A batch of 500 records with keys of 7 and values of 100 bytes. A mean of 0.125 ms is 4 million records a second. The views
 * are made, what is in them is not read. How to run it: see batch-builder.bench.ts.
 */
const records = Array.from({ length: 500 }, (_, i) =>
  given({ key: `key-${100 + i}`, value: 'x'.repeat(100), timestamp: 1_700_000_000_000 + i }),
)
const batch = batchOf(records)

function visit(): number {
  let sum = 0
  forEachRecord(batch, ({ offset, value }) => {
    sum += offset + value!.length
  })
  return sum
}

test('decode 500 records', async ({ bench }) => {
  await bench.compare(
    bench('forEachRecord', () => void visit()),
    bench('checkBatch and forEachRecord', () => void (checkBatch(batch, 0, batch.length) && visit())),
    bench('toRecords', () => void toRecords(batch)),
    { time: 500 },
  )
})
