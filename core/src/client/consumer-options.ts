import { isIntegerFrom, isOneOf, isText, type OptionRules } from '../base/options.ts'
import type { GroupAssignor } from '../base/group-assignor.ts'
import type { AssignorName, Isolation, OffsetReset, PollOptions } from './consumer.ts'

export interface ResolvedOptions {
  readonly group: string | null
  readonly isolation: Isolation
  readonly reset: OffsetReset | null
  readonly assignor: AssignorName | GroupAssignor | readonly (AssignorName | GroupAssignor)[]
  readonly groupInstanceId: string | null
  readonly maxPollIntervalMs: number
  readonly autoCommitIntervalMs: number | null
}

const isAssignorName = isOneOf('range', 'roundrobin', 'sticky', 'cooperative-sticky')

function isAssignor(value: unknown): value is AssignorName | GroupAssignor {
  if (isAssignorName(value)) return true
  const { name, cooperative, userData, assign } = (value ?? {}) as Partial<GroupAssignor>
  return isText(name) && typeof cooperative === 'boolean' && typeof userData === 'function' && typeof assign === 'function'
}

export const consumerRules: OptionRules<ResolvedOptions> = {
  group: { check: (value): value is string | null => isText(value), expected: 'a text that is not empty', default: null },
  isolation: {
    check: isOneOf('read_committed', 'read_uncommitted'),
    expected: 'read_committed or read_uncommitted',
    default: 'read_committed',
  },
  reset: {
    check: (value): value is OffsetReset | null => isOneOf('earliest', 'latest')(value),
    expected: 'earliest or latest',
    default: null,
  },
  assignor: {
    check: (value): value is ResolvedOptions['assignor'] =>
      isAssignor(value) || (Array.isArray(value) && value.length > 0 && value.every(isAssignor)),
    expected: 'range, roundrobin, sticky, cooperative-sticky or a GroupAssignor, or a list of them',
    default: 'cooperative-sticky',
  },
  groupInstanceId: {
    check: (value): value is string | null => isText(value),
    expected: 'a text that is not empty',
    default: null,
  },
  maxPollIntervalMs: {
    check: (value): value is number => isIntegerFrom(1)(value) && value < 2 ** 31,
    expected: 'a number of milliseconds, 1 to 2147483647',
    default: 300_000,
  },
  autoCommitIntervalMs: {
    check: (value): value is number | null => isIntegerFrom(0)(value),
    expected: 'a number of milliseconds',
    default: null,
  },
}

export type ResolvedPoll = Required<PollOptions>

export const pollRules: OptionRules<ResolvedPoll> = {
  maxBytes: { check: isIntegerFrom(1), expected: 'a number of bytes above 0', default: 4 << 20 },
  maxPartitionBytes: { check: isIntegerFrom(1), expected: 'a number of bytes above 0', default: Number.MAX_SAFE_INTEGER },
  minBytes: { check: isIntegerFrom(0), expected: 'a number of bytes', default: 1 },
  maxRecords: { check: isIntegerFrom(1), expected: 'a number above 0', default: Number.MAX_SAFE_INTEGER },
  timeoutMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 0 },
}
