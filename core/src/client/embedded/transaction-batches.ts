import type { TransactionBatch } from '../../broker/transaction-work.ts'
import type { TakenBatch } from '../taken-batches.ts'
import type { EmbeddedBatch } from './embedded-batch.ts'

/** What a producer hands to the coordinators. */
export function transactionBatches({ batch: { log }, parts }: TakenBatch<EmbeddedBatch>): readonly TransactionBatch[] {
  return parts.map((part) => ({
    log,
    count: part.count,
    sizeBytes: part.sizeBytes,
    build: ({ producerId, producerEpoch }, baseSequence) =>
      part.build({ producerId, producerEpoch, baseSequence, transactional: true }),
  }))
}
