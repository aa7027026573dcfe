import { crc32c } from '@millrace/core'

/**
 * What a task commits beside the positions of its inputs, as the metadata of the offsets (base64 of these bytes):
 *
 *   version u8 = 1 | flags varint: 1 the task has ended, 2 an end offset follows | end offset varint
 *   | count varint | count × { operator u32: CRC-32C of its store's name, now + 1 varint, closedThrough + 1 varint }
 *
 * Times and the end of the task stand in the metadata of its first input; the end offset of a bounded input in its own.
 *
 * Invariants
 *   M1  Both commit with the step: a crash neither accepts a record that was late nor refuses one that was not.
 *   M2  A metadata that another version or application wrote is refused, not guessed at.
 */
export interface OffsetMetadata {
  /** The task will process nothing more. */
  readonly ended: boolean
  /** Where a bounded application stops reading this partition; null: it does not. */
  readonly endOffset: number | null
  readonly times: readonly OperatorTime[]
}

export interface OperatorTime {
  /** CRC-32C of the name of the operator's store. */
  readonly operator: number
  readonly now: number
  readonly closedThrough: number
}

export const noMetadata: OffsetMetadata = Object.freeze({ ended: false, endOffset: null, times: [] })

const version = 1
const endedFlag = 1
const endOffsetFlag = 2

export function operatorId(store: string): number {
  return crc32c(Buffer.from(store))
}

export function encodeMetadata({ ended, endOffset, times }: OffsetMetadata): string {
  if (!ended && endOffset === null && times.length === 0) return ''
  const bytes: number[] = [version]
  putVarint(bytes, (ended ? endedFlag : 0) | (endOffset === null ? 0 : endOffsetFlag))
  if (endOffset !== null) putVarint(bytes, endOffset)
  putVarint(bytes, times.length)
  for (const { operator, now, closedThrough } of times) {
    bytes.push(operator >>> 24, (operator >>> 16) & 255, (operator >>> 8) & 255, operator & 255)
    putVarint(bytes, now + 1)
    putVarint(bytes, closedThrough + 1)
  }
  return Buffer.from(bytes).toString('base64')
}

/** Null when the text is no metadata of this version. */
export function decodeMetadata(text: string): OffsetMetadata | null {
  if (text === '') return noMetadata
  const cursor = { bytes: Buffer.from(text, 'base64'), at: 0 }
  if (cursor.bytes[cursor.at++] !== version) return null
  const flags = takeVarint(cursor)
  const endOffset = (flags & endOffsetFlag) === 0 ? null : takeVarint(cursor)
  const times = Array.from({ length: Math.min(takeVarint(cursor), cursor.bytes.length) }, () => takeTime(cursor))
  return cursor.at === cursor.bytes.length ? { ended: (flags & endedFlag) !== 0, endOffset, times } : null
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function takeTime(cursor: Cursor): OperatorTime {
  let operator = 0
  for (let index = 0; index < 4; index++) operator = operator * 256 + (cursor.bytes[cursor.at++] ?? 0)
  return { operator, now: takeVarint(cursor) - 1, closedThrough: takeVarint(cursor) - 1 }
}

/** Seven bits a byte, by arithmetic: timestamps do not fit into 32 bits. */
function putVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

function takeVarint(cursor: Cursor): number {
  let value = 0
  for (let scale = 1; scale < 2 ** 53; scale *= 128) {
    const byte = cursor.bytes[cursor.at++] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) break
  }
  return value
}
