import { simulatedAdapter } from './simulated-adapter.ts'
import { produce } from './produce.ts'
import { topics } from './topics.ts'

for (const group of [topics, produce]) group(simulatedAdapter())
