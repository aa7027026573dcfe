import type { Callback } from './callbacks.ts'

/** What a source does otherwise than by default. */
export interface SourceSettings {
  /** Where a partition begins that has no committed position. Null: at its first record. */
  readonly reset: 'latest' | null
  /** The time of a record. Null: the one that it was written with. */
  readonly timestamp: Callback<number> | null
  /** The topics that it reads are those that match at the start. Null: those that it names. */
  readonly pattern: RegExp | null
}
