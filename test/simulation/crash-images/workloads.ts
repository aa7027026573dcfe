/** Workloads as data: sequences of operations, all short ones and some of the longer. */
const operations = [
  'append',
  'appendDurable',
  'transactionalAppend',
  'commit',
  'abort',
  'transact',
  'roll',
  'compact',
  'truncate',
  'retain',
  'checkpoint',
  'delete',
  'create',
  'reopen',
] as const

export type Operation = (typeof operations)[number]

export interface Workload {
  readonly durability: 'sync' | 'os'
  /** How the log was left before: closed, or killed with work in its journal. */
  readonly base: 'closed' | 'killed'
  readonly operations: readonly Operation[]
}

export function nameOf({ durability, base, operations: sequence }: Workload): string {
  return `${durability}/${base}: ${sequence.join(', ')}`
}

/** Every sequence of that length. */
export function allOf(length: number): readonly (readonly Operation[])[] {
  if (length === 0) return [[]]
  return allOf(length - 1).flatMap((sequence) => operations.map((operation) => [...sequence, operation]))
}

/** So many sequences of that length, drawn by the seed. */
export function someOf(length: number, count: number, int: (below: number) => number): readonly (readonly Operation[])[] {
  const draw = (): Operation => operations[int(operations.length)]!
  return Array.from({ length: count }, () => Array.from({ length }, draw))
}
