import { HeldWindows } from '../app/held-windows.ts'
import { versionsIn } from '../app/versioned-queries.ts'
import type { Version } from '../operators/versioned-rows.ts'
import type { StoreSpec, StretchesLayout } from '../plan/plan.ts'
import type { PassedTime } from '../task/stream-time.ts'
import type { TimedValues } from '../time/timed-values.ts'
import type { MemoryRow } from './memory-stores.ts'
import type { TestStoreRow } from './test-records.ts'

export type ShownRow = Omit<TestStoreRow, 'partition'>

/**
 * The rows of a store in a user's terms, as the queries of an application show them: by time and key where they have windows, otherwise by
 * key. What an operator remembers for itself is shown as it lies.
 */
export function shownRows(
  { layout }: Pick<StoreSpec, 'layout'>,
  rows: readonly MemoryRow[],
  passed: PassedTime,
): readonly ShownRow[] {
  switch (layout.kind) {
    case 'stretches':
      return windowsIn(layout, rows, passed)
    case 'versions':
      return rows.flatMap((row) => versionRows(row, passed.now - layout.historyMs))
    default:
      return rows
  }
}

/** Rows come by stretch, then by key; sorting keeps the order of the keys. */
function windowsIn(layout: StretchesLayout, rows: readonly MemoryRow[], passed: PassedTime): readonly ShownRow[] {
  const held = new HeldWindows(layout)
  const isSession = layout.windows.kind === 'session'
  return rows
    .flatMap(({ key, value }) => {
      const values = held.in(value as TimedValues<unknown>, 0, Number.MAX_SAFE_INTEGER, passed)
      return values.map((one) => ({ key, one }))
    })
    .toSorted((a, b) => a.one.time - b.one.time)
    .map(({ key, one: { time, span, stamp, value } }) => {
      const bounds = isSession ? { start: time - span, end: time } : { start: time }
      return { key, ...bounds, value, timestamp: stamp }
    })
}

function versionRows({ key, value }: MemoryRow, oldest: number): readonly ShownRow[] {
  const versions = versionsIn(value as readonly Version[], oldest)
  return versions.map((version) => ({ key, value: version.value, timestamp: version.validFrom, validTo: version.validTo }))
}
