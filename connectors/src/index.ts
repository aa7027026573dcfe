/** The front door of @millrace/connectors: the contract of connectors. */

export type { Connector, TaskContext } from './api/connector.ts'
export type { SourceConnector, SourceContext, SourceTask } from './api/source.ts'
export type { SinkConnector, SinkContext, SinkOffsets, SinkTask } from './api/sink.ts'
export type {
  ConnectData,
  ConnectHeader,
  ConnectRecord,
  OffsetValue,
  SinkRecord,
  SourceOffset,
  SourcePartition,
  SourceRecord,
} from './api/record.ts'
export type { Schema, SchemaField, SchemaType } from './api/schema.ts'
export type { Allowed, ConfigKey, ConfigOf, ConfigProblem, ConfigSpec, ConfigType, Importance } from './api/config-spec.ts'
export { RetriableError } from './api/signals.ts'
