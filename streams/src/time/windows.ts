/**
 * Windows of time, aligned to 1970-01-01T00:00Z.
 *
 * Invariants
 *   W1  A timestamp is not negative; a record without one never comes here.
 *   W2  A window holds start <= timestamp < end. Starts are multiples of the size, from 0.
 *   W3  A window is closed when end <= stream time - grace (KIP-633), and never opens again.
 *   W4  With grace `end-of-input` nothing is closed while input can come.
 */
import { isDuration, type Duration } from './duration.ts'
import { checkOptions } from './options.ts'
import { streamError } from './stream-errors.ts'

/**
 * How long after its end a window still takes records, measured in stream time. `end-of-input`: until a bounded
 * application has read everything.
 */
export type Grace = Duration | 'end-of-input'

/** Windows of one size, one behind the other, without overlap. */
export interface TumblingWindows {
  readonly kind: 'tumbling'
  readonly size: Duration
  readonly grace: Grace
}

/** A definition of windows. */
export type Windows = TumblingWindows

/**
 * Windows of `size`, aligned to the epoch in UTC. `grace` has no default, as in Kafka since KIP-633: how late a record may
 * be is a decision about the data.
 * @throws WINDOW_INVALID when size is not above 0, or grace is no duration; INVALID_STREAM_OPTION
 */
export function tumbling(options: { readonly size: Duration; readonly grace: Grace }): TumblingWindows {
  checkOptions('tumbling', options, ['size', 'grace'])
  const { size, grace } = options
  if (!isDuration(size) || size === 0) throw invalid('size', 'a duration above 0', size)
  if (grace !== 'end-of-input' && !isDuration(grace)) throw invalid('grace', `a duration or 'end-of-input'`, grace)
  return Object.freeze({ kind: 'tumbling', size, grace })
}

/** @throws WINDOW_INVALID when it is no definition of windows. */
export function checkWindows(windows: Windows): Windows {
  if ((windows as Partial<Windows> | undefined)?.kind === 'tumbling') return windows
  throw streamError('WINDOW_INVALID', {
    what: 'no windows',
    where: 'windowedBy',
    expected: 'tumbling({ size, grace })',
    received: typeof windows,
  })
}

/** Where the window that holds the timestamp begins. */
export function windowStart({ size }: Windows, timestamp: number): number {
  return timestamp - (timestamp % size)
}

/** By Kafka's rule: nothing more is accepted for a window that ends here (W3, W4). */
export function isClosed({ grace }: Windows, windowEnd: number, streamTime: number): boolean {
  return grace !== 'end-of-input' && windowEnd <= streamTime - grace
}

function invalid(option: string, expected: string, received: unknown): Error {
  return streamError('WINDOW_INVALID', {
    what: `the ${option} of windows`,
    where: 'tumbling',
    expected,
    received: String(received),
  })
}
