import { assert } from '../base/assert.ts'
import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import {
  readTransactionKey,
  readTransactionValue,
  transactionRecord,
  transactionTombstone,
  type TransactionRecord,
} from './transaction-record.ts'
import { concurrent, currentState, fenced, isPredecessor, judgeEnd, type EndRequest } from './transaction-rules.ts'
import {
  decisionOf,
  isIdle,
  moved,
  type EndKind,
  type ProducerIdentity,
  type TransactionState,
  type TransactionStatus,
  type TransactionVersion,
} from './transaction-state.ts'

/**
 * The transaction coordinator of one partition of `__transaction_state`: producer ids and epochs, and the transactions they have.
 *
 * Invariants
 *   X1  `replay` is the only way state changes, when serving and when recovering.
 *   X2  Taking an id over raises its epoch, so that everything of an older instance is refused from there on.
 *   X3  Every transaction of version 2 raises it too (KIP-890): the marker carries the raised epoch, and nothing of one
 *       transaction can touch the next. A fence raises it in version 1 as well.
 *   X4  A producer's epoch never reaches the limit; a marker may carry it. Then the id goes on with a fresh producer id at 0.
 *   X5  What is decided stays decided: `ending` says what is left to do, as often as it is asked.
 */
export interface Command<Answer> {
  readonly records: readonly TransactionRecord[]
  readonly answer: Answer
  /** The fresh producer id that was offered has an owner now. */
  readonly tookProducerId: boolean
}

/** A decision, and what comes of it: markers to these partitions, then the record that says that they are there. */
export interface Ending {
  readonly kind: EndKind
  /** Who is on the markers. */
  readonly marker: ProducerIdentity
  readonly partitions: readonly TopicPartition[]
  readonly complete: TransactionRecord
  /** Who writes the next transaction. */
  readonly next: ProducerIdentity
}

export interface InitRequest {
  readonly id: string
  readonly timeoutMs: number
  /** Who asks, when it goes on after an error (KIP-360); null takes the id over. */
  readonly by: ProducerIdentity | null
  readonly version?: TransactionVersion
}

/** An open transaction is aborted first: `ending` says how; then the caller asks again. */
export type InitAnswer =
  | { readonly kind: 'ready'; readonly identity: ProducerIdentity }
  | { readonly kind: 'abortFirst'; readonly ending: Ending }

export type EndAnswer =
  | { readonly kind: 'decided'; readonly ending: Ending }
  | { readonly kind: 'repeated'; readonly next: ProducerIdentity }

export interface CommitAnswer {
  /** The epoch on the markers of this transaction. */
  readonly markerEpoch: number
  /** Who writes the next one. */
  readonly next: ProducerIdentity
}

export interface CoordinatorLimits {
  /** Kafka's is 32,767: the largest epoch, and only a marker may carry it. */
  readonly epochLimit?: number | undefined
  /** `transaction.max.timeout.ms`. Default 15 minutes. */
  readonly maxTimeoutMs?: number | undefined
  /** `transactional.id.expiration.ms`. Default 7 days. */
  readonly expirationMs?: number | undefined
}

const defaultEpochLimit = 32_767
const defaultMaxTimeoutMs = 900_000
const defaultExpirationMs = 7 * 24 * 3_600_000

export class TransactionalIds {
  private readonly ids = new Map<string, TransactionState>()
  private readonly open = new Set<string>()
  private readonly decided = new Set<string>()
  private readonly epochLimit: number
  private readonly maxTimeoutMs: number
  private readonly expirationMs: number

  constructor(limits: CoordinatorLimits = {}) {
    this.epochLimit = limits.epochLimit ?? defaultEpochLimit
    this.maxTimeoutMs = limits.maxTimeoutMs ?? defaultMaxTimeoutMs
    this.expirationMs = limits.expirationMs ?? defaultExpirationMs
  }

  get size(): number {
    return this.ids.size
  }

  get(id: string): TransactionState | undefined {
    return this.ids.get(id)
  }

  /** By id, in no order. */
  all(): Iterable<readonly [string, TransactionState]> {
    return this.ids
  }

  /** Ids with a transaction that is not decided. */
  get ongoing(): ReadonlySet<string> {
    return this.open
  }

  /** Ids with a decision whose markers may be missing. */
  get prepared(): ReadonlySet<string> {
    return this.decided
  }

  /**
   * Gives the producer of an id its identity. Without `by` the id is taken over; with it the producer itself goes on, and gets the
   * same answer when it asks again (KIP-360). `freshProducerId` is for a new id, or when the epochs of the old one are used up.
   * @throws INVALID_TRANSACTION_TIMEOUT, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS
   */
  initProducerId({ id, timeoutMs, by, version = 2 }: InitRequest, freshProducerId: number, now: number): Command<InitAnswer> {
    this.checkTimeout(id, timeoutMs)
    const old = this.ids.get(id)
    if (old === undefined || old.status === 'Dead') return this.firstInit(id, timeoutMs, version, freshProducerId, now)
    const isCurrent = by !== null && sameIdentity(old, by)
    const isRepeated = by !== null && !isCurrent && isPredecessor(old, by, this.epochLimit)
    if (by !== null && !isCurrent && !isRepeated) throw fenced(id, old, by)
    if (decisionOf(old) !== null) throw concurrent(id)
    if (isRepeated) return command([], { kind: 'ready', identity: identityOf(old) }, false)
    if (old.status === 'Ongoing') {
      const { records, answer, tookProducerId } = this.fence(id, old, isCurrent, freshProducerId, now)
      return command(records, { kind: 'abortFirst', ending: answer }, tookProducerId)
    }
    return this.nextInit(id, old, { timeoutMs, version, isCurrent }, freshProducerId, now)
  }

  private checkTimeout(where: string, timeoutMs: number): void {
    if (Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= this.maxTimeoutMs) return
    throw coreError('INVALID_TRANSACTION_TIMEOUT', {
      what: 'the timeout of transactions is not allowed',
      where,
      expected: `1 to ${this.maxTimeoutMs} ms`,
      received: timeoutMs,
    })
  }

  /** Of an id that nobody knows. Somebody who says they had it was forgotten, and begins anew: nobody else has it (KIP-360). */
  private firstInit(
    id: string,
    timeoutMs: number,
    version: TransactionVersion,
    freshProducerId: number,
    now: number,
  ): Command<InitAnswer> {
    const identity = { producerId: freshProducerId, producerEpoch: 0 }
    const state: TransactionState = { ...nobody, ...identity, timeoutMs, version, updatedAt: now }
    return command([transactionRecord(id, state)], { kind: 'ready', identity }, true)
  }

  private nextInit(
    id: string,
    old: TransactionState,
    {
      timeoutMs,
      version,
      isCurrent,
    }: { readonly timeoutMs: number; readonly version: TransactionVersion; readonly isCurrent: boolean },
    freshProducerId: number,
    now: number,
  ): Command<InitAnswer> {
    const identity = this.successor(old, freshProducerId)
    const state = moved(old, 'Empty', {
      ...identity,
      previousProducerId: isCurrent ? old.producerId : -1,
      nextProducerId: -1,
      timeoutMs,
      version,
      partitions: [],
      startedAt: -1,
      updatedAt: now,
    })
    return command([transactionRecord(id, state)], { kind: 'ready', identity }, identity.producerEpoch === 0)
  }

  /**
   * Puts partitions into the transaction, which begins with the first. No records when all are in it already.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS
   */
  addPartitions(
    id: string,
    by: ProducerIdentity,
    partitions: readonly TopicPartition[],
    version: TransactionVersion,
    now: number,
  ): Command<null> {
    const state = currentState(id, this.ids.get(id), by, this.epochLimit)
    const known = state.status === 'Ongoing' ? state.partitions : []
    const added = newOnes(known, partitions)
    if (added.length === 0) return command([], null, false)
    const next = moved(state, 'Ongoing', {
      partitions: [...known, ...added],
      previousProducerId: -1,
      startedAt: state.status === 'Ongoing' ? state.startedAt : now,
      updatedAt: now,
      version,
    })
    return command([transactionRecord(id, next)], null, false)
  }

  /**
   * That this producer's transaction is open and has the partition: for writes of version 1, which add nothing by themselves.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, INVALID_TXN_STATE
   */
  verify(id: string, by: ProducerIdentity, place: TopicPartition): void {
    if (newOnes(this.openPartitions(id, by), [place]).length === 0) return
    throw coreError('INVALID_TXN_STATE', {
      what: 'the partition is not in an open transaction of the producer',
      where: `${id}, ${partitionName(place)}`,
      received: this.ids.get(id)!.status,
    })
  }

  /** Those in the open transaction of this producer. @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS */
  openPartitions(id: string, by: ProducerIdentity): readonly TopicPartition[] {
    const { status, partitions } = currentState(id, this.ids.get(id), by, this.epochLimit)
    return status === 'Ongoing' ? partitions : []
  }

  /**
   * Decides a transaction, or answers again what was decided: the rules of Kafka's EndTxn in both versions.
   * @throws INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS
   */
  end(request: EndRequest, freshProducerId: number, now: number): Command<EndAnswer> {
    const { id, kind, version } = request
    const state = this.ids.get(id)
    const verdict = judgeEnd(state, request, this.epochLimit)
    if (verdict === 'repeated') return command([], { kind: 'repeated', next: identityOf(state!) }, false)
    const { records, answer, tookProducerId } =
      version === 2
        ? this.decide(id, state!, { kind, raises: true, previousProducerId: state!.producerId }, freshProducerId, now)
        : this.decide(id, state!, { kind, raises: false, previousProducerId: -1 }, freshProducerId, now)
    return command(records, { kind: 'decided', ending: answer }, tookProducerId)
  }

  /**
   * Aborts the open transaction of an id, if it has one: after its timeout, or by an operator. Its producer can write nothing more in
   * it, but may go on (KIP-588).
   */
  abort(id: string, freshProducerId: number, now: number): Command<Ending> | null {
    const state = this.ids.get(id)
    return state?.status === 'Ongoing' ? this.fence(id, state, true, freshProducerId, now) : null
  }

  private fence(
    id: string,
    state: TransactionState,
    mayAskAgain: boolean,
    freshProducerId: number,
    now: number,
  ): Command<Ending> {
    const previousProducerId = mayAskAgain ? state.producerId : -1
    return this.decide(id, state, { kind: 'abort', raises: true, previousProducerId }, freshProducerId, now)
  }

  private decide(
    id: string,
    state: TransactionState,
    how: { readonly kind: EndKind; readonly raises: boolean; readonly previousProducerId: number },
    freshProducerId: number,
    now: number,
  ): Command<Ending> {
    const isLast = how.raises && state.producerEpoch + 1 >= this.epochLimit
    const prepared = moved(state, how.kind === 'commit' ? 'PrepareCommit' : 'PrepareAbort', {
      producerEpoch: state.producerEpoch + (how.raises ? 1 : 0),
      previousProducerId: how.previousProducerId,
      nextProducerId: isLast ? freshProducerId : -1,
      partitions: state.status === 'Ongoing' ? state.partitions : [],
      startedAt: state.status === 'Ongoing' ? state.startedAt : now,
      updatedAt: now,
    })
    return command([transactionRecord(id, prepared)], endingOf(id, prepared, now), isLast)
  }

  /** What is left to do for an id with a decision; null when nothing is. */
  ending(id: string, now: number): Ending | null {
    const state = this.ids.get(id)
    return state === undefined || decisionOf(state) === null ? null : endingOf(id, state, now)
  }

  /** Commits a transaction of which everything stands in one frame with this record. @throws PRODUCER_FENCED, INVALID_TXN_STATE */
  commit(id: string, by: ProducerIdentity, freshProducerId: number, now: number): Command<CommitAnswer> {
    const state = this.ids.get(id)
    if (state === undefined || !sameIdentity(state, by)) throw fenced(id, state, by)
    if (!isIdle(state)) throw coreError('INVALID_TXN_STATE', { what: 'a transaction is open', where: id, received: state.status })
    const next = this.successor(state, freshProducerId)
    const complete = moved(state, 'CompleteCommit', {
      ...next,
      previousProducerId: state.producerId,
      nextProducerId: -1,
      partitions: [],
      startedAt: now,
      updatedAt: now,
      version: 2,
    })
    const answer = { markerEpoch: state.producerEpoch + 1, next }
    return command([transactionRecord(id, complete)], answer, next.producerEpoch === 0)
  }

  /** Forgets ids that had nothing to do for so long, except those that `isHeld`. */
  expire(now: number, isHeld: (id: string) => boolean): Command<null> {
    const gone: TransactionRecord[] = []
    for (const [id, state] of this.ids) {
      if (isIdle(state) && now - state.updatedAt > this.expirationMs && !isHeld(id)) gone.push(transactionTombstone(id))
    }
    return command(gone, null, false)
  }

  /** The epoch of a marker may be the limit; a producer's own stays below it. */
  private successor({ producerId, producerEpoch }: ProducerIdentity, freshProducerId: number): ProducerIdentity {
    const exhausted = producerEpoch + 1 >= this.epochLimit
    return exhausted ? { producerId: freshProducerId, producerEpoch: 0 } : { producerId, producerEpoch: producerEpoch + 1 }
  }

  /** @throws UNSUPPORTED_FORMAT */
  replay({ key, value }: TransactionRecord): void {
    const id = readTransactionKey(key)
    const state = value === null ? undefined : readTransactionValue(value)
    if (state === undefined || state.status === 'Dead') this.ids.delete(id)
    else this.ids.set(id, state)
    this.mark(this.open, id, state?.status === 'Ongoing')
    this.mark(this.decided, id, state !== undefined && decisionOf(state) !== null)
  }

  private mark(marked: Set<string>, id: string, isMarked: boolean): void {
    if (isMarked) marked.add(id)
    else marked.delete(id)
  }
}

const nobody = {
  status: 'Empty' as TransactionStatus,
  previousProducerId: -1,
  nextProducerId: -1,
  partitions: [],
  startedAt: -1,
}

function endingOf(id: string, prepared: TransactionState, now: number): Ending {
  const kind = decisionOf(prepared)
  assert(kind !== null, 'a transaction without a decision has no ending')
  const rotates = prepared.nextProducerId >= 0
  const next = rotates ? { producerId: prepared.nextProducerId, producerEpoch: 0 } : identityOf(prepared)
  const complete = moved(prepared, kind === 'commit' ? 'CompleteCommit' : 'CompleteAbort', {
    ...next,
    nextProducerId: -1,
    partitions: [],
    updatedAt: now,
  })
  const { partitions } = prepared
  return { kind, marker: identityOf(prepared), partitions, complete: transactionRecord(id, complete), next }
}

function newOnes(known: readonly TopicPartition[], partitions: readonly TopicPartition[]): TopicPartition[] {
  const names = new Set(known.map(partitionName))
  return partitions.filter((place) => {
    const name = partitionName(place)
    return !names.has(name) && names.add(name) !== undefined
  })
}

function identityOf({ producerId, producerEpoch }: ProducerIdentity): ProducerIdentity {
  return { producerId, producerEpoch }
}

function sameIdentity(a: ProducerIdentity, b: ProducerIdentity): boolean {
  return a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
}

function command<Answer>(records: readonly TransactionRecord[], answer: Answer, tookProducerId: boolean): Command<Answer> {
  return { records, answer, tookProducerId }
}
