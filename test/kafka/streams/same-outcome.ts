import { isDeepStrictEqual } from 'node:util'
import { countsOthers } from './differences.ts'
import type { Outcome, OutputRow, Step } from './topology-case.ts'

/**
 * What of an outcome must be the same. Rows are compared in their order within a key: between the keys of one input row neither
 * side promises one, where several sub-topologies or partitions take part. Each row stays with the input row that it followed from.
 */
export function comparable({ output, dropped }: Outcome, topology: readonly Step[]): object {
  const operators = topology.map(({ op }) => op)
  const rows = operators.some((op) => op.includes('Foreign')) ? byKey(output) : output
  return { output: rows, dropped: countsOthers(operators) ? 'counted differently' : dropped }
}

export function isSame(ours: Outcome, kafkas: Outcome, topology: readonly Step[]): boolean {
  return isDeepStrictEqual(comparable(ours, topology), comparable(kafkas, topology))
}

/** A stable sort: within a key the order stays. */
function byKey(output: readonly OutputRow[]): readonly OutputRow[] {
  const place = ([input, topic, key]: OutputRow): string => `${String(input).padStart(9, '0')} ${topic} ${key}`
  return output.toSorted((a, b) => place(a).localeCompare(place(b)))
}
