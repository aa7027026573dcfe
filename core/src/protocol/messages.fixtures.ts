import { fc } from '@fast-check/vitest'
import { apiNames, apiOf, type ApiName } from './apis.ts'
import { defaultOf } from './defaults.ts'
import type { EncodedFrame } from './frame-writer.ts'
import type { MessageKind } from './message-codec.ts'
import type { ArrayField, Field, Fields, ScalarField, ScalarType } from './schema.ts'
import { inVersions, rangeOf } from './versions.ts'

/** Messages of any API, made from its schema. */

/** A message in one version, as a test sees it: whatever its fields are. */
export interface MessageCase {
  readonly name: ApiName
  readonly kind: MessageKind
  readonly version: number
}

export const messageCases: readonly MessageCase[] = apiNames.flatMap((name) => {
  const { min, max } = rangeOf(apiOf(name).versions)
  const versions = Array.from({ length: max - min + 1 }, (_, i) => min + i)
  return versions.flatMap((version) => (['request', 'response'] as const).map((kind) => ({ name, kind, version })))
})

export type AnyMessage = Readonly<Record<string, unknown>>

/** With every field that the version has; what it lacks is its default. So decoding what was encoded gives the same. */
export function messageArbitrary({ name, kind, version }: MessageCase): fc.Arbitrary<AnyMessage> {
  return structArbitrary(apiOf(name)[kind], version)
}

function structArbitrary(fields: Fields, version: number): fc.Arbitrary<AnyMessage> {
  const entries = Object.entries(fields).map(
    ([name, field]) =>
      [name, inVersions(version, field.versions) ? fieldArbitrary(field, version) : fc.constant(defaultOf(field))] as const,
  )
  return fc.record(Object.fromEntries(entries), { noNullPrototype: true })
}

function fieldArbitrary(field: Field, version: number): fc.Arbitrary<unknown> {
  const content = contentArbitrary(field, version)
  const normal = fc.constant(defaultOf(field))
  const mayBeNull = field.nullable !== undefined && inVersions(version, field.nullable)
  const choices: fc.WeightedArbitrary<unknown>[] = [{ weight: 5, arbitrary: content }]
  if (mayBeNull) choices.push({ weight: 1, arbitrary: fc.constant(null) })
  if (defaultOf(field) !== null || mayBeNull) choices.push({ weight: 1, arbitrary: normal })
  return fc.oneof(...choices)
}

function contentArbitrary(field: Field, version: number): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'array':
      return fc.array(elementArbitrary(field.of, version), { maxLength: 3 })
    case 'struct':
      return structArbitrary(field.of, version)
    default:
      return scalarArbitrary(field)
  }
}

function elementArbitrary(of: ArrayField['of'], version: number): fc.Arbitrary<unknown> {
  return typeof of === 'string' ? scalarArbitrary({ type: of }) : structArbitrary(of, version)
}

const scalars: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 0xffff_ffff }),
  int64: fc.maxSafeInteger(),
  float64: fc.double({ noNaN: true }),
  uuid: fc.stringMatching(/^[0-9a-f]{32}$/),
  string: fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }), fc.constant('x'.repeat(300))),
  bytes: fc.uint8Array({ maxLength: 20 }),
  records: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(new Uint8Array(2000).fill(7))),
}

function scalarArbitrary({ type, unlimited }: ScalarField): fc.Arbitrary<unknown> {
  return unlimited === true ? fc.oneof(fc.maxSafeInteger(), fc.constant(Infinity)) : scalars[type]
}

/** The bytes of a frame, without those of its size. */
export function contentOf({ chunks, sizeBytes }: EncodedFrame): Uint8Array {
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole.subarray(4)
}
