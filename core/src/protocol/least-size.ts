import type { ArrayField, Field, Fields } from './schema.ts'
import { inVersions } from './versions.ts'

/**
 * The fewest bytes that something takes on the wire: what a declared count is measured with before anything is read.
 * Sizes of texts and arrays take one byte when they are compact.
 */
const scalarSizes = { bool: 1, int8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, float64: 8, uuid: 16 } as const

/** Of an element of an array. */
export function leastElementSize(of: ArrayField['of'], version: number, flexible: boolean): number {
  return typeof of === 'string' ? leastSize({ type: of }, version, flexible) : leastStructSize(of, version, flexible)
}

function leastStructSize(fields: Fields, version: number, flexible: boolean): number {
  let sizeBytes = flexible ? 1 : 0
  for (const field of Object.values(fields)) {
    const onWire = inVersions(version, field.versions) && field.tag === undefined
    if (onWire) sizeBytes += leastSize(field, version, flexible)
  }
  return sizeBytes
}

function leastSize(field: Field, version: number, flexible: boolean): number {
  switch (field.type) {
    case 'string':
      return flexible ? 1 : 2
    case 'bytes':
    case 'records':
    case 'array':
      return flexible ? 1 : 4
    case 'struct':
      return field.nullable !== undefined && inVersions(version, field.nullable)
        ? 1
        : leastStructSize(field.of, version, flexible)
    default:
      return scalarSizes[field.type]
  }
}
