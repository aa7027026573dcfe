import { fc } from '@fast-check/vitest'
import { camelCase, has, innerFields, type FieldDefinition, type MessageDefinition } from './protocol-definitions.ts'

/** Random messages from Kafka's definitions alone: ours are made from ours, and could agree with themselves only. */
export type AnyMessage = Readonly<Record<string, unknown>>

export function messageArbitrary(definition: MessageDefinition, version: number): fc.Arbitrary<AnyMessage> {
  return structArbitrary(definition, definition.fields, version)
}

function structArbitrary(
  definition: MessageDefinition,
  fields: readonly FieldDefinition[],
  version: number,
): fc.Arbitrary<AnyMessage> {
  const present = fields.filter((field) => has(field.versions, version))
  return fc.record(
    Object.fromEntries(present.map((field) => [camelCase(field.name), fieldArbitrary(definition, field, version)])),
    { noNullPrototype: true },
  )
}

function fieldArbitrary(definition: MessageDefinition, field: FieldDefinition, version: number): fc.Arbitrary<unknown> {
  const content = contentArbitrary(definition, field, version)
  return has(field.nullableVersions, version) ? fc.option(content, { freq: 4 }) : content
}

function contentArbitrary(definition: MessageDefinition, field: FieldDefinition, version: number): fc.Arbitrary<unknown> {
  const inner = innerFields(definition, field)
  const element = field.type.replace('[]', '')
  if (inner === undefined) {
    const scalar: fc.Arbitrary<unknown> = scalars[element as keyof typeof scalars]
    return field.type === element ? scalar : fc.array(scalar, { maxLength: 3 })
  }
  const struct = structArbitrary(definition, inner, version)
  if (field.type === element) return struct
  // Kafka keeps such elements in a set.
  const keys = inner
    .filter(({ mapKey, versions }) => mapKey === true && has(versions, version))
    .map(({ name }) => camelCase(name))
  const selector = (value: AnyMessage): string => JSON.stringify(keys.map((name) => value[name]))
  return keys.length === 0 ? fc.array(struct, { maxLength: 3 }) : fc.uniqueArray(struct, { maxLength: 3, selector })
}

const scalars = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  float64: fc.double({ noNaN: true }),
  uuid: fc.stringMatching(/^[0-9a-f]{32}$/),
  string: fc.string({ unit: 'grapheme', maxLength: 20 }),
  bytes: fc.uint8Array({ maxLength: 20 }),
  records: fc.uint8Array({ maxLength: 20 }),
}
