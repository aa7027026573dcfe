import { coreError } from '../base/error-catalogue.ts'
import { isIntegerFrom, isObject, isOneOf, isText, type OptionRules } from '../base/options.ts'
import type { NewTopic } from './admin.ts'
import type { Isolation } from './consumer.ts'
import type { TransactionDescription, TransactionFilter, TransactionState } from './transaction-admin.ts'

/** What administrations take, the same at every end of a log. */
const isString = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'

export type ResolvedTopic = Required<NewTopic>

/** As many replicas, or partitions, as the server is set up for. */
export const serverDefault = -1

export const topicRules: OptionRules<ResolvedTopic> = {
  topic: { check: isString, expected: 'the name of the topic' },
  partitions: { check: isNumber, expected: 'the number of partitions' },
  config: {
    check: (value): value is Readonly<Record<string, string>> => isObject(value),
    expected: 'settings by their names',
    default: {},
  },
  replicationFactor: { check: isIntegerFrom(1), expected: 'a number from 1', default: serverDefault },
}

export const backUpRules: OptionRules<{ readonly to: string }> = { to: { check: isText, expected: 'the path of a directory' } }

export const listRules: OptionRules<{ readonly internal: boolean }> = {
  internal: { check: (value) => typeof value === 'boolean', expected: 'true or false', default: false },
}

export const lagRules: OptionRules<{ readonly isolation: Isolation }> = {
  isolation: {
    check: isOneOf('read_committed', 'read_uncommitted'),
    expected: 'read_committed or read_uncommitted',
    default: 'read_committed',
  },
}

/** Null: no such condition. */
export type ResolvedFilter = { readonly [Name in keyof TransactionFilter]-?: NonNullable<TransactionFilter[Name]> | null }

const isState = isOneOf('Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead')
const isProducerId = isIntegerFrom(0)
const isMilliseconds = isIntegerFrom(0)

export const filterRules: OptionRules<ResolvedFilter> = {
  states: {
    check: (value): value is readonly TransactionState[] => Array.isArray(value) && value.every(isState),
    expected: 'a list of Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort or Dead',
    default: null,
  },
  producerIds: {
    check: (value): value is readonly number[] => Array.isArray(value) && value.every(isProducerId),
    expected: 'a list of producer ids, each a number from 0',
    default: null,
  },
  olderThanMs: {
    check: (value): value is number | null => isMilliseconds(value),
    expected: 'a number of milliseconds',
    default: null,
  },
}

export function fitsFilter(
  { state, producerId, startedAt }: TransactionDescription,
  { states, producerIds, olderThanMs }: ResolvedFilter,
  now: number,
): boolean {
  return (
    (states === null || states.includes(state)) &&
    (producerIds === null || producerIds.includes(producerId)) &&
    (olderThanMs === null || (startedAt !== null && now - startedAt > olderThanMs))
  )
}

/** @throws INVALID_OPTION */
export function checkChanges(topic: string, changes: unknown): void {
  if (isObject(changes)) return
  throw coreError('INVALID_OPTION', { what: 'the changes are no settings', where: topic, expected: 'settings by their names' })
}

/** Of `listOffsets`. */
export function badPlace(where: string, received: unknown): Error {
  const expected = 'earliest, latest, stable, or a time in milliseconds since 1970'
  return coreError('INVALID_OPTION', {
    what: 'a place in the log cannot be named so',
    where,
    expected,
    received: String(received),
  })
}

/** Of `resetGroupOffsets`. */
export function badResetPlace(where: string, received: unknown): Error {
  return coreError('INVALID_OPTION', {
    what: 'offsets cannot be reset to that',
    where,
    expected: 'earliest, latest, { timestamp }, { durationMs } or { offset }, each a number from 0',
    received: JSON.stringify(received) ?? typeof received,
  })
}
