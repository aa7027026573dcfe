import { test } from 'vitest'
import type { Bytes } from '../base/bytes.ts'
import { BatchBuilder } from './batch-builder.ts'

/**
 * Records with values of 100 bytes into batches of 64 KiB, checksum included. One run is 10,000 records: a mean of 2.5 ms is
 * 4 million records a second. The values are ready: making them, and writing the batches to disk, is not measured.
 *
 * Run it with `vitest bench --run --experimental.viteModuleRunner=false core/src/record`: without that, every call of an imported
 * function goes through a getter of the module runner, which takes longer than the work.
 */
const recordsPerRun = 10_000
const texts = Array.from({ length: 1000 }, (_, i) => `${i}`.padStart(100, 'x'))
const accented = texts.map((text) => `é${text.slice(2)}`)
const buffers = texts.map((text) => Buffer.from(text))
const keys = texts.map((_, i) => `key-${i}`)

function fill(valueOf: readonly Bytes[], keyOf: readonly Bytes[] = [null]): void {
  let builder = new BatchBuilder({ maxBytes: 65_536 })
  for (let i = 0; i < recordsPerRun; i++) {
    const key = keyOf[i % keyOf.length]!
    const value = valueOf[i % valueOf.length]!
    if (builder.append(key, value, 1_700_000_000_000 + i)) continue
    builder.build()
    builder = new BatchBuilder({ maxBytes: 65_536 })
    builder.append(key, value, 1_700_000_000_000 + i)
  }
  builder.build()
}

test('encode 10,000 records', async ({ bench }) => {
  await bench.compare(
    bench('value as bytes', () => fill(buffers)),
    bench('value as text', () => fill(texts)),
    bench('value as text that is not ASCII', () => fill(accented)),
    bench('key and value as text', () => fill(texts, keys)),
    { time: 500 },
  )
})
