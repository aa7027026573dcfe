import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { bareRead } from './bare-disk.ts'
import { appendAll, createBenchTopic } from './plain-records.ts'
import { timed, toRow, type Bench } from './row.ts'

const counts = { full: 8_000_000, tiny: 20_000 }

/** A log that was closed and opened again, read from its segments: every batch checked, keys and values as views. */
export const readDisk: Bench = {
  id: 'read-disk',
  against: 'read of the same bytes',
  async run({ scale, directory }) {
    const records = counts[scale]
    const dir = join(directory, 'read-disk')
    await fill(dir, records)
    await using log = await embeddedLog({ dir })
    const consumer = await log.consumer()
    await consumer.assign([{ topic: 'bench', partition: 0, offset: 0 }])
    let sum = 0
    const ours = await timed(async () => {
      while (consumer.position({ topic: 'bench', partition: 0 }) < records) {
        for (const batch of await consumer.poll({ timeoutMs: 1000 })) {
          batch.forEach(({ value }) => {
            sum += value![0]!
          })
        }
      }
    })
    if (sum === 0) throw new Error('nothing was read')
    const folder = join(dir, 'bench-0')
    const segments = readdirSync(folder).filter((name) => name.endsWith('.log'))
    let bytes = 0
    const reference = await timed(async () => {
      bytes = await bareRead(segments.map((name) => join(folder, name)))
    })
    return toRow('read-disk', records, bytes, ours, reference)
  },
}

async function fill(dir: string, records: number): Promise<void> {
  await using log = await embeddedLog({ dir })
  await createBenchTopic(log, 1)
  await appendAll(await log.producer(), records)
}
