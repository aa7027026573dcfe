import { coreError } from '../base/error-catalogue.ts'
import type { BatchHeader } from '../record/batch-header.ts'
import { readControlKind, readCoordinatorEpoch } from '../record/control-record.ts'
import type { LastOfProducer } from '../storage/clean-batch.ts'
import type { ProducerSnapshotEntry } from '../storage/producer-snapshot.ts'
import type { AbortedTransaction } from '../storage/transaction-index.ts'

/**
 * What one partition knows of its idempotent producers.
 *
 * Invariants (reliability of produce: IDEM-1…4)
 *   I1  Accepted sequences of a producer epoch are contiguous, modulo 2^31; a new epoch starts at 0.
 *   I2  A batch that repeats one of the last five is answered with that one's offset; if its content differs it is refused
 *       (Kafka compares only the sequences and would drop the new content in silence).
 *   I3  State changes only by `apply`, in the order of the log, when serving and when recovering.
 */
interface RememberedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestamp: number
  /** As received; null when only a snapshot or a compacted batch tells of it, or the log gave it its time before a crash. */
  readonly crc: number | null
  /** The checksum was read from the log: the batch as it is stored, which may have been rewritten. */
  readonly recovered: boolean
}

/** Where a batch comes from: from a producer, with its checksum if it was rewritten since; or from the journal, at recovery. */
export interface BatchOrigin {
  readonly receivedCrc?: number | undefined
  readonly recovered?: boolean
}

const serving: BatchOrigin = {}

interface ProducerState {
  epoch: number
  /** The newest last; at most five. */
  batches: RememberedBatch[]
  coordinatorEpoch: number
  /** Of the open transaction, -1 for none. */
  transactionFirstOffset: number
  lastTimestamp: number
  lastOffset: number
  /** By the wall clock, when nothing of it was seen for the first time; null after each batch. */
  idleSince: number | null
}

export type Verdict = { readonly kind: 'accept' } | { readonly kind: 'duplicate'; readonly baseOffset: number }

const remembered = 5
const accept: Verdict = { kind: 'accept' }

export class ProducerStates {
  private readonly producers = new Map<number, ProducerState>()
  /** Producers with an open transaction, in the order of their first offsets. */
  private readonly open = new Map<number, number>()

  static from(entries: readonly ProducerSnapshotEntry[]): ProducerStates {
    const states = new ProducerStates()
    for (const entry of [...entries].sort((a, b) => a.transactionFirstOffset - b.transactionFirstOffset)) states.restore(entry)
    return states
  }

  get isEmpty(): boolean {
    return this.producers.size === 0
  }

  /** The first offset of the earliest open transaction; undefined when none is open. */
  get firstUnstableOffset(): number | undefined {
    return this.open.values().next().value
  }

  /**
   * A new epoch begins at 0, and so does an unknown producer: a first batch with another number would leave out one that was refused
   * or is still on its way (KAFKA-15591). `forgets`: producers may have been forgotten here, so that an unknown one may be an old one
   * that goes on; not inside a transaction, whose epoch is new. `receivedCrc`: of the batch as it was received, where it has been
   * rewritten. @throws PRODUCER_FENCED, OUT_OF_ORDER_SEQUENCE, DUPLICATE_DIFFERS,
   * INVALID_TXN_STATE
   */
  check(header: BatchHeader, where: string, forgets: boolean, receivedCrc: number = header.crc): Verdict {
    if (header.producerId < 0 || header.control) return accept
    const state = this.producers.get(header.producerId)
    if (state === undefined) return forgets && !header.transactional ? accept : this.expect(0, header, where)
    if (header.producerEpoch < state.epoch) throw fenced(state, header, where)
    if (!header.transactional && state.transactionFirstOffset >= 0) throw insideTransaction(header, where)
    if (header.producerEpoch > state.epoch || state.batches.length === 0) return this.expect(0, header, where)
    const duplicate = state.batches.find((batch) => repeats(batch, header))
    if (duplicate === undefined) return this.expect(nextSequence(state.batches.at(-1)!.lastSequence), header, where)
    if (!isSameContent(duplicate, header, receivedCrc)) throw differs(header, where)
    return { kind: 'duplicate', baseOffset: duplicate.firstOffset }
  }

  private expect(sequence: number, header: BatchHeader, where: string): Verdict {
    if (header.baseSequence === sequence) return accept
    throw coreError('OUT_OF_ORDER_SEQUENCE', {
      what: `producer ${header.producerId} skips or repeats a sequence number`,
      where,
      expected: sequence,
      received: header.baseSequence,
    })
  }

  /** The sequence with which the producer's next batch has to begin. */
  nextSequence(producerId: number, producerEpoch: number): number {
    const state = this.producers.get(producerId)
    if (state === undefined || producerEpoch > state.epoch || state.batches.length === 0) return 0
    return nextSequence(state.batches.at(-1)!.lastSequence)
  }

  /** A batch that stands at its offset. Returns the transaction that it aborts, if it does. */
  apply(header: BatchHeader, batch: Uint8Array, origin: BatchOrigin = serving): AbortedTransaction | null {
    if (header.producerId < 0) return null
    if (header.control) return this.applyMarker(header, batch)
    this.applyData(header, origin)
    return null
  }

  private applyData(header: BatchHeader, { receivedCrc = header.crc, recovered = false }: BatchOrigin): void {
    const state = this.stateFor(header)
    const lastOffset = header.baseOffset + header.lastOffsetDelta
    state.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: (header.baseSequence + header.lastOffsetDelta) % 2 ** 31,
      firstOffset: header.baseOffset,
      lastOffset,
      timestamp: header.maxTimestamp,
      crc: isCompacted(header) || (recovered && header.timestampType === 'append') ? null : receivedCrc,
      recovered,
    })
    if (state.batches.length > remembered) state.batches.shift()
    state.lastTimestamp = header.maxTimestamp
    state.lastOffset = lastOffset
    if (header.transactional && state.transactionFirstOffset < 0) {
      state.transactionFirstOffset = header.baseOffset
      this.open.set(header.producerId, header.baseOffset)
    }
  }

  /** The marker that ends a producer's transaction. It carries the epoch of the next one (KIP-890). */
  private applyMarker(header: BatchHeader, batch: Uint8Array): AbortedTransaction | null {
    const { producerId, baseOffset: lastOffset } = header
    const state = this.stateFor(header)
    const firstOffset = state.transactionFirstOffset
    if (header.count > 0) state.coordinatorEpoch = readCoordinatorEpoch(batch) // compaction may have left only the epoch of the producer
    state.transactionFirstOffset = -1
    state.lastTimestamp = header.maxTimestamp
    state.lastOffset = lastOffset
    this.open.delete(producerId)
    if (firstOffset < 0 || readControlKind(batch) !== 'abort') return null
    return { producerId, firstOffset, lastOffset, lastStableOffset: this.firstUnstableOffset ?? lastOffset + 1 }
  }

  private stateFor(header: BatchHeader): ProducerState {
    let state = this.producers.get(header.producerId)
    if (state === undefined) {
      state = {
        epoch: header.producerEpoch,
        batches: [],
        coordinatorEpoch: -1,
        transactionFirstOffset: -1,
        lastTimestamp: -1,
        lastOffset: -1,
        idleSince: null,
      }
      this.producers.set(header.producerId, state)
    }
    state.idleSince = null
    if (header.producerEpoch > state.epoch) {
      state.epoch = header.producerEpoch
      state.batches = []
    }
    return state
  }

  /** What compaction must not take away, by producer id. */
  lastOfEach(): ReadonlyMap<number, LastOfProducer> {
    return new Map(
      Array.from(this.producers, ([id, { batches, epoch }]) => {
        const last = batches.at(-1)
        return [id, last === undefined ? { kind: 'marker', producerEpoch: epoch } : { kind: 'data', lastOffset: last.lastOffset }]
      }),
    )
  }

  snapshot(): ProducerSnapshotEntry[] {
    return Array.from(this.producers, ([producerId, state]) => {
      const last = state.batches.at(-1)
      return {
        producerId,
        epoch: state.epoch,
        lastSequence: last?.lastSequence ?? -1,
        lastOffset: last?.lastOffset ?? -1,
        offsetDelta: last === undefined ? 0 : last.lastOffset - last.firstOffset,
        timestamp: state.lastTimestamp,
        coordinatorEpoch: state.coordinatorEpoch,
        transactionFirstOffset: state.transactionFirstOffset,
      }
    })
  }

  private restore(entry: ProducerSnapshotEntry): void {
    const { epoch, coordinatorEpoch, transactionFirstOffset, timestamp, lastOffset, lastSequence, offsetDelta } = entry
    const firstSequence = (lastSequence - offsetDelta + 2 ** 31) % 2 ** 31
    const batches =
      lastSequence < 0
        ? []
        : [
            {
              firstSequence,
              lastSequence,
              firstOffset: lastOffset - offsetDelta,
              lastOffset,
              timestamp,
              crc: null,
              recovered: true,
            },
          ]
    this.producers.set(entry.producerId, {
      epoch,
      batches,
      coordinatorEpoch,
      transactionFirstOffset,
      lastTimestamp: timestamp,
      lastOffset,
      idleSince: timestamp,
    })
    if (transactionFirstOffset >= 0) this.open.set(entry.producerId, transactionFirstOffset)
  }

  /**
   * Forgets producers that were idle so long, never one with an open transaction. Idle counts from the first call that finds nothing
   * new, after a restart from the newest timestamp (Kafka always takes that; it may be years old). Returns how many are gone.
   */
  expire(now: number, expirationMs: number): number {
    let gone = 0
    for (const [id, state] of this.producers) {
      if (state.transactionFirstOffset >= 0) continue
      state.idleSince ??= now
      if (now - state.idleSince < expirationMs) continue
      this.producers.delete(id)
      gone++
    }
    return gone
  }

  copy(): ProducerStates {
    const copy = new ProducerStates()
    for (const [id, state] of this.producers) copy.producers.set(id, { ...state, batches: [...state.batches] })
    for (const [id, offset] of this.open) copy.open.set(id, offset)
    return copy
  }
}

/** Compaction leaves batches with fewer records than offsets, or with other times. */
function isCompacted({ count, lastOffsetDelta, hasHorizon }: BatchHeader): boolean {
  return hasHorizon || count <= lastOffsetDelta
}

function repeats(batch: RememberedBatch, header: BatchHeader): boolean {
  return (
    batch.firstSequence === header.baseSequence && batch.lastSequence === (header.baseSequence + header.lastOffsetDelta) % 2 ** 31
  )
}

/**
 * What was received decides. After a crash only the checksum of what was stored is known, so batches that are rewritten cannot be
 * compared, and Kafka's rule (sequences alone) holds.
 */
function isSameContent({ crc, recovered }: RememberedBatch, header: BatchHeader, receivedCrc: number): boolean {
  return crc === null || crc === receivedCrc || (recovered && receivedCrc !== header.crc)
}

function nextSequence(last: number): number {
  return last === 2 ** 31 - 1 ? 0 : last + 1
}

function fenced(state: ProducerState, header: BatchHeader, where: string): Error {
  return coreError('PRODUCER_FENCED', {
    what: `a newer instance of producer ${header.producerId} has written here`,
    where,
    expected: `epoch ${state.epoch}`,
    received: `epoch ${header.producerEpoch}`,
  })
}

function differs(header: BatchHeader, where: string): Error {
  return coreError('DUPLICATE_DIFFERS', {
    what: `producer ${header.producerId} repeats sequence ${header.baseSequence} with other content`,
    where,
  })
}

function insideTransaction(header: BatchHeader, where: string): Error {
  return coreError('INVALID_TXN_STATE', {
    what: `producer ${header.producerId} has a transaction open here`,
    where,
    expected: 'a transactional batch',
    received: 'a plain one',
  })
}
