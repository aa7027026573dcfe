import { spawn } from 'node:child_process'
import type { KafkaHome } from './kafka-home.ts'

/** Kafka's own measuring tools, each in a Java process of its own, against any server that speaks its protocol. */
export interface ProducePerf {
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
  readonly recordBytes: number
  /** Of the producer, beside its own defaults: `acks=1`. */
  readonly client: readonly string[]
}

/** Records a second, by kafka-producer-perf-test. */
export async function producePerf(home: KafkaHome, perf: ProducePerf): Promise<number> {
  const { bootstrap, topic, records, recordBytes, client } = perf
  const amounts = ['--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1']
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, ...amounts, '--command-property', ...client]
  const output = await runJava(home, 'org.apache.kafka.tools.ProducerPerformance', args)
  const found = [...output.matchAll(new RegExp(`^${records} records sent, ([\\d.]+) records/sec`, 'gm'))].at(-1)
  if (found === undefined) throw new Error(`kafka-producer-perf-test says nothing: ${output}`)
  return Number(found[1])
}

export interface ConsumePerf {
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
}

/** Records a second while it fetched, by kafka-consumer-perf-test. */
export async function consumePerf(home: KafkaHome, { bootstrap, topic, records }: ConsumePerf): Promise<number> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(records), '--hide-header']
  const output = await runJava(home, 'org.apache.kafka.tools.ConsumerPerformance', args)
  // start, end, MB, MB/s, records, records/s, time of the rebalance, of the fetches, MB/s and records/s while it fetched
  const columns = output.trim().split('\n').at(-1)!.split(', ')
  if (columns.length !== 10 || Number(columns[4]) < records)
    throw new Error(`kafka-consumer-perf-test did not read all: ${output}`)
  return Number(columns[9])
}

export interface EndToEndLatency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** From send to poll of one record after the other, acks=all, by kafka-e2e-latency, which counts whole milliseconds of quantiles. */
export async function endToEndLatency(
  home: KafkaHome,
  { bootstrap, topic, records, recordBytes }: ConsumePerf & { readonly recordBytes: number },
): Promise<EndToEndLatency> {
  const args = [bootstrap, topic, String(records), 'all', String(recordBytes)]
  const output = await runJava(home, 'org.apache.kafka.tools.EndToEndLatency', args)
  const found = /Percentiles: 50th = ([\d.]+), 99th = ([\d.]+)/.exec(output)
  if (found === null) throw new Error(`kafka-e2e-latency says nothing: ${output}`)
  return { p50Ms: Number(found[1]), p99Ms: Number(found[2]) }
}

/** Runs a main class; what it has written. @throws when it ends otherwise than with 0 */
export async function runJava(home: KafkaHome, mainClass: string, args: readonly string[]): Promise<string> {
  const logging = `-Dlog4j2.configurationFile=${home.logging}`
  const child = spawn('java', ['-Xmx512m', logging, '-cp', home.classPath, mainClass, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const stop = (): boolean => child.kill('SIGKILL')
  process.once('exit', stop)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  process.off('exit', stop)
  const output = Buffer.concat(chunks).toString('utf8')
  if (status !== 0) throw new Error(`${mainClass} ended with ${status}: ${output}`)
  return output
}
