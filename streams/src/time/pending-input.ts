/**
 * An input of `mapAsync` whose call has not ended, as its store has it: the value, and the record that it came with.
 *
 *   value   partition, 4 │ offset, 8 │ timestamp, 8 │ topic │ count of headers, 4 │ for each: name, value │ value, to the end
 *           a text or a header's value: size, 4, -1 for null │ bytes      the value: 1 │ bytes of its serde, or 0 for null
 *   key     1 │ bytes of its serde, or 0 for null
 *
 * All numbers are big-endian and signed. Nulls never come to the serdes.
 */
import type { Header, Serde } from '@millrace/core'

/** Where an input comes from: the shape of a record's `Meta`. */
export interface InputPlace {
  readonly topic: string
  readonly partition: number
  /** -1 where no record is the cause. */
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers: readonly Header[]
}

export interface PendingInput<V> {
  readonly value: V
  readonly place: InputPlace
}

/** A serde of the value whose row may be null. */
export function pendingInput<V>(value: Serde<V>): Serde<PendingInput<V>> {
  return {
    name: `pendingInput(${value.name})`,
    write: (input) => written(input, value),
    read: (bytes) => readFrom(bytes, value),
  }
}

/** A serde that takes a null as well, and writes it as bytes of its own: unlike `nullable` it needs no help from its caller. */
export function markedNull<T>(serde: Serde<T>): Serde<T | null> {
  return {
    name: `markedNull(${serde.name})`,
    write: (given) => (given === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), asBytes(serde.write(given))])),
    read: (bytes) => (bytes[0] === 0 ? null : serde.read(bytes.subarray(1))),
  }
}

const placeBytes = 20
const sizeBytes = 4

function written<V>({ value, place }: PendingInput<V>, serde: Serde<V>): Uint8Array {
  const { topic, partition, offset, timestamp, headers } = place
  const fixed = Buffer.alloc(placeBytes)
  fixed.writeInt32BE(partition, 0)
  fixed.writeBigInt64BE(BigInt(offset), 4)
  fixed.writeBigInt64BE(BigInt(timestamp), 12)
  const parts: Uint8Array[] = [fixed, ...sized(Buffer.from(topic)), int(headers.length)]
  for (const [name, body] of headers) parts.push(...sized(Buffer.from(name)), ...sized(body))
  parts.push(asBytes(markedNull(serde).write(value)))
  return Buffer.concat(parts)
}

function sized(bytes: Uint8Array | null): readonly Uint8Array[] {
  return bytes === null ? [int(-1)] : [int(bytes.length), bytes]
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  bytes.writeInt32BE(value)
  return bytes
}

function asBytes(given: Uint8Array | string): Uint8Array {
  return typeof given === 'string' ? Buffer.from(given) : given
}

function readFrom<V>(bytes: Uint8Array, serde: Serde<V>): PendingInput<V> {
  const from = new Reader(bytes)
  const partition = from.int()
  const offset = from.long()
  const timestamp = from.long()
  const topic = from.text()
  const headers = Array.from({ length: from.int() }, (): Header => [from.text(), from.sized()])
  return { value: markedNull(serde).read(from.rest()) as V, place: { topic, partition, offset, timestamp, headers } }
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  int(): number {
    this.#at += sizeBytes
    return this.#bytes.readInt32BE(this.#at - sizeBytes)
  }

  long(): number {
    this.#at += 8
    return Number(this.#bytes.readBigInt64BE(this.#at - 8))
  }

  text(): string {
    return this.sized()!.toString()
  }

  sized(): Buffer | null {
    const size = this.int()
    if (size < 0) return null
    if (this.#at + size > this.#bytes.length) throw new RangeError('a pending input ends too early')
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }
}
