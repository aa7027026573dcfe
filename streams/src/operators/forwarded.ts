/** What user code may give a record on its way: refused here, where the node that gave it is known. */
import type { Header } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'

/** A record that user code made, whole. */
export interface Forwarded {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly headers: readonly Header[]
}

/**
 * What user code gave as a record; what it left out comes from the record at hand.
 * @throws RECORD_INVALID
 */
export function forwardedIn(given: unknown, atHand: Pick<Forwarded, 'timestamp' | 'headers'>, where: string): Forwarded {
  if (typeof given !== 'object' || given === null) throw noRecord(where, '{ key, value }', given)
  const { key = null, value = null, timestamp = atHand.timestamp, headers = atHand.headers } = given as Partial<Forwarded>
  checkTimestamp(timestamp, where)
  if (headers !== atHand.headers) checkHeaders(headers, where)
  return { key, value, timestamp, headers }
}

export function noRecord(where: string, expected: string, received: unknown): Error {
  return streamError('RECORD_INVALID', {
    what: 'user code forwarded what is no record',
    where,
    expected,
    received: String(received),
  })
}

/** @throws RECORD_INVALID */
export function checkTimestamp(timestamp: unknown, where: string): number {
  if (Number.isSafeInteger(timestamp) && (timestamp as number) >= 0) return timestamp as number
  throw invalid('its timestamp', where, 'milliseconds since 1970, a whole number from 0', timestamp)
}

/** @throws RECORD_INVALID */
export function checkHeaders(headers: unknown, where: string): readonly Header[] {
  if (Array.isArray(headers) && headers.every(isHeader)) return headers as readonly Header[]
  throw invalid('its headers', where, 'a list of [name, bytes or null]', headers)
}

function isHeader(header: unknown): boolean {
  if (!Array.isArray(header) || header.length !== 2) return false
  const [name, value] = header as readonly unknown[]
  return typeof name === 'string' && (value === null || value instanceof Uint8Array)
}

function invalid(what: string, where: string, expected: string, received: unknown): Error {
  return streamError('RECORD_INVALID', {
    what: `user code made a record that cannot be: ${what}`,
    where,
    expected,
    received: String(received),
  })
}
