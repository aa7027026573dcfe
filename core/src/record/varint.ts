import { coreError } from '../base/error-catalogue.ts'

/**
 * Zig-zag numbers of variable length, as records hold them: seven bits a byte, lowest first, bit 7 set on all but the last;
 * the sign is the lowest bit of all (0, -1, 1, -2 are written 0, 1, 2, 3).
 *
 * A varint holds 32 bits, a varlong 64, of which we take what a number can hold exactly. Writers trust their caller with the
 * range and the room. Readers refuse what is too long, and may run past the end: then `cursor.at` says so.
 */

/** A place in bytes that reading moves. */
export interface Cursor {
  at: number
}

/** Bytes of an int32 as a varint. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}

/** Writes an int32; returns the place behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 127) {
    bytes[at++] = rest | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

export function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  const first = bytes[cursor.at++]!
  return first < 128 ? (first >>> 1) ^ -(first & 1) : readLongVarint(bytes, cursor, first)
}

function readLongVarint(bytes: Uint8Array, cursor: Cursor, first: number): number {
  let zigzag = first & 127
  let shift = 0
  let byte: number
  do {
    byte = bytes[cursor.at++]!
    shift += 7
    zigzag |= (byte & 127) << shift
  } while (byte > 127 && shift < 28)
  if (shift === 28 && byte > 15) throw tooLong(cursor.at, 32)
  return (zigzag >>> 1) ^ -(zigzag & 1)
}

/** Bytes of a safe integer as a varlong. */
export function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value)
  let size = 1
  for (let rest = magnitudeOf(value) / 64; rest >= 1; rest /= 128) size++
  return size
}

/** Writes a safe integer; returns the place behind it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value)
  // Doubling would leave the safe integers: the sign goes into the first byte, the rest follows by division.
  const magnitude = magnitudeOf(value)
  bytes[at++] = 128 | ((magnitude % 64) << 1) | (value < 0 ? 1 : 0)
  let rest = Math.floor(magnitude / 64)
  while (rest > 127) {
    bytes[at++] = 128 | (rest % 128)
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

/** @throws NUMBER_OUT_OF_RANGE beyond 2^53 */
export function readVarlong(bytes: Uint8Array, cursor: Cursor): number {
  const first = bytes[cursor.at++]!
  return first < 128 ? (first >>> 1) ^ -(first & 1) : readLongVarlong(bytes, cursor, first)
}

function readLongVarlong(bytes: Uint8Array, cursor: Cursor, first: number): number {
  const end = cursor.at + 9
  let magnitude = (first & 127) >>> 1
  let weight = 64
  let byte: number
  do {
    byte = bytes[cursor.at++]!
    magnitude += (byte & 127) * weight
    weight *= 128
  } while (byte > 127 && cursor.at < end)
  if (cursor.at === end && byte > 1) throw tooLong(end, 64)
  const value = (first & 1) === 1 ? -magnitude - 1 : magnitude
  if (Number.isSafeInteger(value)) return value
  throw coreError('NUMBER_OUT_OF_RANGE', {
    what: 'a number of variable length is too large',
    where: `byte ${cursor.at}`,
    received: value,
  })
}

/** The number behind the sign: 0, 1, 2, … for 0, 1, 2, … and for -1, -2, -3, … */
function magnitudeOf(value: number): number {
  return value < 0 ? -value - 1 : value
}

function tooLong(at: number, bits: number): Error {
  return coreError('CORRUPT_BATCH', { what: `a number of variable length has more than ${bits} bits`, where: `byte ${at}` })
}
