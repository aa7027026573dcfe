import type { LogClient, OutgoingBatch, Producer, ProducerOptions } from '@millrace/core'
import type { Batch, Compression, CreateTopic, Operation, Transact } from './operations.ts'

/** Does the operations on a log of Millrace. Producers are closed at the end. */
export async function applyToMillrace(log: LogClient, operations: readonly Operation[]): Promise<void> {
  const run = new MillraceRun(log)
  for (const operation of operations) await run.apply(operation)
  await run.close()
}

class MillraceRun {
  private readonly log: LogClient
  private readonly producers = new Map<string, Producer>()

  constructor(log: LogClient) {
    this.log = log
  }

  async apply(operation: Operation): Promise<void> {
    await this.answer(operation)
  }

  private answer(operation: Operation): Promise<unknown> {
    switch (operation.op) {
      case 'create':
        return this.create(operation)
      case 'configure':
        return this.log.admin.alterTopicConfig(operation.topic, operation.changes)
      case 'delete-records':
        return this.deleteRecords(operation.topic, operation.partition, operation.share)
      case 'write':
        return this.write(operation.batch, operation.compression ?? 'none')
      case 'transact':
        return this.transact(operation)
      case 'begin':
      case 'add':
      case 'end':
      default:
        throw unknown(operation)
    }
  }

  async close(): Promise<void> {
    for (const producer of this.producers.values()) await producer.close()
  }

  private create({ topic, partitions, config = {} }: CreateTopic): Promise<void> {
    return this.log.admin.createTopics([{ topic, partitions, config }])
  }

  private async write(batch: Batch, compression: Compression | 'none'): Promise<void> {
    const producer = await this.open(`plain-${compression}`, { compression })
    await producer.send(filled(producer, batch))
  }

  private async transact(operation: Transact): Promise<void> {
    const { transactionalId, batches, offsets, end } = operation
    if (end === 'abort') throw unknown(operation)
    const producer = await this.open(transactionalId, { transactionalId })
    const filledOnes = batches.map((batch) => filled(producer, batch))
    await producer.transact({ batches: filledOnes, ...(offsets === undefined ? {} : { offsets }) })
  }

  private async open(name: string, options: ProducerOptions): Promise<Producer> {
    const open = this.producers.get(name) ?? (await this.log.producer(options))
    this.producers.set(name, open)
    return open
  }

  private async deleteRecords(topic: string, partition: number, share: number): Promise<void> {
    const [stable] = await this.log.admin.listOffsets([{ topic, partition, at: 'stable' }])
    await this.log.admin.deleteRecords([{ topic, partition, before: Math.floor(stable! * share) }])
  }
}

function unknown({ op }: Operation): Error {
  return new Error(`Millrace has no such transactions yet: ${op}`)
}

function filled(by: Producer, { topic, partition, records }: Batch): OutgoingBatch {
  const batch = by.batch(topic, partition)
  for (const { key, value, timestamp, headers } of records) {
    const pairs = headers?.map(([name, text]) => [name, text === null ? null : Buffer.from(text)] as const)
    batch.append(key, value, timestamp, pairs)
  }
  return batch
}
