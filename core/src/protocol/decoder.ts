import { defaultOf } from './defaults.ts'
import type { FrameReader } from './frame-reader.ts'
import { leastElementSize } from './least-size.ts'
import type { ArrayField, Field, Fields, ScalarField, ScalarType, StructField } from './schema.ts'
import { forEachTag } from './tagged-fields.ts'
import { inVersions } from './versions.ts'

/**
 * Makes the decoder of a schema in one version: closures in the order of the wire, in which no range of versions is left.
 */
export type Decode = (reader: FrameReader) => unknown

/** What is known of the version while its codec is made. */
export interface Wire {
  readonly version: number
  readonly flexible: boolean
  /** The message and the field, for errors. */
  readonly place: string
}

const maxTextBytes = 0x7fff

export function structDecoder(fields: Fields, wire: Wire): Decode {
  const names: string[] = []
  const defaults: unknown[] = []
  const places: string[] = []
  const decoders: (Decode | undefined)[] = []
  const tagged = new Map<number, { readonly name: string; readonly place: string; readonly decode: Decode }>()
  for (const [name, field] of Object.entries(fields)) {
    const place = `${wire.place}.${name}`
    const decode = inVersions(wire.version, field.versions) ? fieldDecoder(field, { ...wire, place }) : undefined
    if (decode !== undefined && field.tag !== undefined) tagged.set(field.tag, { name, place, decode })
    names.push(name)
    defaults.push(defaultOf(field))
    places.push(place)
    decoders.push(field.tag === undefined ? decode : undefined)
  }
  const count = names.length

  return (reader) => {
    // Every message of a schema gets its fields in the same order, so that all are of one shape.
    const message: Record<string, unknown> = {}
    for (let i = 0; i < count; i++) {
      const decode = decoders[i]
      if (decode === undefined) message[names[i]!] = defaults[i]
      else {
        reader.place = places[i]!
        message[names[i]!] = decode(reader)
      }
    }
    if (wire.flexible) decodeTagged(reader, message)
    return message
  }

  /** What is unknown comes from a newer client and is passed over. */
  function decodeTagged(reader: FrameReader, message: Record<string, unknown>): void {
    reader.place = wire.place
    forEachTag(reader, (tag, sizeBytes) => {
      const from = reader.take(sizeBytes)
      const field = tagged.get(tag)
      if (field === undefined) return
      const { end } = reader
      reader.end = reader.at
      reader.at = from
      reader.place = field.place
      message[field.name] = field.decode(reader)
      reader.finish()
      reader.end = end
    })
  }
}

function fieldDecoder(field: Field, wire: Wire): Decode {
  const nullable = field.nullable !== undefined && inVersions(wire.version, field.nullable)
  switch (field.type) {
    case 'array':
      return arrayDecoder(field, nullable, wire)
    case 'struct':
      return nullable ? nullableStructDecoder(field, wire) : structDecoder(field.of, wire)
    default:
      return scalarDecoder(field, nullable, wire.flexible)
  }
}

/** Structs that may be null have a byte in front: -1 for null, else 1. */
function nullableStructDecoder(field: StructField, wire: Wire): Decode {
  const decode = structDecoder(field.of, wire)
  return (reader) => (reader.int8() < 0 ? null : decode(reader))
}

function arrayDecoder({ of }: ArrayField, nullable: boolean, wire: Wire): Decode {
  const decode = typeof of === 'string' ? scalarDecoder({ type: of }, false, wire.flexible) : structDecoder(of, wire)
  const leastSizeBytes = leastElementSize(of, wire.version, wire.flexible)
  return (reader) => {
    const count = wire.flexible ? reader.compactSize() : reader.int32Size()
    if (count < 0) return nullOr(reader, nullable, 'an array')
    reader.expectElements(count, leastSizeBytes)
    const elements: unknown[] = []
    for (let i = 0; i < count; i++) elements.push(decode(reader))
    return elements
  }
}

const numberDecoders: Readonly<Record<Exclude<ScalarType, 'string' | 'bytes' | 'records'>, Decode>> = {
  bool: (reader) => reader.bool(),
  int8: (reader) => reader.int8(),
  int16: (reader) => reader.int16(),
  uint16: (reader) => reader.uint16(),
  int32: (reader) => reader.int32(),
  uint32: (reader) => reader.uint32(),
  int64: (reader) => reader.int64(),
  float64: (reader) => reader.float64(),
  uuid: (reader) => reader.uuid(),
}

function scalarDecoder({ type, unlimited }: ScalarField, nullable: boolean, flexible: boolean): Decode {
  switch (type) {
    case 'string':
      return textDecoder(nullable, flexible)
    case 'bytes':
    case 'records':
      return bytesDecoder(nullable, flexible)
    default:
      return unlimited === true ? (reader) => reader.int64OrUnlimited() : numberDecoders[type]
  }
}

function textDecoder(nullable: boolean, flexible: boolean): Decode {
  return (reader) => {
    const sizeBytes = flexible ? reader.compactSize() : reader.int16Size()
    if (sizeBytes < 0) return nullOr(reader, nullable, 'a text')
    // Kafka refuses longer ones in compact form too, so that they can be answered in any.
    if (sizeBytes > maxTextBytes) throw reader.invalid('a text is too long', `at most ${maxTextBytes} bytes`, sizeBytes)
    return reader.text(sizeBytes)
  }
}

function bytesDecoder(nullable: boolean, flexible: boolean): Decode {
  return (reader) => {
    const sizeBytes = flexible ? reader.compactSize() : reader.int32Size()
    return sizeBytes < 0 ? nullOr(reader, nullable, 'a sequence of bytes') : reader.view(sizeBytes)
  }
}

function nullOr(reader: FrameReader, nullable: boolean, what: string): null {
  if (nullable) return null
  throw reader.invalid(`${what} is null where it must not be`)
}
