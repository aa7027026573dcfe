import { isIntegerFrom, isOneOf, isText, type OptionRules } from '../base/options.ts'
import type { CompressionName } from '../record/compression.ts'

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
