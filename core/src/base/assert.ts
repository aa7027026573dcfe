import { coreError } from './error-catalogue.ts'

/** Our own broken invariant: stops at once, also in production. Never for what a caller or a disk can do. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw coreError('BUG', { what })
}
