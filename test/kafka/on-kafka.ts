import type { JsonOutgoing, KafkaDriver, Settings } from './kafka-driver.ts'
import { base64 } from './millrace-records.ts'
import type { Batch, Operation, Transact } from './operations.ts'

/** What is flushed together goes as one batch a partition, as from Millrace's producers. */
const togetherInOne: Settings = { 'linger.ms': '10000', 'batch.size': '10000000', 'max.request.size': '20000000' }

/** Does operations on a Kafka with its Java clients; its producers stay open until `close`, or the broker's stop. */
export class KafkaRun {
  private readonly driver: KafkaDriver
  private readonly opened = new Set<string>()

  constructor(driver: KafkaDriver) {
    this.driver = driver
  }

  async apply(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) await this.one(operation)
  }

  private one(operation: Operation): Promise<unknown> {
    switch (operation.op) {
      case 'create':
        return this.driver.call('createTopic', { ...operation, config: kafkaConfig(operation.config ?? {}) })
      case 'configure':
        return this.driver.call('alterTopicConfig', operation)
      case 'delete-records':
        return this.deleteRecords(operation.topic, operation.partition, operation.share)
      case 'write':
        return this.write(operation.batch, operation.compression ?? 'none')
      case 'transact':
        return this.transact(operation)
      case 'begin':
        return this.begin(operation.transactionalId)
      case 'add':
        return this.send(operation.transactionalId, operation.batch)
      case 'end':
      default:
        return this.end(operation.transactionalId, operation.how)
    }
  }

  async close(): Promise<void> {
    for (const producer of this.opened) await this.driver.call('closeProducer', { producer })
  }

  private async open(producer: string, config: Settings): Promise<string> {
    if (!this.opened.has(producer)) await this.driver.call('openProducer', { producer, config: { ...togetherInOne, ...config } })
    this.opened.add(producer)
    return producer
  }

  private async write(batch: Batch, compression: string): Promise<void> {
    const config = { 'enable.idempotence': 'false', 'compression.type': compression }
    await this.send(await this.open(`plain-${compression}`, config), batch)
  }

  private async transact({ transactionalId, batches, offsets, end }: Transact): Promise<void> {
    await this.begin(transactionalId)
    for (const batch of batches) await this.send(transactionalId, batch)
    if (offsets !== undefined) await this.driver.call('sendOffsets', { producer: transactionalId, ...offsets })
    await this.end(transactionalId, end ?? 'commit')
  }

  private async begin(transactionalId: string): Promise<void> {
    const producer = await this.open(transactionalId, { 'transactional.id': transactionalId })
    await this.driver.call('begin', { producer })
  }

  private end(transactionalId: string, how: 'commit' | 'abort'): Promise<null> {
    return this.driver.call('end', { producer: transactionalId, transactionalId, how })
  }

  private async send(producer: string, { topic, partition, records }: Batch): Promise<void> {
    const outgoing = records.map(({ timestamp, key, value, headers = [] }): JsonOutgoing => {
      const pairs = headers.map(([name, text]) => [name, base64(text)] as const)
      return { topic, partition, timestamp, key: base64(key), value: base64(value), headers: pairs }
    })
    await this.driver.call('send', { producer, records: outgoing })
  }

  private async deleteRecords(topic: string, partition: number, share: number): Promise<void> {
    const { offset } = await this.driver.call('listOffset', { topic, partition, at: 'stable' })
    await this.driver.call('deleteRecords', { topic, partition, before: Math.floor(offset * share) })
  }
}

const smallestSegment = 1 << 20

/** Kafka takes no `segment.bytes` below 1 MiB (KIP-1030), but has another name for tests. */
export function kafkaConfig(config: Settings): Settings {
  const { 'segment.bytes': segment, ...rest } = config
  if (segment === undefined) return rest
  return { ...rest, [Number(segment) < smallestSegment ? 'internal.segment.bytes' : 'segment.bytes']: segment }
}
