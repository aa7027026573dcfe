import { measureKafka } from '../kafka/perf.ts'
import { withReference, type BenchRow } from './row.ts'

/**
 * Rows whose reference is an Apache Kafka on the same machine, measured in turns with ours, three times each; medians of both. Kafka's
 * figure for writing is that of its best batch size, acks=1. It syncs nothing before it acknowledges; ours does.
 */
const rounds = 3
const kafkaRecords = 2_000_000

export async function measureAgainstKafka(measureOurs: (id: string) => BenchRow): Promise<BenchRow[]> {
  const appended: BenchRow[] = []
  const read: BenchRow[] = []
  const kafkaProduced: number[] = []
  const kafkaConsumed: number[] = []
  for (let round = 0; round < rounds; round++) {
    appended.push(measureOurs('append-durable'))
    read.push(measureOurs('read-disk'))
    const { produced, consumed } = await measureKafka({ records: kafkaRecords })
    kafkaProduced.push(Math.max(...Object.values(produced)))
    kafkaConsumed.push(consumed)
  }
  return [compare(appended, kafkaProduced), compare(read, kafkaConsumed)]
}

function compare(ours: readonly BenchRow[], kafka: readonly number[]): BenchRow {
  const row = median(ours, ({ recordsPerSecond }) => recordsPerSecond)
  return withReference(
    row,
    median(kafka, (recordsPerSecond) => recordsPerSecond),
  )
}

function median<T>(values: readonly T[], by: (value: T) => number): T {
  return [...values].sort((a, b) => by(a) - by(b))[values.length >> 1]!
}
