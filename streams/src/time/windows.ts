/**
 * Windows of time, aligned to 1970-01-01T00:00Z where nothing else is said.
 *
 * Invariants
 *   W1  A timestamp is not negative; a record without one never comes here.
 *   W2  An aligned window holds start <= timestamp < end, and is the same for every key. No window starts before 1970.
 *   W3  An aligned window is closed when end <= stream time - grace (KIP-633), and never opens again. A sliding window and a session
 *       hold their end; they are closed when end < stream time - grace, a session when end < stream time - grace - gap.
 *   W4  With grace `end-of-input` nothing is closed while input can come.
 */
import { calendarOf, weekDays, type CalendarUnit, type WeekDay } from './calendar.ts'
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

/** Windows of one size, one every `advance`: they overlap, and a record is in each that holds it. */
export interface HoppingWindows {
  readonly kind: 'hopping'
  readonly size: Duration
  readonly advance: Duration
  readonly grace: Grace
}

/** One window from `start` on, for ever. It closes at the end of a bounded input, and not before. */
export interface UnlimitedWindows {
  readonly kind: 'unlimited'
  /** Milliseconds since 1970. Records before it are in no window. */
  readonly start: number
  readonly grace: 'end-of-input'
}

/** Days, weeks or months of a time zone, as long as they really are there. */
export interface CalendarWindows {
  readonly kind: 'calendar'
  readonly unit: CalendarUnit
  /** Of the IANA database. */
  readonly zone: string
  /** Only of weeks. */
  readonly weekStart: WeekDay
  readonly grace: Grace
}

/** For each record the time that ends at it, and what lies after it: windows where the records of a key are. */
export interface SlidingWindows {
  readonly kind: 'sliding'
  readonly difference: Duration
  readonly grace: Grace
}

/** Records of a key with no longer pause than `gap` between them. */
export interface SessionWindows {
  readonly kind: 'session'
  readonly gap: Duration
  readonly grace: Grace
}

/** Windows that are the same for every key. */
export type AlignedWindows = TumblingWindows | HoppingWindows | UnlimitedWindows | CalendarWindows

/** Windows that a record never changes the bounds of. */
export type TimeWindows = AlignedWindows | SlidingWindows

/** A definition of windows. */
export type Windows = TimeWindows | SessionWindows

/**
 * Windows of `size`, aligned to the epoch in UTC. `grace` has no default, as in Kafka since KIP-633: how late a record may
 * be is a decision about the data.
 * @throws WINDOW_INVALID when size is not above 0, or grace is no duration; INVALID_STREAM_OPTION
 */
export function tumbling(options: { readonly size: Duration; readonly grace: Grace }): TumblingWindows {
  const where = 'tumbling'
  checkOptions(where, options, ['size', 'grace'])
  const { size, grace } = options
  checkAboveZero(where, { size })
  checkGrace(where, grace)
  return Object.freeze({ kind: 'tumbling', size, grace })
}

/**
 * Windows of `size`, one every `advance`, aligned to the epoch in UTC. Kafka's `TimeWindows.advanceBy`: with `advance` = `size` they are
 * tumbling windows.
 * @throws WINDOW_INVALID when size or advance is not above 0, advance is above size, or grace is no duration; INVALID_STREAM_OPTION
 */
export function hopping(options: { readonly size: Duration; readonly advance: Duration; readonly grace: Grace }): HoppingWindows {
  const where = 'hopping'
  checkOptions(where, options, ['size', 'advance', 'grace'])
  const { size, advance, grace } = options
  checkAboveZero(where, { size, advance })
  if (advance > size) throw invalid(where, 'advance', `at most the size, ${size}`, advance)
  checkGrace(where, grace)
  return Object.freeze({ kind: 'hopping', size, advance, grace })
}

/**
 * One window without an end, from `start` (milliseconds since 1970, default 0). Its end is 2^53 - 1.
 * @throws WINDOW_INVALID when start is no time; INVALID_STREAM_OPTION
 */
export function unlimited(options: { readonly start?: number } = {}): UnlimitedWindows {
  checkOptions('unlimited', options, ['start'])
  const { start = 0 } = options
  if (!isDuration(start)) throw invalid('unlimited', 'start', 'milliseconds since 1970, not negative', start)
  return Object.freeze({ kind: 'unlimited', start, grace: 'end-of-input' })
}

/**
 * The days, weeks (from `weekStart`, default Monday) or months of a time zone such as `Europe/Berlin`: a day in which the clock is
 * changed has 23 or 25 hours. Kafka Streams has none. Time zones change by law: what Node's own database says is what holds, so an
 * update of Node may move the ends of windows to come.
 * @throws WINDOW_INVALID when the unit, the zone or the day is not known, or grace is no duration; INVALID_STREAM_OPTION
 */
export function calendar(options: {
  readonly unit: CalendarUnit
  readonly zone: string
  readonly weekStart?: WeekDay
  readonly grace: Grace
}): CalendarWindows {
  const where = 'calendar'
  checkOptions(where, options, ['unit', 'zone', 'weekStart', 'grace'])
  const { unit, zone, weekStart = 'monday', grace } = options
  if (!['day', 'week', 'month'].includes(unit)) throw invalid(where, 'unit', 'day, week or month', unit)
  if (!weekDays.includes(weekStart)) throw invalid(where, 'weekStart', weekDays.join(', '), weekStart)
  if (calendarOf(unit, zone, weekStart) === null) throw invalid(where, 'zone', 'a time zone of the IANA database', zone)
  checkGrace(where, grace)
  return Object.freeze({ kind: 'calendar', unit, zone, weekStart, grace })
}

/**
 * Kafka's `SlidingWindows`: a window for each time at which a record came, [time - difference, time], and one that begins right after
 * it if records lie in it; both ends belong to it. Records before `difference` share the window [0, difference]. With a difference of 0
 * a window holds the records of one millisecond.
 * @throws WINDOW_INVALID when difference or grace is no duration; INVALID_STREAM_OPTION
 */
export function sliding(options: { readonly difference: Duration; readonly grace: Grace }): SlidingWindows {
  checkOptions('sliding', options, ['difference', 'grace'])
  const { difference, grace } = options
  if (!isDuration(difference)) throw invalid('sliding', 'difference', 'a duration', difference)
  checkGrace('sliding', grace)
  return Object.freeze({ kind: 'sliding', difference, grace })
}

/**
 * Kafka's `SessionWindows`: a record joins every session of its key that begins or ends at most `gap` from it; what it joins becomes one
 * session. It begins at its first record and ends at its last one.
 * @throws WINDOW_INVALID when gap is not above 0, or grace is no duration; INVALID_STREAM_OPTION
 */
export function session(options: { readonly gap: Duration; readonly grace: Grace }): SessionWindows {
  checkOptions('session', options, ['gap', 'grace'])
  const { gap, grace } = options
  checkAboveZero('session', { gap })
  checkGrace('session', grace)
  return Object.freeze({ kind: 'session', gap, grace })
}

const kinds: readonly Windows['kind'][] = ['tumbling', 'hopping', 'sliding', 'session', 'calendar', 'unlimited']

/** @throws WINDOW_INVALID when it is no definition of windows. */
export function checkWindows<W extends Windows>(windows: W): W {
  const kind = (windows as Partial<Windows> | undefined)?.kind
  if (kind !== undefined && kinds.includes(kind)) return windows
  throw streamError('WINDOW_INVALID', {
    what: 'no windows',
    where: 'windowedBy',
    expected: kinds.map((name) => `${name}({ ... })`).join(', '),
    received: typeof windows,
  })
}

/** By Kafka's rules: nothing more is accepted for a window that ends here (W3, W4). */
export function isClosed(windows: Windows, windowEnd: number, streamTime: number): boolean {
  const { kind, grace } = windows
  if (grace === 'end-of-input') return false
  if (kind === 'sliding') return windowEnd < streamTime - grace
  if (kind === 'session') return windowEnd < streamTime - grace - windows.gap
  return windowEnd <= streamTime - grace
}

/** What is durable about them, for names of serdes. */
export function windowsName(windows: Windows): string {
  switch (windows.kind) {
    case 'tumbling':
      return `tumbling ${windows.size} ms`
    case 'hopping':
      return `hopping ${windows.size} ms`
    case 'sliding':
      return `sliding ${windows.difference} ms`
    case 'session':
      return `session ${windows.gap} ms`
    case 'calendar':
      return `calendar ${windows.unit} ${windows.zone}${windows.unit === 'week' ? ` ${windows.weekStart}` : ''}`
    default:
      return `unlimited from ${windows.start} ms`
  }
}

function checkAboveZero(where: string, durations: Readonly<Record<string, number>>): void {
  for (const [name, given] of Object.entries(durations)) {
    if (!isDuration(given) || given === 0) throw invalid(where, name, 'a duration above 0', given)
  }
}

function checkGrace(where: string, grace: Grace): void {
  if (grace !== 'end-of-input' && !isDuration(grace)) throw invalid(where, 'grace', `a duration or 'end-of-input'`, grace)
}

function invalid(where: string, option: string, expected: string, received: unknown): Error {
  return streamError('WINDOW_INVALID', { what: `the ${option} of windows`, where, expected, received: String(received) })
}
