import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'

/** How much there may be of what stays in memory, over the whole log. Kafka has no such limits. */
export interface LogLimits {
  /** Partitions of all topics. Default 200,000. */
  readonly maxPartitions: number
  /** Groups with members or offsets. Default 100,000. */
  readonly maxGroups: number
  /** Ids of transactional producers that are not forgotten yet. Default 100,000. */
  readonly maxTransactionalIds: number
}

export const defaultLogLimits: LogLimits = { maxPartitions: 200_000, maxGroups: 100_000, maxTransactionalIds: 100_000 }

export function limitReached(what: string, limit: number, where: string): MillraceError {
  return coreError('LIMIT_REACHED', { what: `there is no room for more ${what}`, where, expected: `at most ${limit}` })
}
