/** Serdes made of others, for what operators keep in stores of their own. Sizes are big-endian, 4 bytes. */
import type { Serde } from '@millrace/core'

const sizeBytes = 4

/** Both, one behind the other: size of the first │ first │ second. */
export function paired<A, B>(first: Serde<A>, second: Serde<B>): Serde<readonly [A, B]> {
  return {
    name: `paired(${first.name}, ${second.name})`,
    write: ([a, b]) => Buffer.concat([sized(first.write(a)), asBytes(second.write(b))]),
    read: (bytes) => {
      const { body, rest } = split(bytes)
      return [first.read(body), second.read(rest)]
    },
  }
}

/** One behind the other: for each its size │ value. */
export function listOf<T>(serde: Serde<T>): Serde<readonly T[]> {
  return {
    name: `listOf(${serde.name})`,
    write: (values) => Buffer.concat(values.map((value) => sized(serde.write(value)))),
    read: (bytes) => {
      const values: T[] = []
      for (let left = bytes; left.length > 0;) {
        const { body, rest } = split(left)
        values.push(serde.read(body))
        left = rest
      }
      return values
    },
  }
}

/** Whether both are written as the same bytes: what stays true of values that went through a store. */
export function sameBytes<T>(serde: Serde<T>): (a: T, b: T) => boolean {
  return (a, b) => Object.is(a, b) || asBytes(serde.write(a)).equals(asBytes(serde.write(b)))
}

function asBytes(written: Uint8Array | string): Buffer {
  return typeof written === 'string' ? Buffer.from(written) : Buffer.from(written.buffer, written.byteOffset, written.byteLength)
}

function sized(written: Uint8Array | string): Buffer {
  const body = asBytes(written)
  const whole = Buffer.allocUnsafe(sizeBytes + body.length)
  whole.writeUInt32BE(body.length)
  whole.set(body, sizeBytes)
  return whole
}

function split(bytes: Uint8Array): { readonly body: Uint8Array; readonly rest: Uint8Array } {
  const from = asBytes(bytes)
  const end = sizeBytes + (from.length < sizeBytes ? 0 : from.readUInt32BE())
  if (end > from.length) throw new RangeError('a composed value ends too early')
  return { body: from.subarray(sizeBytes, end), rest: from.subarray(end) }
}
