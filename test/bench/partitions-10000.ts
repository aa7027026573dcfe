import { join } from 'node:path'
import { embeddedLog, type LogClient } from '@millrace/core'
import { bareWrite } from './bare-disk.ts'
import { runChild } from './child-process.ts'
import type { Opened } from './open-child.ts'
import { createBenchTopic, recordBytes, topicNames, valueOf } from './plain-records.ts'
import { timed, toRow, type Bench, type Timed } from './row.ts'

const counts = { full: 10_000, tiny: 30 }
const recordsOfPartition = 20

/** 10,000 partitions in one process: made, written to, closed, and opened by another one. */
export const partitions10000: Bench = {
  id: 'partitions-10000',
  against: 'write + fdatasync of the same bytes in rounds of 4 MiB',
  async run({ scale, directory }) {
    const dir = join(directory, 'partitions-10000')
    const partitions = counts[scale]
    const log = await embeddedLog({ dir })
    const created = await timed(() => createBenchTopic(log, partitions))
    const appended = await timed(() => appendToAll(log, partitions))
    const residentMb = process.memoryUsage.rss() / 1e6
    const closed = await timed(() => log.close())
    const opened = await runChild<Opened>('./open-child.ts', [dir])
    const records = partitions * recordsOfPartition
    if (opened.records !== records) throw new Error(`${records} records were written, ${opened.records} are there`)
    const bytes = records * recordBytes
    const reference = await timed(() => bareWrite(join(directory, 'partitions-10000.bare'), bytes))
    return toRow('partitions-10000', records, bytes, appended, reference, {
      createMs: msOf(created),
      residentMb,
      closeMs: msOf(closed),
      openMs: opened.openMs,
      openResidentMb: opened.residentMb,
    })
  },
}

async function appendToAll(log: LogClient, partitions: number): Promise<void> {
  const producer = await log.producer()
  for (let index = 0; index < partitions * recordsOfPartition; index++) {
    const options = { partition: index % partitions, timestamp: index }
    if (!producer.append(topicNames.bench, null, valueOf(index), options)) await producer.ready()
  }
  await producer.flush()
}

function msOf({ seconds }: Timed): number {
  return seconds * 1e3
}
