/**
 * What the child writes, as a function of round and number: the parent can tell every record that was never written, without having
 * been told of it.
 *
 *   topic    partitions  written by                         value
 *   sent     3           send, several in flight            round:sequence in the partition
 *   flushed  1           append and flush                   round:sequence
 *   moved    3           transact, with a group's position  round:transaction:index in the partition:records in each partition
 *   begun    3           begin, send, commit or abort       the same; every third is aborted
 *   kept     1           send; compacted all the time       round:sequence, key: sequence modulo `keys`
 *   fading   1           send; only the newest stay         round:sequence
 */
import type { NewTopic } from '@millrace/core'

export const partitions = 3
export const group = 'mover'

export const topics: readonly NewTopic[] = [
  { topic: 'sent', partitions, config: { 'retention.ms': '-1' } },
  { topic: 'flushed', partitions: 1, config: { 'retention.ms': '-1' } },
  { topic: 'moved', partitions, config: { 'retention.ms': '-1' } },
  { topic: 'begun', partitions, config: { 'retention.ms': '-1', 'segment.bytes': '65536' } },
  {
    topic: 'kept',
    partitions: 1,
    config: { 'cleanup.policy': 'compact', 'segment.bytes': '16384', 'min.cleanable.dirty.ratio': '0' },
  },
  { topic: 'fading', partitions: 1, config: { 'retention.bytes': '100000', 'segment.bytes': '16384' } },
]

/** Most records are small; now and then one is so large that a kill hits in the middle of its write. */
function sizeOf(number: number): number {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0
  return mixed % 97 === 0 ? 100_000 + (mixed % 100_000) : 20 + (mixed % 200)
}

/** The text, filled up to a size that follows from the number in it. */
export function contentOf(text: string, number: number): string {
  return text.padEnd(sizeOf(number), '.')
}

/** How many records a transaction has in each partition: between 0 and 4, not all 0. */
export function recordsIn(transaction: number): readonly number[] {
  const mixed = Math.imul(transaction + 1, 0x85ebca6b) >>> 0
  return [1 + (mixed % 4), (mixed >>> 8) % 5, (mixed >>> 16) % 5]
}

export const keys = 12

export function isAborted(transaction: number): boolean {
  return transaction % 3 === 2
}

/** What the child says after an acknowledgement, one a line of JSON. */
export type Acknowledged =
  | { readonly kind: 'sent'; readonly partition: number; readonly first: number; readonly count: number; readonly offset: number }
  | { readonly kind: 'flushed'; readonly count: number }
  | { readonly kind: 'moved'; readonly transaction: number; readonly offsets: readonly number[] }
  | { readonly kind: 'begun'; readonly transaction: number }
  | { readonly kind: 'kept' | 'fading'; readonly sequence: number; readonly offset: number }

/** The committed position of the group in a round: behind this transaction. */
export function positionAfter(transaction: number): number {
  return transaction + 1
}
