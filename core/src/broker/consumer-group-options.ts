import { coreError } from '../base/error-catalogue.ts'
import { isIntegerFrom, readOptions, type OptionRules } from '../base/options.ts'
import type { ConsumerGroupSettings } from '../coordinator/consumer-group-answers.ts'

/** What holds for groups of the new consumer protocol (KIP-848) that have no settings of their own. The names in brackets are Kafka's. */
export interface ConsumerGroupOptions {
  /** A member that is silent for so long is expelled (`group.consumer.session.timeout.ms`). Default 45 seconds. */
  readonly sessionTimeoutMs?: number
  /** How often members are to send heartbeats (`group.consumer.heartbeat.interval.ms`). Default 5 seconds. */
  readonly heartbeatIntervalMs?: number
  /** The most members of a group (`group.consumer.max.size`). Default: no end. */
  readonly maxSize?: number
}

const milliseconds = { check: isInteger, expected: 'a number of milliseconds above 0' }

const rules: OptionRules<Required<ConsumerGroupOptions>> = {
  sessionTimeoutMs: { ...milliseconds, default: 45_000 },
  heartbeatIntervalMs: { ...milliseconds, default: 5_000 },
  maxSize: { check: isInteger, expected: 'a number above 0', default: 2 ** 31 - 1 },
}

function isInteger(value: unknown): value is number {
  return isIntegerFrom(1)(value) && value < 2 ** 31
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export function consumerGroupSettings(options: ConsumerGroupOptions = {}): ConsumerGroupSettings {
  const read = readOptions<Required<ConsumerGroupOptions>>('consumerGroups', options, rules)
  if (read.heartbeatIntervalMs < read.sessionTimeoutMs) return read
  throw coreError('INVALID_OPTION', {
    what: 'a session that is not longer than the interval of heartbeats expels everybody',
    where: 'consumerGroups.sessionTimeoutMs',
    expected: `more than ${read.heartbeatIntervalMs} ms`,
    received: `${read.sessionTimeoutMs} ms`,
  })
}
