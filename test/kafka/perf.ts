import { spawn } from 'node:child_process'
import { KafkaBroker } from './kafka-broker.ts'
import type { Settings } from './kafka-driver.ts'
import { findKafka, type KafkaHome } from './kafka-home.ts'

/**
 * Kafka's own measurements of itself: kafka-producer-perf-test and kafka-consumer-perf-test, each in a Java process of its own, against
 * a broker in another, all with Java's own defaults but for the memory of the broker (1 GiB, as Kafka's scripts give it).
 *
 * Records of 100 bytes into one partition, acks=1: a broker acknowledges what the page cache has, it syncs nothing.
 */
export interface KafkaSpeed {
  /** Records a second, by `batch.size` in bytes. */
  readonly produced: Readonly<Record<number, number>>
  /** Records a second, of all of them, while it fetched. */
  readonly consumed: number
}

export interface PerfOptions {
  /** For each batch size. */
  readonly records: number
  readonly batchSizes?: readonly number[]
}

/** The default of Kafka's clients was 16,384 bytes, and what users set is mostly larger. */
const usualBatchSizes = [8196, 65_536, 262_144]
export const brokerJava: readonly string[] = ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20']
/** Kafka's own; the harness otherwise takes fewer threads. */
export const brokerSettings: Settings = { 'num.network.threads': '3', 'num.io.threads': '8', 'background.threads': '10' }
const recordBytes = 100

export async function measureKafka({ records, batchSizes = usualBatchSizes }: PerfOptions): Promise<KafkaSpeed> {
  const home = findKafka()
  await using broker = await KafkaBroker.start(brokerSettings, { javaOptions: brokerJava, limitSeconds: 900 })
  const produced: Record<number, number> = {}
  for (const batchSize of batchSizes) {
    await broker.driver.call('createTopic', { topic: `perf-${batchSize}`, partitions: 1, config: {} })
    produced[batchSize] = await produce(home, broker.bootstrap, `perf-${batchSize}`, records, batchSize)
  }
  return { produced, consumed: await consume(home, broker.bootstrap, `perf-${batchSizes.at(-1)!}`, records) }
}

async function produce(home: KafkaHome, bootstrap: string, topic: string, records: number, batchSize: number): Promise<number> {
  const amounts = ['--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1']
  const client = [
    'acks=1',
    'enable.idempotence=false',
    'compression.type=none',
    `batch.size=${batchSize}`,
    'buffer.memory=67108864',
  ]
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, ...amounts, '--command-property', ...client]
  const output = await java(home, 'org.apache.kafka.tools.ProducerPerformance', args)
  const found = [...output.matchAll(new RegExp(`^${records} records sent, ([\\d.]+) records/sec`, 'gm'))].at(-1)
  if (found === undefined) throw new Error(`kafka-producer-perf-test says nothing: ${output}`)
  return Number(found[1])
}

async function consume(home: KafkaHome, bootstrap: string, topic: string, records: number): Promise<number> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(records), '--hide-header']
  const output = await java(home, 'org.apache.kafka.tools.ConsumerPerformance', args)
  // start, end, MB, MB/s, records, records/s, time of the rebalance, of the fetches, MB/s and records/s while it fetched
  const columns = output.trim().split('\n').at(-1)!.split(', ')
  if (columns.length !== 10 || Number(columns[4]) < records)
    throw new Error(`kafka-consumer-perf-test did not read all: ${output}`)
  return Number(columns[9])
}

async function java(home: KafkaHome, mainClass: string, args: readonly string[]): Promise<string> {
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
