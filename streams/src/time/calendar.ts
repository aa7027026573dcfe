/**
 * Days, weeks and months of a time zone, as instants.
 *
 * Invariants
 *   C1  A day begins at the first instant that has its date: at the change where midnight is left out, at the first of two midnights
 *       where the clock goes back over it.
 *   C2  A period ends where the next one begins, so every instant is in one. A date that a zone left out altogether (Samoa, 2011) has
 *       a period of no length, which holds nothing.
 */

export type CalendarUnit = 'day' | 'week' | 'month'

export type WeekDay = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'

export const weekDays: readonly WeekDay[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

/** The periods of a calendar, milliseconds since 1970. */
export interface Calendar {
  startOf(timestamp: number): number
  /** Where the period that holds the timestamp ends. */
  endOf(timestamp: number): number
}

/** Null when the zone is not known. */
export function calendarOf(unit: CalendarUnit, zone: string, weekStart: WeekDay): Calendar | null {
  const clock = zoneClock(zone)
  return clock === null ? null : new ZoneCalendar(clock, periodsOf[unit](weekDays.indexOf(weekStart)))
}

const dayMs = 86_400_000
/** 1970-01-01 was a Thursday. */
const epochWeekDay = 3

/** Which days, counted from 1970-01-01, begin a period. */
interface Periods {
  firstDay(day: number): number
  nextFirstDay(firstDay: number): number
}

const periodsOf: Readonly<Record<CalendarUnit, (weekStart: number) => Periods>> = {
  day: () => ({ firstDay: (day) => day, nextFirstDay: (day) => day + 1 }),
  week: (weekStart) => ({
    firstDay: (day) => day - ((((day + epochWeekDay - weekStart) % 7) + 7) % 7),
    nextFirstDay: (day) => day + 7,
  }),
  month: () => ({
    firstDay: (day) => day - dateOf(day).day + 1,
    nextFirstDay: (firstDay) => {
      const { year, month } = dateOf(firstDay)
      return month === 12 ? dayOf(year + 1, 1) : dayOf(year, month + 1)
    },
  }),
}

class ZoneCalendar implements Calendar {
  readonly #offsetAt: ZoneClock
  readonly #periods: Periods
  /** The period asked for last: records come in the order of time, more or less. */
  #start = 0
  #end = 0

  constructor(offsetAt: ZoneClock, periods: Periods) {
    this.#offsetAt = offsetAt
    this.#periods = periods
  }

  startOf(timestamp: number): number {
    this.#find(timestamp)
    return this.#start
  }

  endOf(timestamp: number): number {
    this.#find(timestamp)
    return this.#end
  }

  #find(timestamp: number): void {
    if (timestamp >= this.#start && timestamp < this.#end) return
    const today = Math.floor((timestamp + this.#offsetAt(timestamp)) / dayMs)
    let first = this.#periods.firstDay(today)
    // Where the clock goes back over midnight the date is that of the day before once more: C1 says which period it is.
    while (this.#beginOf(first) > timestamp) first = this.#periods.firstDay(first - 1)
    let next = this.#periods.nextFirstDay(first)
    while (this.#beginOf(next) <= timestamp) {
      first = next
      next = this.#periods.nextFirstDay(first)
    }
    this.#start = this.#beginOf(first)
    this.#end = this.#beginOf(next)
  }

  /** The first instant of a day, counted from 1970-01-01. */
  #beginOf(day: number): number {
    const midnight = day * dayMs
    const before = this.#offsetAt(midnight - dayMs)
    const after = this.#offsetAt(midnight + dayMs)
    if (this.#offsetAt(midnight - before) === before) return midnight - before
    if (this.#offsetAt(midnight - after) === after) return midnight - after
    return this.#changeBetween(midnight - dayMs, midnight + dayMs)
  }

  /** The first instant with the later offset. */
  #changeBetween(from: number, to: number): number {
    const before = this.#offsetAt(from)
    let [low, high] = [from, to]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#offsetAt(middle) === before) low = middle
      else high = middle
    }
    return high
  }
}

/** How far the clocks of a zone are ahead of UTC at an instant, milliseconds. */
type ZoneClock = (timestamp: number) => number

function zoneClock(zone: string): ZoneClock | null {
  const format = formatOf(zone)
  return format === null ? null : (timestamp) => wallTime(format, timestamp) - Math.floor(timestamp / 1000) * 1000
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  if (typeof zone !== 'string') return null
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return null
  }
}

/** What the clocks show, as if it were UTC; whole seconds. */
function wallTime(format: Intl.DateTimeFormat, timestamp: number): number {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of format.formatToParts(timestamp)) parts[type] = Number(value)
  const days = dayOf(parts.year!, parts.month!) + parts.day! - 1
  return days * dayMs + parts.hour! * 3_600_000 + parts.minute! * 60_000 + parts.second! * 1000
}

/** The first day of a month, counted from 1970-01-01. */
function dayOf(year: number, month: number): number {
  // Years from March to February, so that the leap day is the last one.
  const marchYear = month > 2 ? year : year - 1
  const marchMonth = (month + 9) % 12
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return 365 * marchYear + leapDays + Math.floor((153 * marchMonth + 2) / 5) - daysTo1970
}

/** From the first of March of the year 0. */
const daysTo1970 = 719_468

function dateOf(day: number): { readonly year: number; readonly month: number; readonly day: number } {
  let year = 1970 + Math.floor(day / 365.2425)
  while (dayOf(year, 1) > day) year--
  while (dayOf(year + 1, 1) <= day) year++
  let month = 1
  while (month < 12 && dayOf(year, month + 1) <= day) month++
  return { year, month, day: day - dayOf(year, month) + 1 }
}
