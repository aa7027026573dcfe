import { defaultOf } from './defaults.ts'
import type { FrameReader } from './frame-reader.ts'
import { leastElementSize } from './least-size.ts'
import type { ArrayField, Field, Fields, ScalarField, ScalarType, StructField } from './schema.ts'
import { forEachTag } from './tagged-fields.ts'
import { inVersions } from './versions.ts'
import type { Wire } from './wire.ts'

/**
 * Makes the decoder of a schema in one version: closures in the order of the wire, in which no range of versions is left.
 */
export type Decode = (reader: FrameReader) => unknown

const maxTextBytes = 0x7fff

/** What is done for a field of a struct. */
interface Step {
  readonly name: string
  readonly place: string
  /** The default, where nothing is decoded: the version lacks the field, or its tag did not come. */
  readonly normal: unknown
  readonly decode: Decode | undefined
  readonly tag: number | undefined
}

export function structDecoder(fields: Fields, wire: Wire): Decode {
  const steps = Object.entries(fields).map(([name, field]) => stepOf(name, field, wire))
  const inline = steps.map((step) => (step.tag === undefined ? step : { ...step, decode: undefined }))
  const tagged = new Map(steps.map((step) => [step.tag, step]))
  const { flexible, place } = wire

  return (reader) => {
    // Every message of a schema gets its fields in the same order, so that all are of one shape.
    const message: Record<string, unknown> = {}
    for (let i = 0; i < inline.length; i++) decodeField(reader, message, inline[i]!)
    if (flexible) {
      reader.place = place
      decodeTagged(reader, message, tagged)
    }
    return message
  }
}

function stepOf(name: string, field: Field, wire: Wire): Step {
  const place = `${wire.place}.${name}`
  const decode = inVersions(wire.version, field.versions) ? fieldDecoder(field, { ...wire, place }) : undefined
  return { name, place, normal: defaultOf(field), decode, tag: field.tag }
}

function decodeField(reader: FrameReader, message: Record<string, unknown>, { name, place, normal, decode }: Step): void {
  if (decode === undefined) {
    message[name] = normal
    return
  }
  reader.place = place
  message[name] = decode(reader)
}

/** What is unknown comes from a newer client and is passed over. */
function decodeTagged(reader: FrameReader, message: Record<string, unknown>, steps: ReadonlyMap<number | undefined, Step>): void {
  forEachTag(reader, (tag, sizeBytes) => {
    const from = reader.take(sizeBytes)
    const step = steps.get(tag)
    if (step?.decode === undefined) return
    const { end } = reader
    reader.end = reader.at
    reader.at = from
    decodeField(reader, message, step)
    reader.finish()
    reader.end = end
  })
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
