import type { Field, Fields, ScalarType } from './schema.ts'

/**
 * The value that a field has where its version lacks it, and that a tagged field is not sent for. Shared by all messages, so
 * frozen.
 */

const zeroUuid = '0'.repeat(32)
const noBytes = new Uint8Array()
const noElements: readonly never[] = Object.freeze([])

const scalarDefaults = {
  bool: false,
  int8: 0,
  int16: 0,
  uint16: 0,
  int32: 0,
  uint32: 0,
  int64: 0,
  float64: 0,
  uuid: zeroUuid,
  string: '',
  bytes: noBytes,
  records: noBytes,
} satisfies Record<ScalarType, unknown>

export function defaultOf(field: Field): unknown {
  if (field.default === 'unlimited') return Infinity
  if (field.default !== undefined) return field.default
  switch (field.type) {
    case 'array':
      return noElements
    case 'struct':
      return defaultsOf(field.of)
    default:
      return scalarDefaults[field.type]
  }
}

function defaultsOf(fields: Fields): object {
  return Object.freeze(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field)])))
}

/** The test whether a value is the field's default, or is left out. */
export function defaultTest(field: Field): (value: unknown) => boolean {
  const normal = defaultOf(field)
  if (normal === noElements) return (value) => value === undefined || (value as readonly unknown[] | null)?.length === 0
  if (normal === noBytes) return (value) => value === undefined || (value as Uint8Array | null)?.length === 0
  if (field.type !== 'struct' || normal === null) return (value) => value === undefined || value === normal
  const tests = Object.entries(field.of).map(([name, inner]) => [name, defaultTest(inner)] as const)
  return (value) => {
    if (value === undefined) return true
    return value !== null && tests.every(([name, test]) => test((value as Readonly<Record<string, unknown>>)[name]))
  }
}
