import { administration } from './administration.ts'
import { assign } from './assign.ts'
import { closing } from './closing.ts'
import { outcomes } from './outcomes.ts'
import { produce } from './produce.ts'
import { topics } from './topics.ts'
import { transactions } from './transactions.ts'
import { wireAdapter } from './wire-adapter.ts'

for (const part of [topics, produce, transactions, assign, administration, outcomes, closing]) part(wireAdapter())
