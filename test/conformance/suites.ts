import type { LogAdapter } from './adapter.ts'
import { assign } from './assign.ts'
import { produce } from './produce.ts'
import { topics } from './topics.ts'
import { transactions } from './transactions.ts'

/** All of the suite; each part opens a log of its own. */
export function conformance(adapter: () => LogAdapter): void {
  for (const part of [topics, produce, transactions, assign]) part(adapter())
}
