import { join } from 'node:path'
import { embeddedLog, type Consumer, type LogClient } from '@millrace/core'
import { appendAll, createBenchTopic, recordBytes } from './plain-records.ts'
import { timed, toRow, type Bench, type Timed } from './row.ts'

const counts = { full: 4_000_000, tiny: 20_000 }
const place = { topic: 'bench', partition: 0 }

/**
 * A consumer that follows a producer in the same process and thread: it reads from memory what was acknowledged a moment ago. The
 * time is that of both, until the consumer has seen the last record.
 */
export const readTail: Bench = {
  id: 'read-tail',
  against: 'the same records appended, and nobody reads',
  async run({ scale, directory }) {
    const records = counts[scale]
    const alone = await appendTo(join(directory, 'append-alone'), records, async () => {})
    const ours = await appendTo(join(directory, 'read-tail'), records, async (log) => {
      await using consumer = await log.consumer()
      await follow(consumer, records)
    })
    return toRow('read-tail', records, records * recordBytes, ours, alone)
  },
}

async function appendTo(dir: string, records: number, beside: (log: LogClient) => Promise<void>): Promise<Timed> {
  await using log = await embeddedLog({ dir })
  await createBenchTopic(log, 1)
  const producer = await log.producer()
  return await timed(async () => {
    await Promise.all([beside(log), appendAll(producer, records)])
  })
}

async function follow(consumer: Consumer, records: number): Promise<void> {
  await consumer.assign([{ ...place, offset: 0 }])
  let sum = 0
  while (consumer.position(place) < records) {
    for (const batch of await consumer.poll({ timeoutMs: 1000 })) {
      batch.forEach(({ value }) => {
        sum += value![0]!
      })
    }
  }
  if (sum === 0) throw new Error('nothing was read')
}
