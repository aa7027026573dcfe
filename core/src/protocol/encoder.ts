import { defaultOf, defaultTest } from './defaults.ts'
import { FrameWriter } from './frame-writer.ts'
import type { ArrayField, Field, Fields, ScalarField, ScalarType } from './schema.ts'
import { inVersions } from './versions.ts'
import type { Wire } from './wire.ts'

/** Makes the encoder of a schema in one version, as decoder.ts makes the decoder. */
export type Encode = (writer: FrameWriter, value: never) => void

type EncodeAny = (writer: FrameWriter, value: unknown) => void

type Draft = Readonly<Record<string, unknown>>

/** What is done for a field of a struct that the version has. */
interface Step {
  readonly name: string
  readonly place: string
  /** What is written for a field that is left out. */
  readonly normal: unknown
  readonly encode: EncodeAny
}

interface TaggedStep extends Step {
  readonly tag: number
  readonly isDefault: (value: unknown) => boolean
}

/** A tagged field is written aside, as its size stands in front. */
const tagSlabBytes = 256

export function structEncoder(fields: Fields, wire: Wire): EncodeAny {
  const present = Object.entries(fields).filter(([, field]) => inVersions(wire.version, field.versions))
  const steps = present.filter(([, { tag }]) => tag === undefined).map(([name, field]) => stepOf(name, field, wire))
  const tagged = taggedSteps(present, wire)
  const refuseLost = lostFields(fields, wire)
  const { flexible } = wire

  return (writer, value) => {
    const draft = value as Draft
    refuseLost?.(writer, draft)
    for (let i = 0; i < steps.length; i++) encodeField(writer, draft, steps[i]!)
    if (flexible) encodeTagged(writer, draft, tagged)
  }
}

function stepOf(name: string, field: Field, wire: Wire): Step {
  const place = `${wire.place}.${name}`
  return { name, place, normal: defaultOf(field), encode: fieldEncoder(field, { ...wire, place }) }
}

function encodeField(writer: FrameWriter, draft: Draft, { name, place, normal, encode }: Step): void {
  const content = draft[name]
  writer.place = place
  encode(writer, content === undefined ? normal : content)
}

function taggedSteps(present: readonly (readonly [string, Field])[], wire: Wire): readonly TaggedStep[] {
  return present
    .flatMap(([name, field]): TaggedStep[] =>
      field.tag === undefined ? [] : [{ ...stepOf(name, field, wire), tag: field.tag, isDefault: defaultTest(field) }],
    )
    .sort((a, b) => a.tag - b.tag)
}

function encodeTagged(writer: FrameWriter, draft: Draft, steps: readonly TaggedStep[]): void {
  const sent = steps.length === 0 ? steps : steps.filter(({ name, isDefault }) => !isDefault(draft[name]))
  writer.unsignedVarint(sent.length)
  for (const step of sent) {
    const aside = new FrameWriter(tagSlabBytes, step.place)
    encodeField(aside, draft, step)
    writer.unsignedVarint(step.tag)
    writer.unsignedVarint(aside.sizeBytes)
    writer.append(aside.finish())
  }
}

/** What this version cannot say and must not drop: the answer would mean something else. */
function lostFields(fields: Fields, wire: Wire): ((writer: FrameWriter, draft: Draft) => void) | undefined {
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
