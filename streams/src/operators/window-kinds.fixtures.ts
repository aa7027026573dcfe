/** Sums in windows of any kind, and the same computed naively over all records at once. */
import fc from 'fast-check'
import { int64, json, string } from '@millrace/core'
import { memoryStream } from '../testing/memory-stream.ts'
import type { MemoryContextOptions, MemoryOutput } from '../testing/memory-context.ts'
import { windowGrid } from '../time/window-grid.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import type { Windows } from '../time/windows.ts'

export interface Given {
  readonly key: string
  readonly value: number
  readonly timestamp: number
}

export type Row = readonly [start: number, end: number, key: string, sum: number | null, timestamp: number]

export const records: fc.Arbitrary<Given[]> = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'ä'),
    value: fc.integer({ min: -9, max: 9 }),
    timestamp: fc.nat({ max: 99 }),
  }),
  { maxLength: 40 },
)

const sums = { store: 'sums', value: int64, initial: () => 0, add: (total: number, value: number) => total + value }

/** The sub-topology that sums in windows. */
export function summing(windows: Windows, emit: 'final' | 'update'): MemoryContextOptions['subTopology'] {
  const { app } = memoryStream<number>((input) => {
    const group = input.groupByKey()
    const table =
      windows.kind === 'session'
        ? group.windowedBy(windows).aggregate({ ...sums, merge: sums.add })
        : group.windowedBy(windows).aggregate(sums)
    const out = { key: windowed(string, windows), value: json<number | null>() }
    if (emit === 'final') table.emitFinal().to('out', out)
    else table.emitOnUpdate().toStream().to('out', out)
  })
  return app.plan.subTopologies[0]!
}

export function rowOf({ key, value, timestamp }: MemoryOutput): Row {
  const { key: inner, start, end } = key as Windowed<string>
  return [start, end, inner, value as number | null, timestamp]
}

export function byEnd([start, end, key]: Row, [otherStart, otherEnd, otherKey]: Row): number {
  return end - otherEnd || start - otherStart || (key < otherKey ? -1 : 1)
}

/** The last update of each window; windows that were deleted left out. */
export function lastUpdates(rows: readonly Row[]): readonly Row[] {
  const last = new Map(rows.map((row) => [row.slice(0, 3).join(' '), row]))
  return [...last.values()].filter(([, , , sum]) => sum !== null).toSorted(byEnd)
}

/** What a batch job would write over records none of which is late. */
export function naive(windows: Windows, given: readonly Given[]): readonly Row[] {
  const byKey = Map.groupBy(given, ({ key }) => key)
  return [...byKey]
    .flatMap(([key, own]) => boundsOf(windows, own).map(({ start, end }) => rowIn(windows, key, own, start, end)))
    .toSorted(byEnd)
}

interface Bounds {
  readonly start: number
  readonly end: number
}

function rowIn(windows: Windows, key: string, given: readonly Given[], start: number, end: number): Row {
  const holdsEnd = windows.kind === 'session' || windows.kind === 'sliding'
  const own = given.filter(({ timestamp }) => timestamp >= start && (timestamp < end || (holdsEnd && timestamp === end)))
  const sum = own.reduce((total, { value }) => total + value, 0)
  return [start, end, key, sum, windows.kind === 'session' ? end : Math.max(...own.map(({ timestamp }) => timestamp))]
}

/** The windows of one key. */
function boundsOf(windows: Windows, given: readonly Given[]): readonly Bounds[] {
  const times = [...new Set(given.map(({ timestamp }) => timestamp))].toSorted((a, b) => a - b)
  if (windows.kind === 'session') return sessionsOf(times, windows.gap)
  if (windows.kind === 'sliding') return slidingOf(times, windows.difference)
  const grid = windowGrid(windows)
  const starts = new Set(times.flatMap((time) => [...grid.startsAt(time)]))
  return [...starts].map((start) => ({ start, end: grid.endOf(start) }))
}

function sessionsOf(times: readonly number[], gap: number): readonly Bounds[] {
  const sessions: { start: number; end: number }[] = []
  for (const time of times) {
    const last = sessions.at(-1)
    if (last !== undefined && time - last.end <= gap) last.end = time
    else sessions.push({ start: time, end: time })
  }
  return sessions
}

/** A left window for each time, and a right one where something lies in it. Early ones share [0, difference]. */
function slidingOf(times: readonly number[], difference: number): readonly Bounds[] {
  const left = times.map((time) => Math.max(0, time - difference))
  const right = times.map((time) => time + 1).filter((start) => times.some((time) => time >= start && time <= start + difference))
  return [...new Set([...left, ...right])].map((start) => ({ start, end: start + difference }))
}
