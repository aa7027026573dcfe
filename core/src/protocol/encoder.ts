import type { Wire } from './decoder.ts'
import { defaultOf, defaultTest } from './defaults.ts'
import { FrameWriter } from './frame-writer.ts'
import type { ArrayField, Field, Fields, ScalarField, ScalarType } from './schema.ts'
import { inVersions } from './versions.ts'

/** Makes the encoder of a schema in one version, as decoder.ts makes the decoder. */
export type Encode = (writer: FrameWriter, value: never) => void

type EncodeAny = (writer: FrameWriter, value: unknown) => void

interface TaggedField {
  readonly tag: number
  readonly name: string
  readonly place: string
  readonly isDefault: (value: unknown) => boolean
  readonly encode: EncodeAny
}

/** A tagged field is written aside, as its size stands in front. */
const tagSlabBytes = 256

export function structEncoder(fields: Fields, wire: Wire): EncodeAny {
  const present = Object.entries(fields).filter(([, field]) => inVersions(wire.version, field.versions))
  const untagged = present.filter(([, field]) => field.tag === undefined)
  const names = untagged.map(([name]) => name)
  const places = names.map((name) => `${wire.place}.${name}`)
  const defaults = untagged.map(([, field]) => defaultOf(field))
  const encoders = untagged.map(([, field], i) => fieldEncoder(field, { ...wire, place: places[i]! }))
  const tagged = taggedFields(present, wire)
  const refuseLost = lostFields(fields, wire)
  const count = names.length

  return (writer, value) => {
    const draft = value as Readonly<Record<string, unknown>>
    refuseLost?.(writer, draft)
    for (let i = 0; i < count; i++) {
      const content = draft[names[i]!]
      writer.place = places[i]!
      encoders[i]!(writer, content === undefined ? defaults[i] : content)
    }
    if (wire.flexible) encodeTagged(writer, tagged, draft)
  }
}

function taggedFields(present: readonly (readonly [string, Field])[], wire: Wire): readonly TaggedField[] {
  return present
    .flatMap(([name, field]): TaggedField[] => {
      if (field.tag === undefined) return []
      const place = `${wire.place}.${name}`
      const encode = fieldEncoder(field, { ...wire, place })
      return [{ tag: field.tag, name, place, isDefault: defaultTest(field), encode }]
    })
    .sort((a, b) => a.tag - b.tag)
}

function encodeTagged(writer: FrameWriter, fields: readonly TaggedField[], draft: Readonly<Record<string, unknown>>): void {
  const sent = fields.length === 0 ? fields : fields.filter(({ name, isDefault }) => !isDefault(draft[name]))
  writer.unsignedVarint(sent.length)
  for (const { tag, name, place, encode } of sent) {
    const aside = new FrameWriter(tagSlabBytes, place)
    encode(aside, draft[name])
    writer.unsignedVarint(tag)
    writer.unsignedVarint(aside.sizeBytes)
    writer.append(aside.finish())
  }
}

/** What this version cannot say and must not drop: the answer would mean something else. */
function lostFields(
  fields: Fields,
  wire: Wire,
): ((writer: FrameWriter, draft: Readonly<Record<string, unknown>>) => void) | undefined {
  const lost = Object.entries(fields)
    .filter(([, field]) => !inVersions(wire.version, field.versions) && field.ignorable !== true)
    .map(([name, field]) => ({ name, isDefault: defaultTest(field) }))
  if (lost.length === 0) return undefined
  return (writer, draft) => {
    for (const { name, isDefault } of lost) {
      if (isDefault(draft[name])) continue
      writer.place = `${wire.place}.${name}`
      throw writer.invalid('this version has no such field')
    }
  }
}

function fieldEncoder(field: Field, wire: Wire): EncodeAny {
  const nullable = field.nullable !== undefined && inVersions(wire.version, field.nullable)
  switch (field.type) {
    case 'array':
      return orNull(nullable, wire.flexible ? compactNull : int32Null, arrayEncoder(field, wire))
    case 'struct': {
      const encode = structEncoder(field.of, wire)
      return nullable ? orNull(true, int8Null, presentStruct(encode)) : orNull(false, int8Null, encode)
    }
    default:
      return scalarEncoder(field, nullable, wire.flexible)
  }
}

type WriteNull = (writer: FrameWriter) => void
const compactNull: WriteNull = (writer) => writer.unsignedVarint(0)
const int8Null: WriteNull = (writer) => writer.int8(-1)
const int16Null: WriteNull = (writer) => writer.int16(-1)
const int32Null: WriteNull = (writer) => writer.int32(-1)

function orNull(nullable: boolean, writeNull: WriteNull, encode: EncodeAny): EncodeAny {
  return (writer, value) => {
    if (value !== null) return encode(writer, value)
    if (!nullable) throw writer.invalid('null where it must not be')
    writeNull(writer)
  }
}

/** Structs that may be null have a byte in front: -1 for null, else 1. */
function presentStruct(encode: EncodeAny): EncodeAny {
  return (writer, value) => {
    writer.int8(1)
    encode(writer, value)
  }
}

function arrayEncoder({ of }: ArrayField, wire: Wire): EncodeAny {
  const encode = typeof of === 'string' ? scalarEncoder({ type: of }, false, wire.flexible) : structEncoder(of, wire)
  return (writer, value) => {
    const elements = value as readonly unknown[]
    if (wire.flexible) writer.unsignedVarint(elements.length + 1)
    else writer.int32(elements.length)
    for (let i = 0; i < elements.length; i++) encode(writer, elements[i])
  }
}

const numberEncoders: Readonly<Record<Exclude<ScalarType, 'string' | 'bytes' | 'records'>, Encode>> = {
  bool: (writer, value: boolean) => writer.bool(value),
  int8: (writer, value: number) => writer.int8(value),
  int16: (writer, value: number) => writer.int16(value),
  uint16: (writer, value: number) => writer.uint16(value),
  int32: (writer, value: number) => writer.int32(value),
  uint32: (writer, value: number) => writer.uint32(value),
  int64: (writer, value: number) => writer.int64(value),
  float64: (writer, value: number) => writer.float64(value),
  uuid: (writer, value: string) => writer.uuid(value),
}

function scalarEncoder({ type, unlimited }: ScalarField, nullable: boolean, flexible: boolean): EncodeAny {
  switch (type) {
    case 'string':
      return flexible
        ? orNull(nullable, compactNull, (writer, value) => writer.compactString(value as string))
        : orNull(nullable, int16Null, (writer, value) => writer.string(value as string))
    case 'bytes':
    case 'records':
      return flexible
        ? orNull(nullable, compactNull, (writer, value) => passCompact(writer, value as Uint8Array))
        : orNull(nullable, int32Null, (writer, value) => passBytes(writer, value as Uint8Array))
    default:
      return (
        unlimited === true ? (writer: FrameWriter, value: number): void => writer.int64OrUnlimited(value) : numberEncoders[type]
      ) as EncodeAny
  }
}

function passBytes(writer: FrameWriter, bytes: Uint8Array): void {
  writer.int32(bytes.length)
  writer.pass(bytes)
}

function passCompact(writer: FrameWriter, bytes: Uint8Array): void {
  writer.unsignedVarint(bytes.length + 1)
  writer.pass(bytes)
}
