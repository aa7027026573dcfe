import type { Serde, Serializer } from '@millrace/core'
import { messageOf } from '../runtime/explain.ts'
import type { SinkSpec } from '../plan/plan.ts'
import type { DropReason } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { MemoryOutput } from './memory-context.ts'

/** A row as it came out of a log: its bytes, and what the sink's serdes read from them. */
export interface PassedRow extends MemoryOutput {
  readonly keyBytes: Uint8Array | null
  readonly valueBytes: Uint8Array | null
  /** The bytes that decide the partition; null: none. */
  readonly routedBy: Uint8Array | null
  /** One of the partitions that a partitioner chose. */
  readonly chosen?: number
}

/** What a sink does to a row on its way into a log and out of it. @throws VALUE_UNWRITABLE */
export function pass(row: MemoryOutput, sink: SinkSpec): PassedRow | DropReason {
  const { key, value } = row
  if (key === null && sink.key.nullable !== true) return 'null-key'
  if (value === null && sink.value.nullable !== true) return 'null-value'
  const keyBytes = written(sink.key, key, `the key for topic ${row.topic}`)
  const valueBytes = written(sink.value, value, `the value for topic ${row.topic}`)
  const routedBy = sink.partitionBy === null ? keyBytes : written(sink.partitionBy, key, `the key for topic ${row.topic}`)
  return {
    ...row,
    key: read(sink.key, keyBytes, key),
    value: read(sink.value, valueBytes, value),
    keyBytes,
    valueBytes,
    routedBy,
  }
}

/** Bytes of its own, for a serializer may use its buffer again; null for a null. @throws VALUE_UNWRITABLE */
export function written(serializer: Serializer<unknown>, value: unknown, what: string): Uint8Array | null {
  if (value === null) return null
  try {
    return Uint8Array.from(bytesOf(serializer.write(value)))
  } catch (cause) {
    const why = `${what} cannot be written by serde ${serializer.name}: ${messageOf(cause)}`
    throw streamError('VALUE_UNWRITABLE', { what: why, where: 'the test driver', cause })
  }
}

/** @throws when a value of another type went through a serializer that did not look. */
export function bytesOf(bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  if (bytes instanceof Uint8Array) return bytes
  throw new TypeError(`it gave ${typeof bytes}, and no bytes`)
}

/** A serializer that cannot read leaves the object as the topology made it. */
function read(serializer: Serializer<unknown>, bytes: Uint8Array | null, value: unknown): unknown {
  if (bytes === null) return null
  const { read: decode } = serializer as Partial<Serde<unknown>>
  return decode === undefined ? value : decode(bytes)
}
