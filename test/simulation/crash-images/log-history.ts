import { stateAfter, type LogState, type Submission } from './log-model.ts'

/** What was promised of a history at one moment: small, plain, and told before the crash. */
export interface Promised {
  /** The first so many submissions are acknowledged. */
  readonly acknowledged: number
  /** Of them, those that a power cut must leave. */
  readonly durable: number
  /** Operations that are done. */
  readonly done: number
  /** Where partitions start, and end, for a reader. */
  readonly starts: Readonly<Record<string, number>>
  readonly ends: Readonly<Record<string, number>>
}

export type Starts = Readonly<Record<string, number>>

/** What was submitted to a log, in order, and what has been acknowledged of it. */
export class LogHistory {
  readonly submissions: Submission[]
  acknowledged: number
  durable: number
  /** Submissions that were refused, by index: they must never be seen. */
  readonly refused: Set<number> = new Set()
  /** Submissions that were answered with an unknown outcome, by index: each is there or not. */
  readonly doubtful: Set<number> = new Set<number>()
  /** Where the partitions started before the first operation, and after each. */
  readonly starts: Starts[] = []
  /** Records may be missing from compacted topics. */
  compacts: boolean
  readonly #states = new Map<string, LogState>()

  constructor(submissions: readonly Submission[] = [], compacts = false) {
    this.submissions = [...submissions]
    this.acknowledged = submissions.length
    this.durable = submissions.length
    this.compacts = compacts
  }

  /** Queues it, then waits for its answer. */
  async submit(submission: Submission, answer: () => Promise<unknown>): Promise<void> {
    const count = this.submissions.push(submission)
    this.#states.clear()
    await answer()
    this.acknowledged = Math.max(this.acknowledged, count)
  }

  refuse(submission: Submission): void {
    this.refused.add(this.submissions.indexOf(submission))
    this.#states.clear()
  }

  doubt(submission: Submission): void {
    this.doubtful.add(this.submissions.indexOf(submission))
  }

  /** Whether a transaction has records and no end. */
  hasOpen(transaction: string): boolean {
    const isOfIt = (each: Submission, index: number): boolean =>
      (each.kind === 'append' || each.kind === 'end') && each.transaction === transaction && !this.refused.has(index)
    return this.submissions.findLast(isOfIt)?.kind === 'append'
  }

  /** After the first k submissions, without those of `absent`. */
  state(k: number, absent: ReadonlySet<number> = none): LogState {
    const key = `${k} ${[...absent].join(' ')}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const state = stateAfter(this.submissions.slice(0, k).filter((_, index) => !absent.has(index) && !this.refused.has(index)))
    this.#states.set(key, state)
    return state
  }
}

const none: ReadonlySet<number> = new Set()
