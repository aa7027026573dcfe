import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import { acceptBatch } from './accept-batch.ts'
import type { Topics } from './topics.ts'

/**
 * Appends one record batch that comes from outside: checked whole, rewritten where the topic asks for another compression or its
 * own time, then given its offset. A batch of an idempotent producer that repeats one of its last five is answered with that
 * one's offset; which one it repeats is told by what was received, before anything was rewritten.
 * Resolves to the base offset when the batch is durable.
 * @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, PRODUCER_FENCED, OUT_OF_ORDER_SEQUENCE, DUPLICATE_DIFFERS, INVALID_TOPIC_NAME for the
 * log's own topics; and as `acceptBatch`
 */
export async function produce(
  directory: LogDirectory,
  topics: Topics,
  to: TopicPartition,
  received: Uint8Array,
): Promise<number> {
  const log = topics.logToWrite(to)
  const { batch, header, receivedCrc } = acceptBatch(received, {
    where: partitionName(to),
    settings: topics.settings(to.topic),
    maxBytes: topics.maxMessageBytes(to.topic),
    now: directory.world.clock.now(),
  })
  if (header.transactional) throw transactionalBatch(to)
  const { baseOffsets, durable } = directory.append([{ log, batch, receivedCrc }])
  await durable
  return baseOffsets[0]!
}

function transactionalBatch(to: TopicPartition): Error {
  return coreError('CORRUPT_BATCH', {
    what: 'a transaction is written through transact',
    where: partitionName(to),
    expected: 'a plain batch',
    received: 'a transactional one',
  })
}
