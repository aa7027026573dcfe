/** Avro, for whoever has avsc installed: `@millrace/core/avro`. */
export { avro, type AvroOptions } from './serde/avro.ts'
