import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { bareWrite } from './bare-disk.ts'
import { timed, toRow, type Bench } from './row.ts'

const recordBytes = 100
const counts = { full: 8_000_000, tiny: 20_000 }

/** 100-byte records by one producer into one partition; the last acknowledgement stops the clock. */
export const appendDurable: Bench = {
  id: 'append-durable',
  against: 'write + fdatasync of the same bytes in rounds of 4 MiB',
  async run({ scale, directory }) {
    const records = counts[scale]
    await using log = await embeddedLog({ dir: join(directory, 'append-durable') })
    await log.admin.createTopics([{ topic: 'bench', partitions: 1, config: { 'retention.ms': '-1' } }])
    const producer = await log.producer()
    const values = Array.from({ length: 1000 }, (_, index) => Buffer.alloc(recordBytes, index))
    const ours = await timed(async () => {
      for (let index = 0; index < records; index++) {
        if (!producer.append('bench', null, values[index % 1000]!, { timestamp: index })) await producer.ready()
      }
      await producer.flush()
    })
    const bytes = records * recordBytes
    const reference = await timed(() => bareWrite(join(directory, 'append-durable.bare'), bytes))
    return toRow('append-durable', records, bytes, ours, reference)
  },
}
