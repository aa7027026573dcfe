import { isIntegerFrom, isObject, isOneOf, isText, type OptionRules } from '../base/options.ts'
import type { CompressionName } from '../record/compression.ts'
import type { OffsetCommit, OutgoingBatch, TransactionWork } from './producer.ts'

export interface ResolvedOptions {
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  readonly maxBufferedBytes: number
  readonly compression: CompressionName
}

export const producerRules: OptionRules<ResolvedOptions> = {
  transactionalId: {
    check: (value): value is string | null => isText(value),
    expected: 'a text that is not empty',
    default: null,
  },
  transactionTimeoutMs: { check: isIntegerFrom(1), expected: 'milliseconds, at least 1', default: 60_000 },
  maxBufferedBytes: { check: isIntegerFrom(1), expected: 'a number of bytes above 0', default: 32 << 20 },
  compression: {
    check: isOneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
    expected: 'none, gzip, snappy, lz4 or zstd',
    default: 'none',
  },
}

/** Of a transaction that commits none. */
export const noOffsets: OffsetCommit = Object.freeze({ group: '', positions: [] })

export const workRules: OptionRules<Required<TransactionWork>> = {
  batches: { check: (value): value is readonly OutgoingBatch[] => Array.isArray(value), expected: 'a list of batches' },
  offsets: {
    check: (value): value is OffsetCommit => isObject(value),
    expected: 'a group and its positions',
    default: noOffsets,
  },
}
