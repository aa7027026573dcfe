import type { Row } from './read-output.ts'
import { meanDelay } from './top-airports.ts'

/** Days that follow one another, over all airports. */
export interface Days {
  /** `YYYY-MM-DD` of the first one. */
  readonly first: string
  readonly last: string
  readonly meanDelay: number
}

/** The mean delay over time, in at most `columns` groups of equally many days. */
export function byDay(rows: readonly Row[], columns: number): readonly Days[] {
  const days = [...sumsByDay(rows)].sort(([a], [b]) => (a < b ? -1 : 1))
  const size = Math.ceil(days.length / columns)
  const groups = Array.from({ length: Math.ceil(days.length / (size || 1)) }, (_, i) => days.slice(i * size, (i + 1) * size))
  return groups.map((group) => ({
    first: group[0]?.[0] ?? '',
    last: group.at(-1)?.[0] ?? '',
    meanDelay: meanDelay(total(group)),
  }))
}

interface Sum {
  readonly flights: number
  readonly totalDelay: number
}

function sumsByDay(rows: readonly Row[]): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const row of rows) sums.set(row.day, plus(sums.get(row.day) ?? { flights: 0, totalDelay: 0 }, row))
  return sums
}

function total(group: readonly (readonly [string, Sum])[]): Sum {
  return group.reduce<Sum>((sum, [, each]) => plus(sum, each), { flights: 0, totalDelay: 0 })
}

function plus(a: Sum, b: Sum): Sum {
  return { flights: a.flights + b.flights, totalDelay: a.totalDelay + b.totalDelay }
}
