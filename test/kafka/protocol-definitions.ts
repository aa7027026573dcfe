import type { Fields } from '@millrace/core/testing'

/**
 * Kafka's definitions of its messages, and ours, both as the rows that a version of a message has, so that they can be compared.
 */

/** As Kafka's files have it; types of fields are `int32`, `[]int32`, `Name` or `[]Name`. */
export interface MessageDefinition {
  readonly apiKey: number
  readonly name: string
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly fields: readonly FieldDefinition[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly FieldDefinition[] }[]
}

export interface FieldDefinition {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean
  readonly ignorable?: boolean
  readonly mapKey?: boolean
  readonly fields?: readonly FieldDefinition[]
}

/** A field in one version. */
interface FieldRow {
  readonly path: string
  readonly type: string
  readonly nullable: boolean
  readonly tag: number | null
  /** As Kafka writes it; null for null. */
  readonly default: string | null
}

/** What a message is in one version. `lost` are the fields that it does not have, and whether they may be dropped. */
export interface VersionRows {
  readonly fields: readonly FieldRow[]
  readonly lost: readonly { readonly path: string; readonly ignorable: boolean }[]
}

const scalars = new Set('bool int8 int16 uint16 int32 uint32 int64 float64 uuid string bytes records'.split(' '))

/** `3+`, `3-5`, `3`, `none`. */
export function has(versions: string | undefined, version: number): boolean {
  const [, first, open, last] = /^(\d+)(?:(\+)|-(\d+))?$/.exec(versions ?? 'none') ?? []
  if (first === undefined) return false
  return version >= Number(first) && (open !== undefined || version <= Number(last ?? first))
}

/** The fields of the struct or array of structs, or undefined for a scalar or an array of these. */
export function innerFields(definition: MessageDefinition, field: FieldDefinition): readonly FieldDefinition[] | undefined {
  const element = field.type.replace('[]', '')
  if (scalars.has(element)) return undefined
  return field.fields ?? definition.commonStructs?.find(({ name }) => name === element)?.fields
}

export function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** A field that no version of ours has is none of ours to lose. */
export function kafkaRows(definition: MessageDefinition, version: number, ours: readonly number[]): VersionRows {
  const fields: FieldRow[] = []
  const lost: VersionRows['lost'][number][] = []
  const visit = (definitions: readonly FieldDefinition[], parent: string): void => {
    for (const field of definitions) {
      const path = `${parent}.${camelCase(field.name)}`
      if (!ours.some((one) => has(field.versions, one))) continue
      if (!has(field.versions, version)) {
        lost.push({ path, ignorable: field.ignorable === true })
        continue
      }
      const inner = innerFields(definition, field)
      fields.push({
        path,
        type: typeOf(field, inner !== undefined),
        nullable: has(field.nullableVersions, version),
        tag: has(field.taggedVersions, version) ? field.tag! : null,
        default: kafkaDefault(field, inner !== undefined),
      })
      if (inner !== undefined) visit(inner, path)
    }
  }
  visit(definition.fields, '')
  return { fields, lost }
}

function typeOf({ type }: FieldDefinition, struct: boolean): string {
  if (!struct) return type
  return type.startsWith('[]') ? '[]struct' : 'struct'
}

function kafkaDefault(field: FieldDefinition, struct: boolean): string | null {
  const { type } = field
  if (field.default === 'null') return null
  if (type === 'records') return ''
  if (struct || type.startsWith('[]') || type === 'bytes' || type === 'uuid') return ''
  if (type === 'bool') return String(field.default ?? false)
  return type === 'string' ? String(field.default ?? '') : String(BigInt(field.default ?? 0))
}

export function ourRows(message: Fields, version: number): VersionRows {
  const fields: FieldRow[] = []
  const lost: VersionRows['lost'][number][] = []
  const visit = (schema: Fields, parent: string): void => {
    for (const [name, field] of Object.entries(schema)) {
      const path = `${parent}.${name}`
      if (field.versions !== undefined && !has(field.versions, version)) {
        lost.push({ path, ignorable: field.ignorable === true })
        continue
      }
      const inner = field.type === 'array' || field.type === 'struct' ? field.of : undefined
      const element = typeof inner === 'string' ? inner : 'struct'
      fields.push({
        path,
        type: field.type === 'array' ? `[]${element}` : field.type,
        nullable: field.nullable === true || has(field.nullable, version),
        tag: field.tag ?? null,
        default: ourDefault(field),
      })
      if (typeof inner === 'object') visit(inner, path)
    }
  }
  visit(message, '')
  return { fields, lost }
}

const longMax = '9223372036854775807'

function ourDefault(field: Fields[string]): string | null {
  if (field.default === null) return null
  if (field.default === 'unlimited') return longMax
  switch (field.type) {
    case 'array':
    case 'struct':
    case 'bytes':
    case 'records':
    case 'uuid':
    case 'string':
      return String(field.default ?? '')
    case 'bool':
      return String(field.default ?? false)
    default:
      return String(field.default ?? 0)
  }
}
