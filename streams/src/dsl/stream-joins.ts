import type { Serde } from '@millrace/core'
import type { Joiner } from '../graph/callbacks.ts'
import type { NewNode } from '../graph/graph-builder.ts'
import { checkName } from '../graph/names.ts'
import { isDuration, type Duration } from '../time/duration.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { timedValues } from '../time/timed-values.ts'
import type { Grace } from '../time/windows.ts'
import { erase } from './erase.ts'
import type { KStream } from './k-stream.ts'

/** How far a right record may lie from its left one, both ends included; one duration holds for both directions. */
export type JoinWithin = Duration | { readonly before: Duration; readonly after: Duration }

/** What two streams are joined by, and where they are kept meanwhile. */
export interface StreamJoin<K, L, R> {
  /**
   * Names the stores: `<name>-left` and `<name>-right`, and where results may lack a partner `<name>-left-open` and
   * `<name>-right-open`, each with a changelog. What is stored fits one `within`: another one needs another name.
   */
  readonly name: string
  readonly within: JoinWithin
  /**
   * How long after its end a window waits for late records. Until then results without a partner are held back, and records of
   * both sides are kept. `end-of-input`: everything is kept until the input ends.
   */
  readonly grace: Grace
  readonly key: Serde<K>
  readonly left: Serde<L>
  readonly right: Serde<R>
}

export interface InnerStreamJoin<K, L, R, O> extends StreamJoin<K, L, R> {
  readonly join: (left: L, right: R, key: K) => O
}

export interface LeftStreamJoin<K, L, R, O> extends StreamJoin<K, L, R> {
  /** `right` is null where the left record found none. */
  readonly join: (left: L, right: R | null, key: K) => O
}

export interface OuterStreamJoin<K, L, R, O> extends StreamJoin<K, L, R> {
  /** One of both is null where the other record found none. */
  readonly join: (left: L | null, right: R | null, key: K) => O
}

/** Joins of two streams by key and time. Both lie in partitions of the same key, of which there are equally many. */
export interface StreamJoins<K, V> {
  /**
   * A result for each pair of a left and a right record of one key whose times lie as near as `within` says (KStream–KStream). It
   * has the later of both timestamps, and comes with the record that comes later. A null key or value is dropped and counted; a
   * record that is older than the newest one of its own side by more than both directions of `within` and grace together meets what
   * is still kept, and is not kept itself: counted as `late`.
   * A stream may be joined with itself.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, TOPOLOGY_INVALID, WINDOW_INVALID,
   *   INVALID_STREAM_OPTION
   */
  joinStream<R, O>(right: KStream<K, R>, options: InnerStreamJoin<K, V, R, O>): KStream<K, O>
  /**
   * As `joinStream`, and a result with null for each left record without a partner, once stream time has passed the end of its
   * window plus grace (KIP-633), or the input ends; at once if its window was over when it came. A left record with a null key has
   * no partner (KIP-962). A partner that comes after that makes a result as well.
   * Other than in Kafka Streams the end of the input emits what waits, and a result never waits for a wall clock.
   * @throws as `joinStream`
   */
  leftJoinStream<R, O>(right: KStream<K, R>, options: LeftStreamJoin<K, V, R, O>): KStream<K, O>
  /** As `leftJoinStream`, for records of both sides. @throws as `joinStream` */
  outerJoinStream<R, O>(right: KStream<K, R>, options: OuterStreamJoin<K, V, R, O>): KStream<K, O>
}

type Sides = 'inner' | 'left' | 'outer'

const methods = { inner: 'joinStream', left: 'leftJoinStream', outer: 'outerJoinStream' } as const

/** The node of a join, of the streams behind the two inputs. */
export function streamJoin<K, L, R>(
  sides: Sides,
  inputs: readonly [left: string, right: string],
  options: StreamJoin<K, L, R> & { readonly join: unknown },
): NewNode {
  const where = methods[sides]
  checkOptions(where, options, ['name', 'within', 'grace', 'key', 'left', 'right', 'join'])
  const { name, grace, join } = options
  const [key, left, right] = [erase(options.key), erase(options.left), erase(options.right)]
  checkName(`the stores of ${where}`, name)
  checkSerdes(where, { key, left, right })
  checkFunctions(where, { join })
  checkGrace(where, grace)
  const { beforeMs, afterMs } = reachOf(where, options.within)
  const widthMs = Math.max(1, Math.ceil((beforeMs + afterMs) / 2))
  const rows = (store: string, value: Serde<unknown>) =>
    ({ kind: 'timeRows', name: store, key, value: erase(timedValues(value)), widthMs }) as const
  const names = namesOf(name, sides)
  const kept = [rows(names.left, left), rows(names.right, right)]
  if (names.openLeft !== null) kept.push(rows(names.openLeft, left))
  if (names.openRight !== null) kept.push(rows(names.openRight, right))
  const times = [names.left, names.right, ...(names.time === null ? [] : [names.time])]
  return {
    kind: 'join-streams',
    inputs,
    sides,
    beforeMs,
    afterMs,
    widthMs,
    grace,
    join: join as Joiner,
    kept,
    times,
    ...names,
  }
}

function namesOf(name: string, sides: Sides) {
  return {
    left: `${name}-left`,
    right: `${name}-right`,
    openLeft: sides === 'inner' ? null : `${name}-left-open`,
    openRight: sides === 'outer' ? `${name}-right-open` : null,
    time: sides === 'inner' ? null : `${name}-left-open`,
  }
}

function reachOf(where: string, within: JoinWithin): { readonly beforeMs: number; readonly afterMs: number } {
  const both = typeof within === 'object' && within !== null
  const { before, after } = both ? within : { before: within, after: within }
  if (isDuration(before) && isDuration(after) && isDuration(before + after)) return { beforeMs: before, afterMs: after }
  throw streamError('WINDOW_INVALID', {
    what: 'how near the records of a join have to be',
    where: `${where}, within`,
    expected: 'a duration, or { before, after } of durations',
    received: both ? `before ${String(before)}, after ${String(after)}` : String(within),
  })
}

function checkGrace(where: string, grace: unknown): void {
  if (grace === 'end-of-input' || isDuration(grace)) return
  throw streamError('WINDOW_INVALID', {
    what: 'the grace of windows',
    where,
    expected: `a duration or 'end-of-input'`,
    received: String(grace),
  })
}
