/** How windows that the records of a key make are kept: those of a stretch of time in one row. */
import type { SessionWindows, SlidingWindows } from './windows.ts'

/** So many gaps make a stretch where no grace says how long a session stays. */
const gapsInStretch = 1024

/** Milliseconds of a stretch. A lookup of sessions reaches over gap and grace, one of sliding windows over two differences: few rows. */
export function stretchMs(windows: SlidingWindows | SessionWindows): number {
  if (windows.kind === 'sliding') return windows.difference + 1
  const { gap, grace } = windows
  return grace === 'end-of-input' ? Math.min(gap * gapsInStretch, Number.MAX_SAFE_INTEGER) : gap + grace + 1
}
