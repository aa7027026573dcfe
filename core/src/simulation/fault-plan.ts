import type { DiskErrorCode } from '../base/disk.ts'

/** The calls of the port; each is one numbered step. */
export type DiskOperation =
  | 'lock'
  | 'unlock'
  | 'list'
  | 'stat'
  | 'readFile'
  | 'makeFolder'
  | 'create'
  | 'open'
  | 'rename'
  | 'link'
  | 'remove'
  | 'truncate'
  | 'syncFolder'
  | 'read'
  | 'write'
  | 'dataSync'
  | 'close'

/** One failure to come. Without `operation`, `path` and `atStep` it meets every step. */
export interface DiskFault {
  readonly operation?: DiskOperation
  /** A glob (`*` within a name, `**` across folders; one without a slash is compared with the last name) or an expression. */
  readonly path?: string | RegExp
  /** Only the step with this number. */
  readonly atStep?: number
  /** The first matching step that fails, from 1. */
  readonly nth?: number
  /** How many matching steps fail from there on; 1 without it. */
  readonly times?: number | 'forever'
  /** What the step answers, or, of a disk that lies, what it does instead. Without it nothing fails, for `delayMs` alone. */
  readonly error?: DiskErrorCode | Deviation
  /**
   * With an error of `dataSync`. `dropped`, as on Linux: what was pending never becomes durable, reads go on showing it, and
   * the next sync succeeds. `kept`: it stays pending.
   */
  readonly afterSyncFail?: 'dropped' | 'kept'
  /** Virtual milliseconds that an asynchronous call takes longer. */
  readonly delayMs?: number
}

/**
 * A step that succeeds and does something else. `short`: a read or write does only a part. `misdirected`: a write lands at another
 * place of some file. `unsynced`: a `dataSync` or `syncFolder` returns and nothing is durable.
 */
export type Deviation = 'short' | 'misdirected' | 'unsynced'

const deviations: readonly string[] = ['short', 'misdirected', 'unsynced'] satisfies Deviation[]

export function isDeviation(error: DiskErrorCode | Deviation): error is Deviation {
  return deviations.includes(error)
}

/** What happens to one step. */
export interface StepFate {
  readonly error: DiskErrorCode | Deviation | null
  readonly afterSyncFail: 'dropped' | 'kept'
  readonly delayMs: number
}

const unharmed: StepFate = { error: null, afterSyncFail: 'dropped', delayMs: 0 }

/** Faults by trigger. Each counts the steps that match it; the first that is due decides. */
export class FaultPlan {
  #rows: FaultRow[]

  constructor(faults: readonly DiskFault[] = []) {
    this.#rows = faults.map(rowOf)
  }

  /** One more fault, counted from now. */
  add(fault: DiskFault): void {
    this.#rows.push(rowOf(fault))
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#rows = []
  }

  /** How often each fault has struck, in the order given: a plan that never strikes tests nothing. */
  strikes(): readonly number[] {
    return this.#rows.map(({ strikes }) => strikes)
  }

  next(step: number, operation: DiskOperation, path: string): StepFate {
    let fate = unharmed
    for (const row of this.#rows) if (isDue(row, step, operation, path) && fate === unharmed) fate = strike(row)
    return fate
  }
}

interface FaultRow {
  readonly fault: DiskFault
  readonly path: RegExp | null
  readonly first: number
  readonly last: number
  matched: number
  strikes: number
}

function rowOf(fault: DiskFault): FaultRow {
  const first = fault.nth ?? 1
  const last = fault.times === 'forever' ? Infinity : first + (fault.times ?? 1) - 1
  const path = typeof fault.path === 'string' ? globExpression(fault.path) : (fault.path ?? null)
  return { fault, path, first, last, matched: 0, strikes: 0 }
}

function isDue(row: FaultRow, step: number, operation: DiskOperation, path: string): boolean {
  const { fault } = row
  if (fault.atStep !== undefined && fault.atStep !== step) return false
  if (fault.operation !== undefined && fault.operation !== operation) return false
  if (row.path !== null && path.search(row.path) === -1) return false
  row.matched += 1
  return row.matched >= row.first && row.matched <= row.last
}

function strike(row: FaultRow): StepFate {
  row.strikes += 1
  const { error, afterSyncFail, delayMs } = row.fault
  return { error: error ?? null, afterSyncFail: afterSyncFail ?? 'dropped', delayMs: delayMs ?? 0 }
}

function globExpression(glob: string): RegExp {
  const body = glob.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll(/\*\*|\*|\?/g, (mark) => globMarks[mark] ?? mark)
  return new RegExp(glob.includes('/') ? `^${body}$` : `(^|/)${body}$`)
}

const globMarks: Readonly<Record<string, string>> = { '**': '.*', '*': '[^/]*', '?': '[^/]' }
