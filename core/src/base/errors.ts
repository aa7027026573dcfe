/**
 * Errors as values with a stable code.
 *
 * Invariants
 *   E1  Every error that leaves the product is a MillraceError whose code stands as a row in a catalogue.
 *   E2  `fault` says whose it is: the caller's (fix the call), the world's (disk, other process), or ours (a bug).
 *   E3  `outcome` says what a program may do next; the same four from every adapter of the log.
 *   E4  The message says what, where, expected and received; `todo` says what to do.
 */

/** Whose fault it is. */
export type Fault = 'caller' | 'world' | 'bug'

/**
 * What a program may do next.
 * `retriable`: nothing happened, the same call may be made again. `fenced`: another instance has taken over.
 * `unknownOutcome`: it may or may not have happened; the only way on is a new producer, which fences first.
 * `fatal`: nothing happened, and the same call will fail again.
 */
export type Outcome = 'retriable' | 'fenced' | 'unknownOutcome' | 'fatal'

/** One row of a catalogue of errors. */
export interface ErrorRow {
  readonly fault: Fault
  readonly outcome: Outcome
  /** What the reader can do about it, as a sentence. */
  readonly todo: string
}

/** What one occurrence adds to its row. */
export interface ErrorDetails {
  /** What happened, as a sentence without the place. */
  readonly what: string
  /** Topic, partition, offset, file, option: the place. */
  readonly where?: string
  readonly expected?: string | number
  readonly received?: string | number
  /** Of the record that is to blame, counted from 0 in its batch. */
  readonly recordIndex?: number
  readonly cause?: unknown
}

export class MillraceError extends Error {
  readonly code: string
  readonly fault: Fault
  readonly outcome: Outcome
  readonly where: string | undefined
  readonly todo: string
  /** Of the record that is to blame, counted from 0 in its batch. */
  readonly recordIndex: number | undefined

  constructor(code: string, row: ErrorRow, details: ErrorDetails) {
    super(describe(code, row, details), details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MillraceError'
    this.code = code
    this.fault = row.fault
    this.outcome = row.outcome
    this.where = details.where
    this.todo = row.todo
    this.recordIndex = details.recordIndex
  }
}

function describe(code: string, row: ErrorRow, { what, where, expected, received }: ErrorDetails): string {
  const place = where === undefined ? '' : ` (${where})`
  const facts = [
    expected === undefined ? '' : `expected ${expected}`,
    received === undefined ? '' : `received ${received}`,
  ].filter((fact) => fact !== '')
  const seen = facts.length === 0 ? '' : `: ${facts.join(', ')}`
  return `${code}: ${what}${place}${seen}. ${row.todo}`
}

/** Makes the constructor of one catalogue's errors; a code that is not a row does not compile. */
export function errorsOf<Code extends string>(
  rows: Readonly<Record<Code, ErrorRow>>,
): (code: Code, details: ErrorDetails) => MillraceError {
  return (code, details) => new MillraceError(code, rows[code], details)
}
