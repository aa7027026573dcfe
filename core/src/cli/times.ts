import { UsageError } from './usage-error.ts'

const dayMs = 86_400_000

/** Milliseconds since 1970, or `2026-01-31[T12:00[:00[.000]]][Z|+01:00]`; UTC where it does not say. @throws UsageError */
export function timeOf(flag: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[-+]\d\d:?\d\d)?$/.exec(text) ?? []
  const [monthNumber, dayNumber] = [Number(month), Number(day)]
  const fits = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  if (
    year === undefined ||
    !fits ||
    monthNumber < 1 ||
    monthNumber > 12 ||
    dayNumber < 1 ||
    dayNumber > daysIn(Number(year), monthNumber)
  )
    throw new UsageError(`--${flag} takes a time, 2026-01-31T12:00:00.000Z or milliseconds since 1970, not ${text}`)
  const clock = Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000
  return (
    daysSince1970(Number(year), monthNumber, dayNumber) * dayMs +
    clock +
    Number(fraction.slice(0, 3).padEnd(3, '0')) -
    zoneMs(zone)
  )
}

/** ISO 8601: `P7D`, `PT1H30M`, `PT0.5S`. @throws UsageError */
export function durationMsOf(flag: string, text: string): number {
  const found = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/.exec(text)
  if (found === null) throw new UsageError(`--${flag} takes a duration, P7D or PT1H30M, not ${text}`)
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = found
  return Number(days) * dayMs + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1000)
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0
  const [, sign, hours, minutes] = /^([-+])(\d\d):?(\d\d)$/.exec(zone)!
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3_600_000 + Number(minutes) * 60_000)
}

function daysIn(year: number, month: number): number {
  const [nextYear, nextMonth] = month === 12 ? [year + 1, 1] : [year, month + 1]
  return daysSince1970(nextYear, nextMonth, 1) - daysSince1970(year, month, 1)
}

/** Of the Gregorian calendar. Years begin with March here, so that the leap day is their last. */
function daysSince1970(year: number, month: number, day: number): number {
  const from = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return from * 365 + Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400) + dayOfYear - 719_468
}
