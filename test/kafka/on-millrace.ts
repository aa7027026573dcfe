import type { LogClient, OutgoingBatch, Producer, ProducerOptions, Transaction } from '@millrace/core'
import type { Batch, Compression, CreateTopic, Operation, Transact } from './operations.ts'

/** Does operations on a log of Millrace; its producers stay open until `close`. */
export class MillraceRun {
  private readonly log: LogClient
  private readonly producers = new Map<string, Producer>()
  /** Open ones, by transactional id. */
  private readonly transactions = new Map<string, Transaction>()

  constructor(log: LogClient) {
    this.log = log
  }

  async apply(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) await this.one(operation)
  }

  private one(operation: Operation): Promise<unknown> {
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
        return this.begin(operation.transactionalId)
      case 'add':
        return this.add(operation.transactionalId, operation.batch)
      case 'end':
      default:
        return this.end(operation.transactionalId, operation.how)
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

  /** In one frame where it is committed; what is to be aborted has to be open first. */
  private async transact({ transactionalId, batches, offsets, end }: Transact): Promise<void> {
    const producer = await this.open(transactionalId, { transactionalId })
    const outgoing = batches.map((batch) => filled(producer, batch))
    if (end !== 'abort')
      return void (await producer.transact({ batches: outgoing, ...(offsets === undefined ? {} : { offsets }) }))
    const transaction = await producer.begin()
    for (const batch of outgoing) await transaction.send(batch)
    if (offsets !== undefined) await transaction.sendOffsets(offsets)
    await transaction.abort()
  }

  private async begin(transactionalId: string): Promise<void> {
    const producer = await this.open(transactionalId, { transactionalId })
    this.transactions.set(transactionalId, await producer.begin())
  }

  private async add(transactionalId: string, batch: Batch): Promise<void> {
    await this.transactions.get(transactionalId)!.send(filled(this.producers.get(transactionalId)!, batch))
  }

  private async end(transactionalId: string, how: 'commit' | 'abort'): Promise<void> {
    await this.transactions.get(transactionalId)![how]()
    this.transactions.delete(transactionalId)
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

function filled(by: Producer, { topic, partition, records }: Batch): OutgoingBatch {
  const batch = by.batch(topic, partition)
  for (const { key, value, timestamp, headers } of records) {
    const pairs = headers?.map(([name, text]) => [name, text === null ? null : Buffer.from(text)] as const)
    batch.append(key, value, timestamp, pairs)
  }
  return batch
}
