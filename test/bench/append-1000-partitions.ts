import { join } from 'node:path'
import { embeddedLog, type Producer } from '@millrace/core'
import { bareWrite } from './bare-disk.ts'
import { Latencies } from './latencies.ts'
import { createBenchTopic, recordBytes, valueOf } from './plain-records.ts'
import { timed, toRow, type Bench, type Timed } from './row.ts'

const partitions = { full: 1000, tiny: 20 }
const counts = { full: 10_000_000, tiny: 10_000 }
/** Of each partition: more than the journal holds, so that all have their folders when the clock starts. */
const warmUpBatches = { full: 150, tiny: 2 }
const recordsOfBatch = 10
/** A batch with its header and places, as it stands in the journal. */
const batchBytes = recordsOfBatch * (recordBytes + 8) + 81

/**
 * Durable batches of ten records, one in flight in each of 1,000 partitions. What it takes until all of them have their folders is told
 * as `warmUpSeconds`, and stands in no other figure.
 */
export const append1000Partitions: Bench = {
  id: 'append-1000-partitions',
  against: 'write + fdatasync of the same bytes in rounds of one batch a partition',
  async run({ scale, directory }) {
    const records = counts[scale]
    await using log = await embeddedLog({ dir: join(directory, 'append-1000-partitions') })
    await createBenchTopic(log, partitions[scale])
    const producer = await log.producer()
    const sendToAll = (batches: number, latencies: Latencies): Promise<Timed> =>
      timed(async () => {
        await Promise.all(
          Array.from({ length: partitions[scale] }, (_, partition) => sendInTurn(producer, partition, batches, latencies)),
        )
      })
    const first = await sendToAll(warmUpBatches[scale], new Latencies())
    const latencies = new Latencies()
    const ours = await sendToAll(records / recordsOfBatch / partitions[scale], latencies)
    const bytes = (records / recordsOfBatch) * batchBytes
    const roundBytes = partitions[scale] * batchBytes
    const reference = await timed(() => bareWrite(join(directory, 'append-1000.bare'), bytes, { roundBytes }))
    return toRow('append-1000-partitions', records, records * recordBytes, ours, reference, {
      p50Ms: latencies.quantileMs(0.5),
      p99Ms: latencies.quantileMs(0.99),
      maxMs: latencies.quantileMs(1),
      warmUpSeconds: first.seconds,
    })
  },
}

async function sendInTurn(producer: Producer, partition: number, batches: number, latencies: Latencies): Promise<void> {
  for (let index = 0; index < batches; index++) {
    const startedAt = performance.now()
    const batch = producer.batch('bench', partition)
    for (let record = 0; record < recordsOfBatch; record++) batch.append(null, valueOf(record), index)
    await producer.send(batch)
    latencies.add(performance.now() - startedAt)
  }
}
