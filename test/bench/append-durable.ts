import { join } from 'node:path'
import { embeddedLog, type Durability } from '@millrace/core'
import { bareWrite } from './bare-disk.ts'
import { appendAll, createBenchTopic, recordBytes } from './plain-records.ts'
import { timed, toRow, type Bench } from './row.ts'

const counts = { full: 8_000_000, tiny: 20_000 }

/** 100-byte records by one producer into one partition; the last acknowledgement stops the clock. */
function appendBench(id: string, durability: Durability, against: string): Bench {
  return {
    id,
    against,
    async run({ scale, directory }) {
      const records = counts[scale]
      await using log = await embeddedLog({ dir: join(directory, id), durability })
      await createBenchTopic(log, 1)
      const producer = await log.producer()
      const ours = await timed(() => appendAll(producer, records))
      const bytes = records * recordBytes
      const reference = await timed(() => bareWrite(join(directory, `${id}.bare`), bytes, { sync: durability === 'sync' }))
      return toRow(id, records, bytes, ours, reference)
    },
  }
}

export const appendDurable: Bench = appendBench(
  'append-durable',
  'sync',
  'write + fdatasync of the same bytes in rounds of 4 MiB',
)
export const appendOs: Bench = appendBench('append-os', 'os', 'write of the same bytes in rounds of 4 MiB')
