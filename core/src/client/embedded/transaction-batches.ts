import { MillraceError } from '../../base/errors.ts'
import type { GroupCommit, TransactionBatch } from '../../broker/transaction-work.ts'
import type { OffsetCommit } from '../producer.ts'
import type { BatchPart } from '../batch-part.ts'
import type { EmbeddedBatch } from './embedded-batch.ts'

/** What a producer hands to the coordinators, made from what the caller gave. */
export interface TakenBatch {
  readonly batch: EmbeddedBatch
  readonly parts: readonly BatchPart[]
}

/** All or none. @throws BATCH_CONSUMED */
export function takeAll(batches: readonly EmbeddedBatch[]): readonly TakenBatch[] {
  const taken: TakenBatch[] = []
  try {
    for (const batch of batches) taken.push({ batch, parts: batch.take() })
    return taken
  } catch (error) {
    for (const { batch, parts } of taken) batch.giveBack(parts)
    throw error
  }
}

export function transactionBatches({ batch: { log }, parts }: TakenBatch): readonly TransactionBatch[] {
  return parts.map((part) => ({
    log,
    count: part.count,
    sizeBytes: part.sizeBytes,
    build: ({ producerId, producerEpoch }, baseSequence) =>
      part.build({ producerId, producerEpoch, baseSequence, transactional: true }),
  }))
}

export function groupCommit({ positions, ...rest }: OffsetCommit): GroupCommit {
  return { ...rest, positions: positions.map(({ metadata = '', ...position }) => ({ ...position, metadata })) }
}

/** Whether it is certain that nothing was written. */
export function isWithoutEffect(error: unknown): boolean {
  return error instanceof MillraceError && error.outcome !== 'unknownOutcome'
}

const takenOver: readonly string[] = ['PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']

/**
 * Whether nothing more can come of the producer that met it: somebody has taken over, or what became of a write is unknown. A member
 * whose group has gone on without it is fenced too, but not the producer: it aborts, and may go on.
 */
export function endsProducer(error: unknown): error is MillraceError {
  return error instanceof MillraceError && (takenOver.includes(error.code) || error.outcome === 'unknownOutcome')
}
