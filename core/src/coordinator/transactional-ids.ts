import { coreError } from '../base/error-catalogue.ts'
import { RecordReader, RecordWriter } from './record-bytes.ts'

/**
 * Transactional ids with their producer id and epoch, replayed from one partition of `__transaction_state`.
 * Key version 0 {transactional id}; value version 1 (flexible), as Kafka 4 writes it.
 *
 * Invariants
 *   X1  `replay` is the only way state changes, when serving and when recovering.
 *   X2  Opening an id raises its epoch, so that everything of an older instance is refused from there on.
 *   X3  Every commit raises it too (KIP-890): the marker carries the raised epoch, and nothing of one transaction can
 *       touch the next.
 *   X4  An epoch never reaches the limit: the id goes on with a fresh producer id at epoch 0.
 */
export interface TransactionalRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface Command<Answer> {
  readonly records: readonly TransactionalRecord[]
  readonly answer: Answer
}

export interface CommitAnswer {
  /** The epoch on the markers of this transaction. */
  readonly markerEpoch: number
  /** Who writes the next one. */
  readonly next: ProducerIdentity
}

interface TransactionalState extends ProducerIdentity {
  readonly previousProducerId: number
}

/** Kafka's: 32,767 is the largest epoch, and only a marker may carry it. */
const defaultEpochLimit = 32_767

const status = { empty: 0, completeCommit: 4 } as const
const timeoutMs = 60_000
const transactionVersion = 2

export class TransactionalIds {
  private readonly ids = new Map<string, TransactionalState>()
  private readonly epochLimit: number

  constructor(epochLimit: number = defaultEpochLimit) {
    this.epochLimit = epochLimit
  }

  /** Takes the id over. `freshProducerId` is used for a new id, or when the epochs of the old one are used up. */
  open(id: string, freshProducerId: number, now: number): Command<ProducerIdentity> {
    const old = this.ids.get(id)
    const answer = old === undefined ? { producerId: freshProducerId, producerEpoch: 0 } : this.successor(old, freshProducerId)
    return { records: [record(id, { ...answer, previousProducerId: old?.producerId ?? -1 }, status.empty, now)], answer }
  }

  /** Commits a transaction of which everything stands in one frame with this record. @throws PRODUCER_FENCED */
  commit(id: string, by: ProducerIdentity, freshProducerId: number, now: number): Command<CommitAnswer> {
    const state = this.check(id, by)
    const next = this.successor(state, freshProducerId)
    return {
      records: [record(id, { ...next, previousProducerId: state.producerId }, status.completeCommit, now)],
      answer: { markerEpoch: state.producerEpoch + 1, next },
    }
  }

  /** @throws PRODUCER_FENCED */
  private check(id: string, { producerId, producerEpoch }: ProducerIdentity): TransactionalState {
    const state = this.ids.get(id)
    if (state !== undefined && state.producerId === producerId && state.producerEpoch === producerEpoch) return state
    throw coreError('PRODUCER_FENCED', {
      what: `the transactional id ${id} belongs to a newer instance`,
      where: id,
      expected: state === undefined ? 'an id that is open' : `producer ${state.producerId}, epoch ${state.producerEpoch}`,
      received: `producer ${producerId}, epoch ${producerEpoch}`,
    })
  }

  /** The epoch of a marker may be the limit; a producer's own stays below it. */
  private successor({ producerId, producerEpoch }: ProducerIdentity, freshProducerId: number): ProducerIdentity {
    const exhausted = producerEpoch + 1 >= this.epochLimit
    return exhausted ? { producerId: freshProducerId, producerEpoch: 0 } : { producerId, producerEpoch: producerEpoch + 1 }
  }

  replay({ key, value }: TransactionalRecord): void {
    const reader = new RecordReader(key, '__transaction_state')
    const version = reader.i16()
    if (version !== 0) throw unsupported('key', version)
    const id = reader.string()
    if (value === null) this.ids.delete(id)
    else this.ids.set(id, readState(value))
  }
}

function record(id: string, state: TransactionalState, statusCode: number, now: number): TransactionalRecord {
  return { key: new RecordWriter().i16(0).string(id).bytes(), value: stateValue(state, statusCode, now) }
}

/** Version 1: fields, then tagged fields 0 previous producer id, 2 client transaction version; tag 1 stays at its default. */
function stateValue(
  { producerId, producerEpoch, previousProducerId }: TransactionalState,
  statusCode: number,
  now: number,
): Uint8Array {
  const writer = new RecordWriter().i16(1).i64(producerId).i16(producerEpoch).i32(timeoutMs).i8(statusCode)
  writer.varint(0) // no partitions: null
  writer.i64(now).i64(now)
  const hasPrevious = previousProducerId >= 0
  writer.varint(hasPrevious ? 2 : 1)
  if (hasPrevious) writer.varint(0).varint(8).i64(previousProducerId)
  return writer.varint(2).varint(2).i16(transactionVersion).bytes()
}

function readState(value: Uint8Array): TransactionalState {
  const reader = new RecordReader(value, '__transaction_state')
  const version = reader.i16()
  if (version !== 1) throw unsupported('value', version)
  const producerId = reader.i64()
  const producerEpoch = reader.i16()
  reader.i32()
  reader.i8()
  reader.varint()
  reader.i64()
  reader.i64()
  return { producerId, producerEpoch, previousProducerId: readPrevious(reader) }
}

function readPrevious(reader: RecordReader): number {
  for (let left = reader.varint(); left > 0; left--) {
    const tag = reader.varint()
    const size = reader.varint()
    if (tag === 0) return reader.i64()
    for (let skip = 0; skip < size; skip++) reader.i8()
  }
  return -1
}

function unsupported(part: string, version: number): Error {
  return coreError('UNSUPPORTED_FORMAT', {
    what: `the ${part} of a transaction record has version ${version}`,
    where: '__transaction_state',
  })
}
