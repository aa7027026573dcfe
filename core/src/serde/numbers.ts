import { SerdeError } from './serde-error.ts'
import type { Serde } from './serde.ts'

/**
 * Numbers big-endian, the bytes of Kafka's IntegerSerializer, LongSerializer and DoubleSerializer. Those who write an integer
 * refuse what would come back as another one.
 */

const bytes = new Uint8Array(8)
/** The same eight bytes: a view made for each number would cost more than the number. */
const view = new DataView(bytes.buffer)

const twoTo32 = 2 ** 32

/** A whole number of 32 bits, signed. */
export const int32: Serde<number> = {
  name: 'int32',
  write(value) {
    if (value !== (value | 0)) throw refused('int32', 'a whole number from -2^31 to 2^31 - 1', value)
    view.setInt32(0, value)
    return bytes.slice(0, 4)
  },
  read(given) {
    load('int32', given, 4)
    return view.getInt32(0)
  },
}

/** A whole number of 64 bits, signed, of which numbers below 2^53 can be told apart; others are refused both ways. */
export const int64: Serde<number> = {
  name: 'int64',
  write(value) {
    if (!Number.isSafeInteger(value)) throw refused('int64', 'a safe integer', value)
    view.setInt32(0, Math.floor(value / twoTo32))
    view.setUint32(4, value)
    return bytes.slice()
  },
  read(given) {
    load('int64', given, 8)
    const value = view.getInt32(0) * twoTo32 + view.getUint32(4)
    if (!Number.isSafeInteger(value)) throw refused('int64', 'a safe integer', view.getBigInt64(0))
    return value
  },
}

/** A number as JavaScript has it: IEEE 754 with 64 bits. */
export const float64: Serde<number> = {
  name: 'float64',
  write(value) {
    view.setFloat64(0, value)
    return bytes.slice()
  },
  read(given) {
    load('float64', given, 8)
    return view.getFloat64(0)
  },
}

function load(serde: string, given: Uint8Array, length: number): void {
  if (given.length !== length) throw new SerdeError(serde, `expected ${length} bytes, received ${given.length}`)
  bytes.set(given)
}

function refused(serde: string, expected: string, received: number | bigint): SerdeError {
  return new SerdeError(serde, `expected ${expected}, received ${received}`)
}
