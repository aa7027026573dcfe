import type { LogAdapter, LogSettings } from './adapter.ts'
import { administration } from './administration.ts'
import { assign } from './assign.ts'
import { autoCreated, autoCreation } from './auto-creation.ts'
import { closing } from './closing.ts'
import { groups } from './groups.ts'
import { outcomes } from './outcomes.ts'
import { produce } from './produce.ts'
import { topics } from './topics.ts'
import { transactions } from './transactions.ts'

/** All of the suite; each part opens a log of its own. */
export function conformance(adapter: (settings?: LogSettings) => LogAdapter): void {
  for (const part of [topics, produce, transactions, assign, groups, administration, outcomes, closing]) part(adapter())
  autoCreation(adapter({ autoCreateTopics: autoCreated }))
}
