import { conformance } from './suites.ts'
import { simulatedAdapter } from './simulated-adapter.ts'

conformance(simulatedAdapter)
