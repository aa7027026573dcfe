/**
 * What a task commits beside the positions of its inputs, as the metadata of the offsets (base64 of these bytes):
 *
 *   version u8 = 1 | flags u8: 1 the task has ended, 2 an end offset follows | end offset varint
 *   | count varint | count × { operator u32: operatorId of its store, now: delta, closedThrough: delta }
 *
 *   delta   a signed varint: `now` from that of the operator before (the first from -1), `closedThrough` from `now`
 *
 * Times and the end of the task stand in the metadata of its first input; the end offset of a bounded input in its own.
 *
 * Invariants
 *   M1  Both commit with the step: a crash neither accepts a record that was late nor refuses one that was not.
 *   M2  A metadata that another version or application wrote is refused, not guessed at: only the very text that this file
 *       would write is read.
 *   M3  It is never longer than the 4,096 characters of a commit; the plan holds the number of operators down.
 */
export interface OffsetMetadata {
  /** The task will process nothing more. */
  readonly ended: boolean
  /** Where a bounded application stops reading this partition; null: it does not. */
  readonly endOffset: number | null
  readonly times: readonly OperatorTime[]
}

export interface OperatorTime {
  /** `operatorId` of its store. */
  readonly operator: number
  /** -1: no record yet. */
  readonly now: number
  /** -1: nothing closed yet. */
  readonly closedThrough: number
}

const noMetadata: OffsetMetadata = Object.freeze({ ended: false, endOffset: null, times: [] })

const version = 1
const endedFlag = 1
const endOffsetFlag = 2
const signBit = 64
const moreBit = 128

export function encodeMetadata({ ended, endOffset, times }: OffsetMetadata): string {
  if (!ended && endOffset === null && times.length === 0) return ''
  const bytes: number[] = [version, (ended ? endedFlag : 0) | (endOffset === null ? 0 : endOffsetFlag)]
  if (endOffset !== null) putVarint(bytes, endOffset)
  putVarint(bytes, times.length)
  let before = -1
  for (const { operator, now, closedThrough } of times) {
    bytes.push(operator >>> 24, (operator >>> 16) & 255, (operator >>> 8) & 255, operator & 255)
    putSigned(bytes, now - before)
    putSigned(bytes, closedThrough - now)
    before = now
  }
  return Buffer.from(bytes).toString('base64')
}

/** Null when this version did not write it. */
export function decodeMetadata(text: string): OffsetMetadata | null {
  if (text === '') return noMetadata
  const cursor: Cursor = { bytes: Buffer.from(text, 'base64'), at: 0 }
  if (takeByte(cursor) !== version) return null
  const flags = takeByte(cursor)
  const endOffset = (flags & endOffsetFlag) === 0 ? null : takeVarint(cursor)
  const metadata = { ended: (flags & endedFlag) !== 0, endOffset, times: takeTimes(cursor) }
  return encodeMetadata(metadata) === text ? metadata : null
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function takeTimes(cursor: Cursor): OperatorTime[] {
  const times: OperatorTime[] = []
  let before = -1
  for (let left = takeVarint(cursor); left > 0 && cursor.at < cursor.bytes.length; left--) {
    const operator = takeByte(cursor) * 2 ** 24 + takeByte(cursor) * 2 ** 16 + takeByte(cursor) * 2 ** 8 + takeByte(cursor)
    const now = before + takeSigned(cursor)
    times.push({ operator, now, closedThrough: now + takeSigned(cursor) })
    before = now
  }
  return times
}

/** 0 behind the end: what was too short does not encode to the same text. */
function takeByte(cursor: Cursor): number {
  return cursor.bytes[cursor.at++] ?? 0
}

/** Six bits and the sign, then seven bits a byte. */
function putSigned(bytes: number[], value: number): void {
  const magnitude = Math.abs(value)
  const rest = Math.floor(magnitude / signBit)
  bytes.push((magnitude % signBit) | (value < 0 ? signBit : 0) | (rest > 0 ? moreBit : 0))
  if (rest > 0) putVarint(bytes, rest)
}

function takeSigned(cursor: Cursor): number {
  const first = takeByte(cursor)
  const rest = first < moreBit ? 0 : takeVarint(cursor)
  const magnitude = rest * signBit + (first & (signBit - 1))
  return (first & signBit) === 0 ? magnitude : -magnitude
}

/** Seven bits a byte, by arithmetic: timestamps do not fit into 32 bits. */
function putVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= moreBit) {
    bytes.push((rest % moreBit) | moreBit)
    rest = Math.floor(rest / moreBit)
  }
  bytes.push(rest)
}

function takeVarint(cursor: Cursor): number {
  let value = 0
  for (let scale = 1; scale < 2 ** 53; scale *= moreBit) {
    const byte = takeByte(cursor)
    value += (byte & (moreBit - 1)) * scale
    if (byte < moreBit) break
  }
  return value
}
