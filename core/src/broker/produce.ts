import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { checkBatch } from '../record/batch-validation.ts'
import type { Topics } from './topics.ts'

/**
 * Appends one record batch that comes from outside: checked whole, then given its offset in place. A batch of an idempotent
 * producer that repeats one of its last five is answered with that one's offset.
 * Resolves to the base offset when the batch is durable.
 * @throws CORRUPT_BATCH, RECORD_TOO_LARGE, UNKNOWN_TOPIC, UNKNOWN_PARTITION, PRODUCER_FENCED, OUT_OF_ORDER_SEQUENCE,
 * DUPLICATE_DIFFERS, INVALID_TOPIC_NAME for the log's own topics
 */
export async function produce(directory: LogDirectory, topics: Topics, to: TopicPartition, batch: Uint8Array): Promise<number> {
  const log = topics.logToWrite(to)
  const header = checkBatch(batch, 0, batch.length)
  const limit = topics.maxMessageBytes(to.topic)
  if (batch.length > limit) throw tooLarge(to, limit, batch.length)
  if (header.sizeBytes !== batch.length) throw refused(to, 'more than one batch was sent', header.sizeBytes, batch.length)
  if (header.count !== header.lastOffsetDelta + 1)
    throw refused(to, 'the count of records contradicts their offsets', header.lastOffsetDelta + 1, header.count)
  if (header.control) throw refused(to, 'control batches are written by the log alone', 'a data batch', 'a control batch')
  if (header.transactional) throw refused(to, 'a transaction is written through transact', 'a plain batch', 'a transactional one')
  forEachRecord(batch, () => {
    // Every record is looked at: what is appended can be read.
  })
  const { baseOffsets, durable } = directory.append([{ log, batch }])
  await durable
  return baseOffsets[0]!
}

function tooLarge(to: TopicPartition, limit: number, received: number): Error {
  return coreError('RECORD_TOO_LARGE', {
    what: 'a record batch is larger than the topic takes',
    where: partitionName(to),
    expected: `at most ${limit} bytes`,
    received: `${received} bytes`,
  })
}

function refused(to: TopicPartition, what: string, expected: string | number, received: string | number): Error {
  return coreError('CORRUPT_BATCH', { what, where: partitionName(to), expected, received })
}
