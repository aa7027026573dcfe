import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { acceptBatch, type AcceptedBatch } from './accept-batch.ts'
import type { Topics } from './topics.ts'

/**
 * Appends one record batch that comes from outside: checked whole, rewritten where the topic asks for another compression or its
 * own time, then given its offset. A batch of an idempotent producer that repeats one of its last five is answered with that
 * one's offset; which one it repeats is told by what was received, before anything was rewritten.
 * Resolves when the batch is durable.
 * @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, PRODUCER_FENCED, OUT_OF_ORDER_SEQUENCE, DUPLICATE_DIFFERS, INVALID_TOPIC_NAME for the
 * log's own topics; and as `acceptBatch`
 */
export async function produce(
  directory: LogDirectory,
  topics: Topics,
  to: TopicPartition,
  received: Uint8Array,
): Promise<Produced> {
  const now = directory.world.clock.now()
  const { log, batch, receivedCrc, appendedAt } = admit(topics, to, received, { transactional: false, now })
  const { baseOffsets, durable } = directory.append([{ log, batch, receivedCrc }])
  await durable
  return { baseOffset: baseOffsets[0]!, appendedAt }
}

/** Where a batch stands. */
export interface Produced {
  readonly baseOffset: number
  /** The time that the log gave to its records, milliseconds since 1970; null where they have the producer's. */
  readonly appendedAt: number | null
}

/** A batch that may be appended to its partition. */
export interface Admitted extends AcceptedBatch {
  readonly log: PartitionLog
}

/** @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_TOPIC_NAME for the log's own topics; and as `acceptBatch` */
export function admit(
  topics: Topics,
  to: TopicPartition,
  received: Uint8Array,
  { transactional, now }: { readonly transactional: boolean; readonly now: number },
): Admitted {
  const log = topics.logToWrite(to)
  const accepted = acceptBatch(received, {
    where: partitionName(to),
    settings: topics.settings(to.topic),
    maxBytes: topics.maxMessageBytes(to.topic),
    now,
  })
  if (accepted.header.transactional !== transactional) throw otherKind(to, transactional)
  return { log, ...accepted }
}

function otherKind(to: TopicPartition, transactional: boolean): Error {
  const [expected, received] = transactional ? ['a transactional batch', 'a plain one'] : ['a plain batch', 'a transactional one']
  return coreError('CORRUPT_BATCH', {
    what: 'a transaction is written with its transactional id, and nothing else is',
    where: partitionName(to),
    expected,
    received,
  })
}
