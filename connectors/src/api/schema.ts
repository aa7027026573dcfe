/** The types of Kafka Connect's data. */
export type SchemaType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct'

/**
 * The schema of a key, a value or a field, as Kafka Connect has it. Logical types are names on it
 * (`org.apache.kafka.connect.data.Decimal`, `…Date`, `…Time`, `…Timestamp`).
 */
export interface Schema {
  readonly type: SchemaType
  /** Default false: null is not allowed. */
  readonly optional?: boolean
  readonly name?: string
  readonly version?: number
  readonly doc?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly default?: unknown
  /** Of a struct, in order. */
  readonly fields?: readonly SchemaField[]
  /** Of an array. */
  readonly items?: Schema
  /** Of a map. */
  readonly keys?: Schema
  /** Of a map. */
  readonly values?: Schema
}

export interface SchemaField {
  readonly name: string
  readonly schema: Schema
}
