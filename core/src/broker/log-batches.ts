import type { Bytes } from '../base/bytes.ts'
import { coreError } from '../base/error-catalogue.ts'
import { BatchBuilder } from '../record/batch-builder.ts'

/** A record of a coordinator on its way into a batch. */
export interface LogRecord {
  readonly key: Bytes
  readonly value: Bytes
}

export interface BatchProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional: boolean
}

const maxBatchBytes = 16 << 20

/** One batch with these records, all with the same timestamp. @throws TRANSACTION_TOO_LARGE */
export function batchOf(records: readonly LogRecord[], timestamp: number, producer?: BatchProducer): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: maxBatchBytes })
  for (const { key, value } of records) if (!builder.append(key, value, timestamp)) throw tooLarge(records.length)
  return builder.build(producer)
}

function tooLarge(records: number): Error {
  return coreError('TRANSACTION_TOO_LARGE', {
    what: 'what belongs together does not fit into one batch',
    expected: `at most ${maxBatchBytes} bytes`,
    received: `${records} records`,
  })
}
