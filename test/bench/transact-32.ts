import { join } from 'node:path'
import { embeddedLog, type OutgoingBatch, type Producer, type TransactionWork } from '@millrace/core'
import { bareWrite } from './bare-disk.ts'
import { Latencies } from './latencies.ts'
import { createBenchTopic, recordBytes, valueOf } from './plain-records.ts'
import { timed, toRow, type Bench } from './row.ts'

const partitions = 32
const recordsOfBatch = 4
const counts = { full: 5000, tiny: 20 }
/** Data, markers, committed offsets and the coordinator's records, about as they stand in the journal. */
const transactionBytes = partitions * (recordsOfBatch * (recordBytes + 8) + 2 * 81 + 98 + 100)

/** Transactions one after the other, each with a few records and a group's position for each of 32 partitions. */
export const transact32: Bench = {
  id: 'transact-32',
  against: 'write + fdatasync of the same bytes, one for each transaction',
  async run({ scale, directory }) {
    const transactions = counts[scale]
    await using log = await embeddedLog({ dir: join(directory, 'transact-32') })
    await createBenchTopic(log, partitions)
    const producer = await log.producer({ transactionalId: 'bench' })
    const latencies = new Latencies()
    const ours = await timed(async () => {
      for (let index = 0; index < transactions; index++) {
        const startedAt = performance.now()
        await producer.transact(work(producer, index))
        latencies.add(performance.now() - startedAt)
      }
    })
    const records = transactions * partitions * recordsOfBatch
    const bytes = transactions * transactionBytes
    const reference = await timed(() => bareWrite(join(directory, 'transact-32.bare'), bytes, { roundBytes: transactionBytes }))
    return toRow('transact-32', records, records * recordBytes, ours, reference, {
      p50Ms: latencies.quantileMs(0.5),
      p99Ms: latencies.quantileMs(0.99),
      transactionsPerSecond: transactions / ours.seconds,
    })
  },
}

function work(producer: Producer, index: number): TransactionWork {
  const batches: OutgoingBatch[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const batch = producer.batch('bench', partition)
    for (let record = 0; record < recordsOfBatch; record++) batch.append(null, valueOf(record), index)
    batches.push(batch)
  }
  const positions = batches.map(({ topic, partition }) => ({ topic, partition, offset: index }))
  return { batches, offsets: { group: 'bench', positions } }
}
