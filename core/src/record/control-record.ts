import { coreError } from '../base/error-catalogue.ts'
import { BATCH_OVERHEAD_BYTES, CONTROL_BIT, readBatchHeader, TRANSACTIONAL_BIT } from './batch-header.ts'
import { forEachRecord, type RecordView } from './batch-reader.ts'
import { sealBatch } from './batch-seal.ts'
import { readInt16, readInt32, writeInt16, writeInt32 } from './big-endian.ts'
import { writeRecord, type Slab } from './record-encoding.ts'

/**
 * Control batches: the marks that the log itself leaves among the records of a partition, one record a batch.
 *
 *      key    version i16 = 0 │ type i16: 0 abort, 1 commit, others Kafka's own
 *      value  version i16 = 0 │ epoch of the transaction coordinator i32       (abort and commit)
 */

export type ControlKind = 'abort' | 'commit'

/** By type. */
const kinds: readonly ControlKind[] = ['abort', 'commit']

export interface EndMarker {
  readonly kind: ControlKind
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestamp: number
}

const keyBytes = 4
const valueBytes = 6
/** Lengths of record, key and value, attributes, timestamp, offset, count of headers: a byte each. */
const markerBytes = BATCH_OVERHEAD_BYTES + 7 + keyBytes + valueBytes

/** The batch that ends a transaction in one partition. It takes one offset. */
export function buildEndMarker({ kind, producerId, producerEpoch, coordinatorEpoch, timestamp }: EndMarker): Uint8Array {
  const batch = Buffer.allocUnsafeSlow(markerBytes)
  const key = markerKey(kind)
  const value = markerValue(coordinatorEpoch)
  writeRecord(batch as Slab, BATCH_OVERHEAD_BYTES, { timestampDelta: 0, offsetDelta: 0, key, value, headers: [] })
  sealBatch(batch, {
    attributes: TRANSACTIONAL_BIT | CONTROL_BIT,
    count: 1,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    producerId,
    producerEpoch,
    baseSequence: -1,
  })
  return batch
}

function markerKey(kind: ControlKind): Uint8Array {
  const key = new Uint8Array(keyBytes)
  writeInt16(key, 2, kinds.indexOf(kind))
  return key
}

function markerValue(coordinatorEpoch: number): Uint8Array {
  const value = new Uint8Array(valueBytes)
  writeInt32(value, 2, coordinatorEpoch)
  return value
}

/** How the batch ends its producer's transaction; null for every other batch, control batches of another kind too. */
export function readControlKind(batch: Uint8Array): ControlKind | null {
  const { control, count } = readBatchHeader(batch, 0)
  if (!control || count === 0) return null
  const { key } = firstRecord(batch)
  if (key === null || key.length < keyBytes) throw broken('key', keyBytes, key)
  return kinds[readInt16(key, 2)] ?? null
}

/** The epoch of the coordinator that decided, in a batch for which `readControlKind` gives a kind. */
export function readCoordinatorEpoch(batch: Uint8Array): number {
  const { value } = firstRecord(batch)
  if (value === null || value.length < valueBytes) throw broken('value', valueBytes, value)
  return readInt32(value, 2)
}

function firstRecord(batch: Uint8Array): Pick<RecordView, 'key' | 'value'> {
  let first: Pick<RecordView, 'key' | 'value'> = { key: null, value: null }
  forEachRecord(batch, ({ key, value }) => {
    first = { key, value }
  })
  return first
}

function broken(part: string, expected: number, received: Uint8Array | null): Error {
  return coreError('CORRUPT_BATCH', {
    what: `the ${part} of a control record is too short`,
    expected: `${expected} bytes`,
    received: received === null ? 'null' : `${received.length} bytes`,
  })
}
