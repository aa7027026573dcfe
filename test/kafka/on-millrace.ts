import type { LogClient, OutgoingBatch, Producer } from '@millrace/core'
import type { Batch, Operation } from './operations.ts'

/** Does the operations on a log of Millrace. */
export async function applyToMillrace(log: LogClient, operations: readonly Operation[]): Promise<void> {
  const producers = new Map<string | undefined, Producer>()
  const producer = async (transactionalId?: string): Promise<Producer> => {
    const open = producers.get(transactionalId) ?? (await log.producer(transactionalId === undefined ? {} : { transactionalId }))
    producers.set(transactionalId, open)
    return open
  }
  for (const operation of operations) await apply(log, operation, producer)
  for (const open of producers.values()) await open.close()
}

async function apply(log: LogClient, operation: Operation, producer: (id?: string) => Promise<Producer>): Promise<void> {
  if (operation.op === 'create') {
    const { topic, partitions, config = {} } = operation
    return log.admin.createTopics([{ topic, partitions, config }])
  }
  if (operation.op === 'write') {
    const by = await producer()
    return void (await by.send(filled(by, operation.batch)))
  }
  if (operation.end === 'abort') throw new Error('Millrace has no transactions that can be aborted yet')
  const by = await producer(operation.transactionalId)
  const batches = operation.batches.map((batch) => filled(by, batch))
  await by.transact({ batches, ...(operation.offsets === undefined ? {} : { offsets: operation.offsets }) })
}

function filled(by: Producer, { topic, partition, records }: Batch): OutgoingBatch {
  const batch = by.batch(topic, partition)
  for (const { key, value, timestamp, headers } of records) {
    const pairs = headers?.map(([name, text]) => [name, text === null ? null : Buffer.from(text)] as const)
    batch.append(key, value, timestamp, pairs)
  }
  return batch
}
