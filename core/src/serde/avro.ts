import avsc, { type Schema, type Type } from 'avsc'
import { SerdeError } from './serde-error.ts'
import type { Serde } from './serde.ts'

export interface AvroOptions {
  /**
   * Schemas that values may have been written with, oldest first, when the bytes do not say which (as here, without a registry): the
   * first byte then tells, and the newest, `schema`, is the last. Adding one to the end keeps all that is written readable, as far as
   * Avro's rules of schema resolution go. Default: none, and no such byte.
   */
  readonly older?: readonly Schema[]
}

/**
 * Avro's binary encoding by avsc, which has to be installed beside (`npm install avsc`). A `long` is a number; what is beyond 2^53 is an
 * error. Without `older` the bytes hold the value alone, so that who reads has to know the schema that it was written with.
 * @throws Error of avsc when a schema is none, or cannot be resolved by the newest
 */
export function avro<T>(schema: Schema, options: AvroOptions = {}): Serde<T> {
  const type = avsc.Type.forSchema(schema)
  const name = `avro(${type.name ?? type.typeName})`
  return options.older === undefined ? single<T>(name, type) : versioned<T>(name, type, options.older)
}

function single<T>(name: string, type: Type): Serde<T> {
  return {
    name,
    write: (value) => written(name, type, value),
    read: (bytes) => valueOf<T>(name, () => type.fromBuffer(asBuffer(bytes)) as T),
  }
}

function versioned<T>(name: string, newest: Type, older: readonly Schema[]): Serde<T> {
  const writers = older.map((schema) => avsc.Type.forSchema(schema))
  const readers = [
    ...writers.map((writer) => ({ writer, resolver: newest.createResolver(writer) })),
    { writer: newest, resolver: undefined },
  ]
  const mark = Buffer.from([readers.length - 1])
  return {
    name: `${name}, version ${readers.length - 1}`,
    write: (value) => Buffer.concat([mark, written(name, newest, value)]),
    read: (bytes) =>
      valueOf<T>(name, () => {
        const reader = readers[bytes[0] ?? -1]
        if (reader === undefined) throw new RangeError(`version ${bytes[0] ?? 'none'} is not one of ${readers.length}`)
        return newest.fromBuffer(asBuffer(bytes.subarray(1)), reader.resolver) as T
      }),
  }
}

function written(name: string, type: Type, value: unknown): Buffer {
  try {
    return type.toBuffer(value)
  } catch (cause) {
    throw new SerdeError(name, messageOf(cause), { cause })
  }
}

function valueOf<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new SerdeError(name, messageOf(cause), { cause })
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
