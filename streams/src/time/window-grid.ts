/** Which windows hold a timestamp, and where they end: of windows that are the same for every key. */
import { calendarOf } from './calendar.ts'
import type { AlignedWindows, CalendarWindows, HoppingWindows, TumblingWindows, UnlimitedWindows } from './windows.ts'

export interface WindowGrid {
  /** The starts of the windows that hold the timestamp, the earliest first. The array is valid until the next call. */
  startsAt(timestamp: number): readonly number[]
  /** The end of a window, from its start. Later starts have later ends. */
  endOf(start: number): number
}

/** The end of windows that have none. */
const noEnd: number = Number.MAX_SAFE_INTEGER

export function windowGrid(windows: AlignedWindows): WindowGrid {
  switch (windows.kind) {
    case 'tumbling':
      return tumblingGrid(windows)
    case 'hopping':
      return hoppingGrid(windows)
    case 'unlimited':
      return unlimitedGrid(windows)
    default:
      return calendarGrid(windows)
  }
}

function tumblingGrid({ size }: TumblingWindows): WindowGrid {
  return withOne(
    (timestamp) => timestamp - (timestamp % size),
    (start) => start + size,
  )
}

/** Kafka's: the first start is not before 1970, so the first windows of all are fewer. */
function hoppingGrid({ size, advance }: HoppingWindows): WindowGrid {
  const starts: number[] = []
  return {
    startsAt: (timestamp) => {
      starts.length = 0
      const reach = Math.max(0, timestamp - size + advance)
      for (let start = reach - (reach % advance); start <= timestamp; start += advance) starts.push(start)
      return starts
    },
    endOf: (start) => start + size,
  }
}

function unlimitedGrid({ start }: UnlimitedWindows): WindowGrid {
  const held = [start]
  return { startsAt: (timestamp) => (timestamp < start ? [] : held), endOf: () => noEnd }
}

/** The first window of all begins at 0, wherever its day does: nothing starts before 1970, as in Kafka. */
function calendarGrid({ unit, zone, weekStart }: CalendarWindows): WindowGrid {
  const periods = calendarOf(unit, zone, weekStart)!
  return withOne(
    (timestamp) => Math.max(0, periods.startOf(timestamp)),
    (start) => periods.endOf(start),
  )
}

function withOne(startOf: (timestamp: number) => number, endOf: (start: number) => number): WindowGrid {
  const starts = [0]
  return {
    startsAt: (timestamp) => {
      starts[0] = startOf(timestamp)
      return starts
    },
    endOf,
  }
}
