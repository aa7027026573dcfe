import { MillraceError } from '../base/errors.ts'
import type { GroupCommit } from '../broker/transaction-work.ts'
import type { BatchPart } from './batch-part.ts'
import type { PartedBatch } from './parted-batch.ts'
import type { OffsetCommit } from './producer.ts'

/** What a producer writes in a transaction, made from what the caller gave. */
export interface TakenBatch<Batch extends PartedBatch = PartedBatch> {
  readonly batch: Batch
  readonly parts: readonly BatchPart[]
}

/** All or none. @throws BATCH_CONSUMED */
export function takeAll<Batch extends PartedBatch>(batches: readonly Batch[]): readonly TakenBatch<Batch>[] {
  const taken: TakenBatch<Batch>[] = []
  try {
    for (const batch of batches) taken.push({ batch, parts: batch.take() })
    return taken
  } catch (error) {
    for (const { batch, parts } of taken) batch.giveBack(parts)
    throw error
  }
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
