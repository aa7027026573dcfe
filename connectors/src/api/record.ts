import type { Schema } from './schema.ts'

/** Plain data: what it is, its schema says where there is one. A null value is a deletion. */
export interface ConnectData {
  readonly schema: Schema | null
  readonly value: unknown
}

export interface ConnectHeader extends ConnectData {
  readonly name: string
}

/** What transforms see and change. */
export interface ConnectRecord {
  readonly topic: string
  /** Null: the key decides. */
  readonly partition: number | null
  readonly key: ConnectData
  readonly value: ConnectData
  /** Milliseconds since 1970; null: the time of writing. */
  readonly timestamp: number | null
  /** Order and repeats are kept. */
  readonly headers: readonly ConnectHeader[]
}

/** A record that a source read, with the position after it. */
export interface SourceRecord extends ConnectRecord {
  readonly sourcePartition: SourcePartition
  readonly sourceOffset: SourceOffset
}

/** A record for a sink. */
export interface SinkRecord extends ConnectRecord {
  readonly partition: number
  readonly offset: number
  /** Where it stood before transforms changed topic or partition (KIP-793). */
  readonly original: { readonly topic: string; readonly partition: number; readonly offset: number }
}

/** Which part of the external system: a file, a table, a slot. Keys in any order mean the same part. */
export type SourcePartition = Readonly<Record<string, OffsetValue>>

/**
 * A position in it, from which reading goes on after this record. Flat, as in Kafka Connect ("Offsets may only contain primitive
 * types as values"), so that it can be shown, compared and altered by hand.
 */
export type SourceOffset = Readonly<Record<string, OffsetValue>>

export type OffsetValue = string | number | boolean | null
