import { conformance } from './suites.ts'
import { embeddedAdapter } from './embedded-adapter.ts'

conformance(embeddedAdapter)
