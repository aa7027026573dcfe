/** Ranges as processors give them. */
import type { ScanRange } from '../task/scans.ts'
import { checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'

/** @throws INVALID_STREAM_OPTION */
export function keyRange(where: string, range: unknown, others: readonly string[] = []): KeyScan {
  checkOptions(where, range, ['from', 'to', 'prefix', 'reverse', ...others])
  const { from, to, prefix, reverse = false } = range as Readonly<Record<string, unknown>>
  checkReverse(where, reverse)
  if (prefix === undefined) return { by: 'key', from, to, reverse }
  const bytes = typeof prefix === 'string' ? Buffer.from(prefix) : prefix
  if (!(bytes instanceof Uint8Array)) throw badRange(where, 'prefix', 'text or bytes', prefix)
  if (from !== undefined || to !== undefined) throw badRange(where, 'prefix', 'a prefix, or from and to', 'both')
  return { by: 'prefix', prefix: bytes, reverse }
}

/** Of a store with these indexes. @throws INVALID_STREAM_OPTION */
export function indexedRange(where: string, range: unknown, indexes: readonly string[]): KeyScan {
  const { index } = (range ?? {}) as { readonly index?: unknown }
  if (index === undefined) return keyRange(where, range, ['index'])
  if (!indexes.includes(index as string)) {
    throw badRange(where, 'index', indexes.join(', ') || 'none: the store has no indexes', index)
  }
  const { equals, ...bounds } = range as Readonly<Record<string, unknown>>
  const given = keyRange(where, bounds, ['index'])
  if (equals === undefined) return { ...given, index: index as string }
  if (given.by === 'prefix' || given.from !== undefined || given.to !== undefined) {
    throw badRange(where, 'equals', 'equals, or bounds', 'both')
  }
  return { ...given, from: equals, to: equals, index: index as string }
}

type KeyScan = Exclude<ScanRange, { readonly by: 'start' }>

/** Every start that a window may have. */
const firstStart = -Number.MAX_SAFE_INTEGER
const lastStart = Number.MAX_SAFE_INTEGER - 1

/** @throws INVALID_STREAM_OPTION */
export function startRange(where: string, range: unknown): ScanRange {
  checkOptions(where, range, ['from', 'to', 'reverse'])
  const { from = firstStart, to = lastStart, reverse = false } = range as Readonly<Record<string, unknown>>
  checkReverse(where, reverse)
  for (const [name, time] of Object.entries({ from, to })) {
    if (!Number.isSafeInteger(time)) throw badRange(where, name, 'milliseconds since 1970, a whole number', time)
  }
  return { by: 'start', from: from as number, to: Math.min(to as number, lastStart), reverse }
}

function checkReverse(where: string, reverse: unknown): asserts reverse is boolean {
  if (typeof reverse !== 'boolean') throw badRange(where, 'reverse', 'true or false', reverse)
}

function badRange(where: string, name: string, expected: string, received: unknown): Error {
  return streamError('INVALID_STREAM_OPTION', {
    what: 'not a range to scan',
    where: `${where}, ${name}`,
    expected,
    received: String(received),
  })
}
