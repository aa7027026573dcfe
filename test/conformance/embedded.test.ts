import { embeddedAdapter } from './embedded-adapter.ts'
import { produce } from './produce.ts'
import { topics } from './topics.ts'

for (const group of [topics, produce]) group(embeddedAdapter())
