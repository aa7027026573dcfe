import type { Header } from '../base/bytes.ts'
import { coreError } from '../base/error-catalogue.ts'
import type { RecordDraft } from './record-encoding.ts'

/**
 * What a record is made of, checked before a byte of it is written: a caller without types may give anything, and what has a wrong
 * length, or none, would spoil the batch for the records beside it. @throws INVALID_OPTION
 */
export function checkFields({ key, value, headers }: Pick<RecordDraft, 'key' | 'value' | 'headers'>): void {
  if (!isField(key)) throw wrong('key', 'bytes, text or null', key)
  if (!isField(value)) throw wrong('value', 'bytes, text or null', value)
  if (!Array.isArray(headers)) throw wrong('headers', 'a list of names and values', headers)
  for (let i = 0; i < headers.length; i++) checkHeader(headers[i])
}

function checkHeader(header: Header | undefined): void {
  if (!Array.isArray(header) || header.length !== 2) throw wrong('headers', 'pairs of a name and a value', header)
  const [name, value] = header as Header
  if (typeof name !== 'string') throw wrong('headers', 'text for a name', name)
  if (value !== null && !isBytes(value)) throw wrong('headers', 'bytes or null for a value', value)
}

function isField(value: unknown): boolean {
  return value === null || typeof value === 'string' || isBytes(value)
}

/** The tag knows a Uint8Array of another realm, such as a test runner's. */
function isBytes(value: unknown): boolean {
  if (value instanceof Uint8Array) return true
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>)[Symbol.toStringTag] === 'Uint8Array'
}

function wrong(where: string, expected: string, value: unknown): Error {
  const received = typeof value === 'object' && value !== null ? value.constructor?.name : typeof value
  return coreError('INVALID_OPTION', { what: `a record has another ${where}`, where, expected, received })
}
