/**
 * What can be set on a connector. One declaration checks, fills in, documents and draws the form, under the names that Kafka
 * Connect's REST API shows (ConfigDef).
 */

/** By name, `connection.url`. A name that is not here is reported, with the nearest one that is. */
export type ConfigSpec = Readonly<Record<string, ConfigKey>>

export type ConfigKey = { readonly [T in ConfigType]: AnyConfigKey<T> }[ConfigType]

/** Kafka's types and what they are in TypeScript. */
interface ConfigTypes {
  boolean: boolean
  string: string
  short: number
  int: number
  /** A safe integer. */
  long: number
  double: number
  /** Comma separated. */
  list: readonly string[]
  class: string
  /** Printed as `[hidden]`. */
  password: string
}

export type ConfigType = keyof ConfigTypes

export type Importance = 'high' | 'medium' | 'low'

interface AnyConfigKey<T extends ConfigType> {
  readonly type: T
  /** One or two sentences for who sets it. */
  readonly doc: string
  readonly importance: Importance
  /** Absent: it must be set. Null: it may stay unset. */
  readonly default?: ConfigTypes[T] | null
  readonly allowed?: Allowed
  /** Where forms show it. Default: no group, in the order of the spec. */
  readonly group?: string
  readonly displayName?: string
  readonly width?: 'none' | 'short' | 'medium' | 'long'
  /** Names of settings whose validity depends on this one. */
  readonly dependents?: readonly string[]
}

/** What a value must be, beyond its type; as data, so that it can be shown. */
export type Allowed =
  | { readonly kind: 'oneOf'; readonly values: readonly string[] }
  | { readonly kind: 'range'; readonly minimum?: number; readonly maximum?: number }
  | { readonly kind: 'notEmpty' }

/** The values that a connector with this spec gets: checked, parsed, defaults filled in. */
export type ConfigOf<S extends ConfigSpec> = { readonly [Name in keyof S]: ValueOf<S[Name]> }

type ValueOf<K extends ConfigKey> = ConfigTypes[K['type']] | (K extends { readonly default: null } ? null : never)

/** What is wrong with a setting, or with several together. */
export interface ConfigProblem {
  /** The name of the setting. */
  readonly name: string
  readonly message: string
}
