import { assert } from '../base/assert.ts'
import type { TopicPartition } from '../base/ids.ts'

/**
 * What the coordinator knows of one transactional id, and the ways its status may go.
 *
 *      Empty ──> Ongoing ──> PrepareCommit ──> CompleteCommit ─┐
 *        │          └──────> PrepareAbort ───> CompleteAbort ──┤
 *        └── (a transaction of one frame) ──> CompleteCommit   └──> Ongoing, Empty …
 *
 * Invariants
 *   V1  A decision is never taken back: from PrepareCommit the only way is CompleteCommit, from PrepareAbort CompleteAbort.
 *   V2  Everything here stands in the record, so that a coordinator that was replayed decides as the one that wrote it.
 */
export type TransactionStatus =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'

/** 2: the epoch rises with every transaction (KIP-890). 1: it stays, as older clients expect. */
export type TransactionVersion = 1 | 2

export type EndKind = 'commit' | 'abort'

export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface TransactionState extends ProducerIdentity {
  readonly status: TransactionStatus
  /**
   * Who may ask again for this identity, because the answer that gave it may be lost: the producer id of its predecessor.
   * -1 when somebody else took over (it is fenced then), and once the identity was used.
   */
  readonly previousProducerId: number
  /** With a decision whose epochs are used up: who goes on when it is complete. -1 otherwise. */
  readonly nextProducerId: number
  readonly timeoutMs: number
  /** Of the transaction that is open or decided, sorted by nothing: in the order they came. */
  readonly partitions: readonly TopicPartition[]
  /** Wall clock; -1 without a transaction. */
  readonly startedAt: number
  /** Wall clock. */
  readonly updatedAt: number
  readonly version: TransactionVersion
}

const ways: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  Empty: ['Empty', 'Ongoing', 'PrepareAbort', 'CompleteCommit', 'Dead'],
  Ongoing: ['Ongoing', 'PrepareCommit', 'PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['Empty', 'Ongoing', 'PrepareAbort', 'CompleteCommit', 'Dead'],
  CompleteAbort: ['Empty', 'Ongoing', 'PrepareAbort', 'CompleteCommit', 'Dead'],
  Dead: [],
}

/** The state with another status and what changes with it. */
export function moved(
  state: TransactionState,
  status: TransactionStatus,
  change: Partial<Omit<TransactionState, 'status'>>,
): TransactionState {
  assert(ways[state.status].includes(status), `a transaction cannot go from ${state.status} to ${status}`)
  return { ...state, ...change, status }
}

/** The decision, while its markers may be missing. */
export function decisionOf({ status }: TransactionState): EndKind | null {
  if (status === 'PrepareCommit') return 'commit'
  return status === 'PrepareAbort' ? 'abort' : null
}

export function isIdle({ status }: TransactionState): boolean {
  return status === 'Empty' || status === 'CompleteCommit' || status === 'CompleteAbort'
}
