import type { AutoCreateTopics, LogClient } from '@millrace/core'

/** An end of a log that the suite is run on. */
export interface LogAdapter {
  readonly name: string
  /** What all names of topics, groups and transactional ids begin with: one of its own for each run where a log outlives it. */
  readonly prefix: string
  readonly capabilities: Capabilities
  /** Tests that do not hold of it, by title, with the reason: what the log behind it cannot say, or says later. Default: none. */
  readonly differences?: Readonly<Record<string, string>>
  /** A client of the log; the suite closes it. */
  open(): Promise<LogClient>
  /** Closes the client, and opens the same log as another process would. */
  reopen(log: LogClient): Promise<LogClient>
  /** Milliseconds since 1970 by the clock of the log. */
  now(): number
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
  /** Does the work in the world of the log. */
  run(work: () => Promise<void>): Promise<void>
  /** After the last client was closed. */
  dispose(): Promise<void>
}

/** How the log is set up. */
export interface LogSettings {
  /** Default: topics are made by `createTopics` alone. */
  readonly autoCreateTopics?: Required<AutoCreateTopics>
}

/** What adapters may differ in; everything else is the same of all. */
interface Capabilities {
  /** Minutes cost nothing: what waits for a timeout of the log can be tested. */
  readonly virtualTime: boolean
}
