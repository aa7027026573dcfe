import { measureKafkaStreams, type StreamsWork } from '../kafka/streams-perf.ts'
import { withReference, type BenchRow } from './row.ts'

/**
 * The rows of streams beside Kafka Streams with a Kafka on the same machine, each pair in turn. What counts is records a CPU-second: one
 * process of ours does what two Java processes do there, on whatever cores there are.
 */
const works: Readonly<Record<string, StreamsWork>> = {
  'streams-json': 'json',
  'streams-count': 'count',
  'streams-window': 'window',
  'streams-join': 'join',
}

/** As our rows have them. */
const size = { keys: 10_000, partitions: 4 }

export async function measureStreamsAgainstKafka(measureOurs: (id: string) => BenchRow): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const [id, work] of Object.entries(works)) {
    const ours = measureOurs(id)
    const kafka = await measureKafkaStreams(work, { ...size, records: ours.records })
    const perCpuSecond = ours.records / ours.cpuSeconds
    const kafkaPerCpuSecond = ours.records / kafka.cpuSeconds
    rows.push({
      ...withReference(ours, ours.records / kafka.seconds),
      figures: {
        perCpuSecond: Math.round(perCpuSecond),
        kafkaPerCpuSecond: Math.round(kafkaPerCpuSecond),
        kafkaCpuSeconds: Number(kafka.cpuSeconds.toFixed(2)),
        cpuRatio: Number((perCpuSecond / kafkaPerCpuSecond).toFixed(2)),
      },
    })
  }
  return rows
}
