/** What travels between the two sides of a foreign-key join, and what the right side keeps. */
import type { Serde } from '@millrace/core'
import { Packer, Unpacker, unwritten, written } from './packed.ts'

/** What a row of the left table wants of its foreign key. */
interface Subscription<K> {
  /** 1: unsubscribe silently; 2: unsubscribe and answer null; 3: subscribe and answer in any case; 4: subscribe and answer if a row is there. */
  readonly instruction: number
  readonly primaryKey: K
  /** Of the left value that asked; null: it was deleted. */
  readonly hash: string | null
  /** Where the left row lies. */
  readonly partition: number
}

export function subscription<K>(key: Serde<K>): Serde<Subscription<K>> {
  return {
    name: `subscription(${key.name})`,
    write: ({ instruction, primaryKey, hash, partition }) =>
      new Packer().byte(instruction).int32(partition).part(bytesOf(hash)).part(key.write(primaryKey)).bytes,
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      const [instruction, partition] = [packed.byte(), packed.int32()]
      return { instruction, partition, hash: textOf(packed.part()), primaryKey: key.read(packed.part()!) }
    },
  }
}

/** The foreign value for the left row that had this hash. */
interface Answer<T> {
  readonly hash: string | null
  readonly partition: number
  readonly value: T | null
}

export function answer<T>(value: Serde<T>): Serde<Answer<T>> {
  return {
    name: `answer(${value.name})`,
    write: (given) => new Packer().int32(given.partition).part(bytesOf(given.hash)).part(written(value, given.value)).bytes,
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      return { partition: packed.int32(), hash: textOf(packed.part()), value: unwritten(value, packed.part()) }
    },
  }
}

/** Where a chunk of the subscribers of a foreign key stands. */
interface ChunkKey<F> {
  readonly foreignKey: F
  readonly chunk: number
}

export function chunkKey<F>(foreignKey: Serde<F>): Serde<ChunkKey<F>> {
  return {
    name: `chunk(${foreignKey.name})`,
    write: ({ foreignKey: key, chunk }) => new Packer().part(foreignKey.write(key)).int32(chunk).bytes,
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      return { foreignKey: foreignKey.read(packed.part()!), chunk: packed.int32() }
    },
  }
}

interface Subscriber<K> {
  readonly primaryKey: K
  readonly hash: string | null
  readonly partition: number
}

/** Some subscribers of a foreign key. */
interface Chunk<K> {
  /** In the first chunk: the key has 2^depth of them. */
  readonly depth: number
  readonly subscribers: readonly Subscriber<K>[]
}

export function subscribers<K>(key: Serde<K>): Serde<Chunk<K>> {
  return {
    name: `subscribers(${key.name})`,
    write: (chunk) => {
      const packer = new Packer().byte(chunk.depth)
      for (const one of chunk.subscribers) packer.int32(one.partition).part(bytesOf(one.hash)).part(key.write(one.primaryKey))
      return packer.bytes
    },
    read: (bytes) => {
      const packed = new Unpacker(bytes)
      const depth = packed.byte()
      const all: Subscriber<K>[] = []
      while (!packed.isDone) all.push(subscriberIn(packed, key))
      return { depth, subscribers: all }
    },
  }
}

function subscriberIn<K>(packed: Unpacker, key: Serde<K>): Subscriber<K> {
  const partition = packed.int32()
  return { partition, hash: textOf(packed.part()), primaryKey: key.read(packed.part()!) }
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1')
}

/** A hash is a text with a character a byte: equal ones are found by ===. */
function bytesOf(hash: string | null): Uint8Array | null {
  return hash === null ? null : Buffer.from(hash, 'latin1')
}
