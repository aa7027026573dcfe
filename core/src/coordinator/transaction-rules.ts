import { coreError } from '../base/error-catalogue.ts'
import {
  decisionOf,
  type EndKind,
  type ProducerIdentity,
  type TransactionState,
  type TransactionVersion,
} from './transaction-state.ts'

/**
 * Who may do what to a transactional id: the rules as functions of its state, without effect.
 *
 * Invariants
 *   W1  An identity that somebody else has taken over is refused everywhere, for ever (TXN-5).
 *   W2  In version 2 a request names its transaction by (producer id, epoch); of another one it changes nothing (TXN-4, KIP-890).
 */
export interface EndRequest {
  readonly id: string
  readonly by: ProducerIdentity
  readonly kind: EndKind
  readonly version: TransactionVersion
}

/** What ending comes to: it is decided now, or it was already and the answer may be given again. */
export type EndVerdict = 'decide' | 'repeated'

/** @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS */
export function judgeEnd(state: TransactionState | undefined, request: EndRequest, epochLimit: number): EndVerdict {
  const known = mapped(state, request, epochLimit)
  return request.version === 1 ? judgeEnd1(known, request) : judgeEnd2(known, request, epochLimit)
}

/** The id is known, and by this producer id; or by its successor, when that request is the last one of the old epochs. */
function mapped(state: TransactionState | undefined, request: EndRequest, epochLimit: number): TransactionState {
  const { id, by, version } = request
  if (state !== undefined && state.status !== 'Dead') {
    if (state.producerId === by.producerId) return state
    if (version === 2 && isLastBeforeRotation(state, by, epochLimit)) return state
  }
  throw unmapped(id, state, by)
}

function isLastBeforeRotation(state: TransactionState, by: ProducerIdentity, epochLimit: number): boolean {
  return by.producerId === state.previousProducerId && by.producerEpoch === epochLimit - 1 && state.producerEpoch === 0
}

/** KIP-890: the epoch rises with the decision, so one that is one behind repeats the request that was decided. */
function judgeEnd2(state: TransactionState, request: EndRequest, epochLimit: number): EndVerdict {
  const { by, kind } = request
  const isCurrent = by.producerId === state.producerId && by.producerEpoch === state.producerEpoch
  const isRepeated =
    (by.producerId === state.producerId && by.producerEpoch + 1 === state.producerEpoch) ||
    isLastBeforeRotation(state, by, epochLimit)
  switch (state.status) {
    case 'Ongoing':
      if (isCurrent) return 'decide'
      break
    case 'Empty':
      if (isCurrent) return onlyAbort(state, request)
      break
    case 'PrepareCommit':
    case 'PrepareAbort':
      if (isRepeated) throw decisionOf(state) === kind ? concurrent(request.id) : contradicts(state, request)
      break
    case 'CompleteCommit':
    case 'CompleteAbort':
      if (isRepeated) return onlySame(state, request)
      if (isCurrent) return onlyAbort(state, request)
      break
    case 'Dead':
      break
  }
  throw fenced(request.id, state, by)
}

/** Without a transaction only an abort has a meaning: it raises the epoch. */
function onlyAbort(state: TransactionState, request: EndRequest): EndVerdict {
  if (request.kind === 'abort') return 'decide'
  throw contradicts(state, request)
}

function onlySame(state: TransactionState, request: EndRequest): EndVerdict {
  if (state.status === (request.kind === 'commit' ? 'CompleteCommit' : 'CompleteAbort')) return 'repeated'
  throw contradicts(state, request)
}

/** Before KIP-890: the epoch stays, so a request of an earlier transaction cannot be told from one of this. */
function judgeEnd1(state: TransactionState, request: EndRequest): EndVerdict {
  if (request.by.producerEpoch !== state.producerEpoch) throw fenced(request.id, state, request.by)
  switch (state.status) {
    case 'Ongoing':
      return 'decide'
    case 'PrepareCommit':
    case 'PrepareAbort':
      throw decisionOf(state) === request.kind ? concurrent(request.id) : contradicts(state, request)
    case 'CompleteCommit':
    case 'CompleteAbort':
      return onlySame(state, request)
    default:
      throw contradicts(state, request)
  }
}

/**
 * Whether the identity may be asked for again: it was given to this producer last, and nobody has taken it over (KIP-360).
 */
export function isPredecessor(state: TransactionState, by: ProducerIdentity, epochLimit: number): boolean {
  if (by.producerId !== state.previousProducerId) return false
  if (by.producerId === state.producerId) return by.producerEpoch + 1 === state.producerEpoch
  return by.producerEpoch >= epochLimit - 1 && state.producerEpoch === 0
}

/**
 * The state, when its producer is who asks and no earlier transaction waits for its markers.
 * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, TRANSACTION_ABORTED
 */
export function currentState(
  id: string,
  state: TransactionState | undefined,
  by: ProducerIdentity,
  epochLimit: number,
): TransactionState {
  if (state !== undefined && wasAborted(state, by, epochLimit)) throw aborted(id)
  if (state === undefined || state.status === 'Dead' || state.producerId !== by.producerId) throw unmapped(id, state, by)
  if (state.producerEpoch !== by.producerEpoch) throw fenced(id, state, by)
  if (decisionOf(state) !== null) throw concurrent(id)
  return state
}

/** Its transaction was aborted, after its timeout or by somebody else, and nobody has taken the id over (KIP-588). */
function wasAborted(state: TransactionState, by: ProducerIdentity, epochLimit: number): boolean {
  return (state.status === 'PrepareAbort' || state.status === 'CompleteAbort') && isPredecessor(state, by, epochLimit)
}

function aborted(where: string): Error {
  return coreError('TRANSACTION_ABORTED', { what: 'the transaction was aborted, maybe because it was open for too long', where })
}

export function fenced(id: string, state: ProducerIdentity | undefined, by: ProducerIdentity): Error {
  return coreError('PRODUCER_FENCED', {
    what: 'the transactional id is no longer held by this producer',
    ...facts(id, state, by),
  })
}

function unmapped(id: string, state: ProducerIdentity | undefined, by: ProducerIdentity): Error {
  return coreError('INVALID_PRODUCER_ID_MAPPING', {
    what: 'the transactional id belongs to another producer id, or to none',
    ...facts(id, state, by),
  })
}

function facts(
  where: string,
  state: ProducerIdentity | undefined,
  { producerId, producerEpoch }: ProducerIdentity,
): { readonly where: string; readonly expected: string; readonly received: string } {
  return {
    where,
    expected: state === undefined ? 'an id that is open' : `producer ${state.producerId}, epoch ${state.producerEpoch}`,
    received: `producer ${producerId}, epoch ${producerEpoch}`,
  }
}

export function concurrent(where: string): Error {
  return coreError('CONCURRENT_TRANSACTIONS', { what: 'the last transaction of the id is decided, but not yet complete', where })
}

function contradicts({ status }: TransactionState, { id, kind }: EndRequest): Error {
  return coreError('INVALID_TXN_STATE', { what: `the transaction cannot be ended by ${kind}`, where: id, received: status })
}
