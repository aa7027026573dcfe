/** What user code may give a record on its way: refused here, where the node that gave it is known. */
import type { Header } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'

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
