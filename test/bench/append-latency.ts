import { join } from 'node:path'
import { embeddedLog, type Producer } from '@millrace/core'
import { BareJournal } from './bare-disk.ts'
import { Latencies } from './latencies.ts'
import { createBenchTopic, recordBytes, valueOf } from './plain-records.ts'
import { timed, toRow, type Bench, type Timed } from './row.ts'

const producers = { full: 1000, tiny: 20 }
const counts = { full: 1000, tiny: 10 }
const warmUpRounds = 50
/** A record in a batch of its own, as it stands in the journal. */
const batchBytes = recordBytes + 8 + 61 + 20

/**
 * How long 1,000 producers wait that append one record each at the same time, in turn with a bare write and sync of the same bytes
 * over a file that is there already. A turn's bare write is one duration, a turn of ours 1,000.
 */
export const appendLatency: Bench = {
  id: 'append-latency',
  against: 'write + fdatasync of the same bytes over an existing file, in turn',
  async run({ scale, directory }) {
    await using log = await embeddedLog({ dir: join(directory, 'append-latency') })
    await createBenchTopic(log, 1)
    const waiting = await Promise.all(Array.from({ length: producers[scale] }, () => log.producer()))
    const bare = await BareJournal.create(join(directory, 'append-latency.bare'), producers[scale] * batchBytes)
    for (let round = 0; round < warmUpRounds; round++) await appendOnce(waiting, round, new Latencies())
    const [ours, reference] = [new Latencies(), new Latencies()]
    let [oursTime, bareTime]: [Timed, Timed] = [noTime, noTime]
    for (let round = 0; round < counts[scale]; round++) {
      oursTime = sum(oursTime, await timed(() => appendOnce(waiting, round, ours)))
      const bareRound = await timed(() => bare.append())
      reference.add(bareRound.seconds * 1e3)
      bareTime = sum(bareTime, bareRound)
    }
    bare.close()
    const records = counts[scale] * producers[scale]
    return toRow('append-latency', records, records * recordBytes, oursTime, bareTime, {
      p50Ms: ours.quantileMs(0.5),
      p99Ms: ours.quantileMs(0.99),
      bareP50Ms: reference.quantileMs(0.5),
      bareP99Ms: reference.quantileMs(0.99),
      p99ToBare: ours.quantileMs(0.99) / reference.quantileMs(0.99),
    })
  },
}

async function appendOnce(waiting: readonly Producer[], round: number, latencies: Latencies): Promise<void> {
  const startedAt = performance.now()
  await Promise.all(
    waiting.map(async (producer, index) => {
      producer.append('bench', null, valueOf(index), { timestamp: round })
      await producer.flush()
      latencies.add(performance.now() - startedAt)
    }),
  )
}

const noTime: Timed = { seconds: 0, cpuSeconds: 0 }

function sum(a: Timed, b: Timed): Timed {
  return { seconds: a.seconds + b.seconds, cpuSeconds: a.cpuSeconds + b.cpuSeconds }
}
