import type { JsonOutgoing, KafkaDriver, Settings } from './kafka-driver.ts'
import { base64 } from './millrace-records.ts'
import type { Batch, CreateTopic, Operation, Transact } from './operations.ts'

/** Does the operations on a Kafka, with its Java clients. Producers are closed at the end. */
export async function applyToKafka(
  driver: KafkaDriver,
  operations: readonly Operation[],
  producerConfig: Settings = {},
): Promise<void> {
  const opened = new Set<string>()
  const open = async (producer: string, config: Settings): Promise<string> => {
    if (!opened.has(producer))
      await driver.call('openProducer', { producer, config: { ...togetherInOne, ...config, ...producerConfig } })
    opened.add(producer)
    return producer
  }
  for (const operation of operations) {
    if (operation.op === 'create') await create(driver, operation)
    else if (operation.op === 'write') await send(driver, await open('plain', { 'enable.idempotence': 'false' }), operation.batch)
    else
      await transact(driver, await open(operation.transactionalId, { 'transactional.id': operation.transactionalId }), operation)
  }
  for (const producer of opened) await driver.call('closeProducer', { producer })
}

/** What is flushed together goes as one batch a partition, as from Millrace's producers. */
const togetherInOne: Settings = { 'linger.ms': '10000', 'batch.size': '10000000', 'max.request.size': '20000000' }

const smallestSegment = 1 << 20

async function create(driver: KafkaDriver, { topic, partitions, config = {} }: CreateTopic): Promise<void> {
  await driver.call('createTopic', { topic, partitions, config: kafkaConfig(config) })
}

/** Kafka takes no `segment.bytes` below 1 MiB (KIP-1030), but has another name for tests. */
export function kafkaConfig(config: Settings): Settings {
  const { 'segment.bytes': segment, ...rest } = config
  if (segment === undefined) return rest
  return { ...rest, [Number(segment) < smallestSegment ? 'internal.segment.bytes' : 'segment.bytes']: segment }
}

async function transact(driver: KafkaDriver, producer: string, { batches, offsets, end }: Transact): Promise<void> {
  await driver.call('begin', { producer })
  for (const batch of batches) await send(driver, producer, batch)
  if (offsets !== undefined) await driver.call('sendOffsets', { producer, ...offsets })
  await driver.call('end', { producer, how: end ?? 'commit' })
}

async function send(driver: KafkaDriver, producer: string, { topic, partition, records }: Batch): Promise<void> {
  const outgoing = records.map(({ timestamp, key, value, headers = [] }): JsonOutgoing => {
    const pairs = headers.map(([name, text]) => [name, base64(text)] as const)
    return { topic, partition, timestamp, key: base64(key), value: base64(value), headers: pairs }
  })
  await driver.call('send', { producer, records: outgoing })
}
