/** The values of tables that consist of several of the user's. */
import type { Header, Serde } from '@millrace/core'
import { Packer, Unpacker, unwritten, written } from './packed.ts'

/** A change on its way through a repartition topic: both values in one record, so that they are never seen apart (KIP-904). */
interface Changed<V> {
  readonly next: V | null
  readonly previous: V | null
  readonly isLatest: boolean
}

export function changed<V>(value: Serde<V>): Serde<Changed<V>> {
  return {
    name: `changed(${value.name})`,
    write: ({ next, previous }) => new Packer().part(written(value, next)).part(written(value, previous)).bytes,
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      return { next: unwritten(value, packed.part()), previous: unwritten(value, packed.part()), isLatest: true }
    },
  }
}

/** A version of a row: valid from its time to that of the next one. Null: deleted. */
interface Version<V> {
  readonly from: number
  readonly value: V | null
}

/** All versions of a key, newest first. */
export function versions<V>(value: Serde<V>): Serde<readonly Version<V>[]> {
  return {
    name: `versions(${value.name})`,
    write: (all) => {
      const packer = new Packer()
      for (const version of all) packer.int64(version.from).part(written(value, version.value))
      return packer.bytes
    },
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      const all: Version<V>[] = []
      while (!packed.isDone) all.push({ from: packed.int64(), value: unwritten(value, packed.part()) })
      return all
    },
  }
}

/** A record that waits for its time. */
interface Waiting<V> {
  readonly value: V
  readonly headers: readonly Header[]
}

/** Those of one key and time, in the order in which they came. */
export function waiting<V>(value: Serde<V>): Serde<readonly Waiting<V>[]> {
  return {
    name: `waiting(${value.name})`,
    write: (all) => {
      const packer = new Packer()
      for (const one of all) {
        packer.part(value.write(one.value)).int32(one.headers.length)
        for (const [name, content] of one.headers) packer.part(name).part(content)
      }
      return packer.bytes
    },
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      const all: Waiting<V>[] = []
      while (!packed.isDone) all.push({ value: value.read(packed.part()!), headers: headersIn(packed) })
      return all
    },
  }
}

function headersIn(packed: Unpacker): readonly Header[] {
  return Array.from({ length: packed.int32() }, () => [Buffer.from(packed.part()!).toString(), packed.part()] as const)
}
