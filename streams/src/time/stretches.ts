/** How windows of a key are kept that records share or make: those of a stretch of time in one row. */
import type { HoppingWindows, SessionWindows, SlidingWindows, Windows } from './windows.ts'

/** Windows whose rows hold a stretch of time. */
export type WindowsByTime = HoppingWindows | SlidingWindows | SessionWindows

/** So many gaps make a stretch where no grace says how long a session stays. */
const gapsInStretch = 1024

/** So many times the hopping windows of one record: these stand in one row then, more often than in two. */
const hopsInStretch = 4

/** A row is written as a whole, so it must not have too many. */
const maxHopping = 32

/** Tumbling windows are not kept so, nor hopping ones that are as good as tumbling: a record has one of them. */
export function isByTime(windows: Windows): windows is WindowsByTime {
  if (windows.kind === 'hopping') return windows.advance < windows.size
  return windows.kind === 'sliding' || windows.kind === 'session'
}

/** Milliseconds of a stretch. A lookup of sessions reaches over gap and grace, one of sliding windows over two differences: few rows. */
export function stretchMs(windows: WindowsByTime): number {
  if (windows.kind === 'sliding') return windows.difference + 1
  if (windows.kind === 'hopping') return hoppingMs(windows)
  const { gap, grace } = windows
  return grace === 'end-of-input' ? Math.min(gap * gapsInStretch, Number.MAX_SAFE_INTEGER) : gap + grace + 1
}

function hoppingMs({ size, advance }: HoppingWindows): number {
  return advance * Math.min(maxHopping, hopsInStretch * Math.ceil(size / advance))
}
