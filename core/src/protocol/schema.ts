import type { TopicId } from '../base/ids.ts'
import type { Versions } from './versions.ts'

/**
 * What a message is, as data, and the TypeScript types that follow from it.
 *
 * Invariants
 *   S1  Fields stand in the order of the wire. Names are Kafka's, in camelCase.
 *   S2  A range that is not given is the range of what surrounds it: a field without `versions` is in every version that its
 *       message has. So it is told apart at a glance what always was there.
 *   S3  A decoded message has every field: one that its version lacks has its default. A draft, which is encoded, may leave out
 *       what has a default, a tag, or is not in every version.
 *   S4  No struct contains itself: the depth of what is decoded is that of the schema.
 *
 * Schemas are literals `as const` and nothing else, so that their types can be printed without a compiler's inference across files.
 */

/** What stands on the wire, and what it is here. */
interface ScalarValues {
  readonly bool: boolean
  readonly int8: number
  readonly int16: number
  readonly uint16: number
  readonly int32: number
  readonly uint32: number
  /** A safe integer; others are refused, both ways. With `unlimited`, Long.MAX is Infinity. */
  readonly int64: number
  readonly float64: number
  /** 32 hexadecimal digits; all of them 0 for none. */
  readonly uuid: TopicId
  readonly string: string
  /** A view of the frame: it keeps the frame in memory for as long as it is held. */
  readonly bytes: Uint8Array
  /** Record batches, unread: a view like `bytes`. Encoding passes them on as they are. */
  readonly records: Uint8Array
}

export type ScalarType = keyof ScalarValues

interface FieldTerms {
  readonly versions?: Versions
  /** Whether, or in which versions, it may be null. */
  readonly nullable?: true | Versions
  /** It stands among the tagged fields, under this number, when it is not its default. */
  readonly tag?: number
  /** A version that lacks it drops it. Without, a value other than the default cannot be encoded there. */
  readonly ignorable?: true
}

export interface ScalarField extends FieldTerms {
  readonly type: ScalarType
  /** Otherwise 0, false, an empty string, no bytes. */
  readonly default?: number | string | boolean | null
  /** Of an int64: Long.MAX says that there is no limit, and is Infinity; as a default it is written `'unlimited'`. */
  readonly unlimited?: true
}

export interface ArrayField extends FieldTerms {
  readonly type: 'array'
  readonly of: ScalarType | Fields
  /** Otherwise the empty array. */
  readonly default?: null
}

export interface StructField extends FieldTerms {
  readonly type: 'struct'
  readonly of: Fields
  /** Otherwise the struct of its fields' defaults. */
  readonly default?: null
}

export type Field = ScalarField | ArrayField | StructField

export interface Fields {
  readonly [name: string]: Field
}

/** Makes an editor show the fields in place of the name of the type that computed them. */
type Shown<T> = T extends infer Known ? { [Name in keyof Known]: Known[Name] } : never

type NullOf<F> = F extends { readonly nullable: unknown } ? null : never

type ElementOf<Of, Struct extends 'message' | 'draft'> = Of extends ScalarType
  ? ScalarValues[Of]
  : Struct extends 'message'
    ? MessageOf<Of>
    : DraftOf<Of>

type ContentOf<F, Struct extends 'message' | 'draft'> = F extends { readonly type: 'array'; readonly of: infer Of }
  ? readonly ElementOf<Of, Struct>[]
  : F extends { readonly type: 'struct'; readonly of: infer Of }
    ? ElementOf<Of, Struct>
    : F extends { readonly type: infer Type extends ScalarType }
      ? ScalarValues[Type]
      : never

type MayBeLeftOut = { readonly default: unknown } | { readonly tag: unknown } | { readonly versions: unknown }
type Optional<Of> = { [Name in keyof Of]: Of[Name] extends MayBeLeftOut ? Name : never }[keyof Of]

/** What decoding makes of these fields. */
export type MessageOf<Of> = Shown<{ readonly [Name in keyof Of]: ContentOf<Of[Name], 'message'> | NullOf<Of[Name]> }>

/** What encoding takes for these fields: a decoded message does, and what may be left out may be missing. */
export type DraftOf<Of> = Shown<
  { readonly [Name in Exclude<keyof Of, Optional<Of>>]: ContentOf<Of[Name], 'draft'> | NullOf<Of[Name]> } & {
    readonly [Name in Optional<Of>]?: ContentOf<Of[Name], 'draft'> | NullOf<Of[Name]> | undefined
  }
>
