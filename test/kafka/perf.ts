import { KafkaBroker } from './kafka-broker.ts'
import type { Settings } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { consumePerf, producePerf } from './perf-tools.ts'

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
  const { bootstrap } = broker
  const produced: Record<number, number> = {}
  for (const batchSize of batchSizes) {
    await broker.driver.call('createTopic', { topic: `perf-${batchSize}`, partitions: 1, config: {} })
    const client = [
      'acks=1',
      'enable.idempotence=false',
      'compression.type=none',
      `batch.size=${batchSize}`,
      'buffer.memory=67108864',
    ]
    produced[batchSize] = await producePerf(home, { bootstrap, topic: `perf-${batchSize}`, records, recordBytes, client })
  }
  return { produced, consumed: await consumePerf(home, { bootstrap, topic: `perf-${batchSizes.at(-1)!}`, records }) }
}
