/**
 * What a key has in a stretch of time: values in the order of their times, in one row of a window store. Several may stand at one time;
 * they keep the order in which they came.
 *
 *   bytes   count, varint │ time of the first, 8, signed big-endian │ for each: time after the one before, varint │ span, varint │
 *           stamp - time, zigzag varint │ size of the value + 1, varint (0: null) │ value
 *
 * Invariants
 *   T1  A list never changes: what adds or removes gives another one. So one that is being committed stays as it is.
 *   T2  Of the lists that grew from one another by adding at the end, all share one array, of which each sees its part: adding there
 *       copies nothing. Only the longest may be grown so; whoever adds to another one gets a copy.
 */
import type { Serde } from '@millrace/core'

export interface TimedValue<V> {
  /** Where it stands: the time of a record, the start of a window. Milliseconds since 1970. */
  readonly time: number
  /** How far it reaches from there: of a session the milliseconds between its first record and its last; otherwise 0. */
  readonly span: number
  /** The timestamp of the newest record in it. */
  readonly stamp: number
  readonly value: V
}

export class TimedValues<V> {
  readonly #all: TimedValue<V>[]
  readonly size: number

  private constructor(all: TimedValue<V>[], size: number) {
    this.#all = all
    this.size = size
  }

  static of<V>(values: readonly TimedValue<V>[] = []): TimedValues<V> {
    return new TimedValues([...values], values.length)
  }

  /** As `of`; the array is the list's from here on. */
  static owning<V>(values: TimedValue<V>[]): TimedValues<V> {
    return new TimedValues(values, values.length)
  }

  /** `index` from 0 to size - 1. */
  at(index: number): TimedValue<V> {
    return this.#all[index]!
  }

  /** The first that stands at or after the time; `size` when there is none. */
  indexFrom(time: number): number {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#all[middle]!.time < time) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first that stands at the time. */
  find(time: number): TimedValue<V> | undefined {
    const index = this.indexFrom(time)
    return index < this.size && this.#all[index]!.time === time ? this.#all[index] : undefined
  }

  /** Behind all that stand at its time. */
  with(value: TimedValue<V>): TimedValues<V> {
    const index = this.indexFrom(value.time + 1)
    if (index < this.size || this.#all.length > this.size) return this.#spliced(index, 0, value)
    this.#all.push(value)
    return new TimedValues(this.#all, this.size + 1)
  }

  replaced(index: number, value: TimedValue<V>): TimedValues<V> {
    return this.#spliced(index, 1, value)
  }

  without(index: number, count: number = 1): TimedValues<V> {
    return this.#spliced(index, count)
  }

  toArray(): TimedValue<V>[] {
    return this.#all.slice(0, this.size)
  }

  #spliced(index: number, count: number, ...values: TimedValue<V>[]): TimedValues<V> {
    const all = this.toArray()
    all.splice(index, count, ...values)
    return new TimedValues(all, all.length)
  }
}

/** Null values are kept as such: they never come to the serde. */
export function timedValues<V>(value: Serde<V>): Serde<TimedValues<V>> {
  return {
    name: `timedValues(${value.name})`,
    write: (values) => written(values, value),
    read: (bytes) => readFrom(bytes, value),
  }
}

const timeBytes = 8
/** A varint of a safe integer has at most eight bytes. */
const varintBytes = 8
const groupSize = 0x80

/** Where lists are put together, one at a time; larger ones get their own room. */
const scratch = Buffer.alloc(4096)

function written<V>(values: TimedValues<V>, serde: Serde<V>): Uint8Array {
  const bodies: (Uint8Array | null)[] = []
  let room = varintBytes + timeBytes
  for (let index = 0; index < values.size; index++) {
    const { value } = values.at(index)
    const body = value === null ? null : asBytes(serde.write(value))
    bodies.push(body)
    room += 4 * varintBytes + (body?.length ?? 0)
  }
  const into = room <= scratch.length ? scratch : Buffer.allocUnsafe(room)
  return Uint8Array.prototype.slice.call(into, 0, writeValues(into, values, bodies))
}

/** Returns the end. */
function writeValues(into: Buffer, values: TimedValues<unknown>, bodies: readonly (Uint8Array | null)[]): number {
  let at = writeVarint(into, 0, values.size)
  if (values.size === 0) return at
  let { time } = values.at(0)
  at = writeTime(into, at, time)
  for (let index = 0; index < values.size; index++) {
    const one = values.at(index)
    const body = bodies[index]!
    at = writeVarint(into, at, one.time - time)
    at = writeVarint(into, at, one.span)
    at = writeVarint(into, at, zigzag(one.stamp - one.time))
    at = writeVarint(into, at, body === null ? 0 : body.length + 1)
    if (body !== null) {
      into.set(body, at)
      at += body.length
    }
    time = one.time
  }
  return at
}

function readFrom<V>(bytes: Uint8Array, serde: Serde<V>): TimedValues<V> {
  const from = new VarintReader(bytes)
  const size = from.varint()
  if (size === 0) return TimedValues.of()
  let time = from.time()
  const values: TimedValue<V>[] = []
  for (let index = 0; index < size; index++) {
    time += from.varint()
    const span = from.varint()
    const stamp = time + unzigzag(from.varint())
    const bodyBytes = from.varint()
    values.push({ time, span, stamp, value: bodyBytes === 0 ? (null as V) : serde.read(from.take(bodyBytes - 1)) })
  }
  return TimedValues.of(values)
}

function asBytes(body: Uint8Array | string): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

function writeVarint(into: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= groupSize) {
    into[at++] = (rest % groupSize) | groupSize
    rest = Math.floor(rest / groupSize)
  }
  into[at++] = rest
  return at
}

function writeTime(into: Buffer, at: number, time: number): number {
  into.writeInt32BE(Math.floor(time / 0x1_0000_0000), at)
  return into.writeInt32BE(time | 0, at + 4)
}

class VarintReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= groupSize) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('a list of timed values ends too early')
      value += (byte % groupSize) * factor
      if (byte < groupSize) return value
    }
  }

  time(): number {
    this.#at += timeBytes
    return Number(this.#bytes.readBigInt64BE(this.#at - timeBytes))
  }

  take(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#bytes.length) throw new RangeError('a list of timed values ends too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
