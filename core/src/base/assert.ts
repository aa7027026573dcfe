import { coreError } from './error-catalogue.ts'

/** Our own broken invariant: stops at once, also in production. Never for what a caller or a disk can do. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw coreError('BUG', { what })
}

/** The end of a switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw coreError('BUG', { what: `unexpected value ${String(value)}` })
}
