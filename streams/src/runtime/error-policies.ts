/** What becomes of a record that fails: the application stops, it is left out and counted, or it goes to the dead-letter topic too. */
export type ErrorHandling = 'fail' | 'skip' | 'deadLetter'

/** Failures of user code that may pass: the step is abandoned and tried again. */
export interface RetryHandling {
  /** How often one record is tried again. */
  readonly times: number
  /** Before the first time; it doubles with each. */
  readonly backoffMs: number
  /** When all of that was in vain. */
  readonly otherwise: ErrorHandling
}

interface DeadLetterPolicy {
  readonly topic: string
  /** Also what operators leave out by themselves: late records, null keys, ... */
  readonly drops: boolean
}

/** The error policies of an application, by what fails (KIP-1033, KIP-1034). */
export interface ErrorPolicies {
  /** A record that does not decode. */
  readonly read: ErrorHandling
  /** User code that throws. */
  readonly process: ErrorHandling | RetryHandling
  /** A record that does not encode, or that its topic does not take. */
  readonly write: ErrorHandling
  /** Null: there is no such topic, and nothing asks for it. */
  readonly deadLetters: DeadLetterPolicy | null
}
