/** The front door of @millrace/core. */

export { MillraceError, errorsOf } from './base/errors.ts'
export type { ErrorDetails, ErrorRow, Fault, Outcome } from './base/errors.ts'
export { coreErrorRows } from './base/error-catalogue.ts'
export type { CoreErrorCode } from './base/error-catalogue.ts'
export { noHeaders } from './base/bytes.ts'
export type { Bytes, Header } from './base/bytes.ts'
export { partitionName } from './base/ids.ts'
export type { TopicId, TopicPartition } from './base/ids.ts'
export type { AccessRule, AccessRuleFilter, Operation, PatternType, Permission, ResourceType } from './base/access-rule.ts'
export { DiskError } from './base/disk.ts'
export type { DirectoryLock, Disk, DiskErrorCode, DiskFile, FileStat } from './base/disk.ts'
export type { Clock, Timer } from './base/clock.ts'
export type { Random } from './base/random.ts'
export type { World } from './base/world.ts'
export { coreMetrics } from './base/metric-catalogue.ts'
export type { MetricCatalogue, MetricKind, MetricRow } from './base/metric-catalogue.ts'
export { topicSettings } from './coordinator/topic-settings.ts'
export type { TopicSetting } from './coordinator/topic-settings.ts'
export type {
  Distribution,
  HistogramValues,
  MetricFamily,
  MetricLabels,
  MetricsReader,
  MetricsSnapshot,
  NumberValues,
} from './base/metrics.ts'
export { prometheusText, type PrometheusOptions } from './metrics/prometheus-text.ts'
export {
  openTelemetryProducer,
  type OpenTelemetryCollection,
  type OpenTelemetryOptions,
  type OpenTelemetryProducer,
} from './metrics/open-telemetry.ts'
export type { AuditEvent } from './server/audit-trail.ts'
export { serveLog } from './open/serve-log.ts'
export type { AuthorizationOptions, ConnectionLimitOptions, ServedLog, ServeOptions } from './open/serve-log.ts'
export type { ListenerOptions, OAuthBearerOptions, SaslOptions } from './open/listener-options.ts'
export type { NetPlace, ServerTls } from './base/net.ts'
export type { ScramMechanism } from './coordinator/scram-credentials.ts'
export { scramUsers } from './open/scram-users.ts'
export type { ScramPassword, ScramUserAdmin, ScramUserListing } from './open/scram-users.ts'
export { connectLog } from './open/connect-log.ts'
export type { ConnectLogOptions } from './open/connect-log.ts'
export { embeddedLog } from './open/embedded-log.ts'
export type { AutoCreateTopics, EmbeddedLogOptions } from './open/embedded-log.ts'
export type { LogLimits } from './broker/log-limits.ts'
export { adoptKafka } from './open/adopt-kafka.ts'
export type { AdoptedTopic, AdoptionReport, AdoptKafkaOptions, SkippedTopic } from './open/adopt-kafka.ts'
export type { Durability } from './log/log-options.ts'
export { nodeWorld } from './platform/node-world.ts'
export { processName } from './platform/process-name.ts'
export type { Serde, Serializer } from './serde/serde.ts'
export { branded, string } from './serde/string.ts'
export { json } from './serde/json.ts'
export type { StandardSchema } from './serde/standard-schema.ts'
export { bytes } from './serde/bytes.ts'
export { float64, int32, int64 } from './serde/numbers.ts'
export { nullable } from './serde/nullable.ts'
export { SerdeError } from './serde/serde-error.ts'
export { crc32c } from './record/crc32c.ts'
export type { CompressionName } from './record/compression.ts'
export type { LogClient } from './client/log-client.ts'
export type {
  AppendOptions,
  AppendResult,
  CommittedPosition,
  OffsetCommit,
  OutgoingBatch,
  Producer,
  ProducerOptions,
  TransactionResult,
  TransactionWork,
} from './client/producer.ts'
export type { Transaction } from './client/transaction.ts'
export type { AccessAdmin } from './client/access-admin.ts'
export type { QuotaAdmin } from './client/quota-admin.ts'
export type { EntityQuotas, QuotaEntity, QuotaValues } from './coordinator/client-quotas.ts'
export type {
  HangingTransactionDescription,
  TransactionAdmin,
  TransactionDescription,
  TransactionFilter,
  TransactionState,
} from './client/transaction-admin.ts'
export type { GroupAssignor, MemberAssignment, OwnPartitions, PartitionCounts, SubscribedMember } from './base/group-assignor.ts'
export type {
  Assignment,
  AssignorName,
  ConsumedBatch,
  ConsumedRecord,
  Consumer,
  ConsumerOptions,
  GroupMembership,
  Isolation,
  OffsetReset,
  PollOptions,
  RebalanceListener,
} from './client/consumer.ts'
export type {
  Admin,
  BackUpResult,
  NewTopic,
  OffsetQuery,
  RecordDeletion,
  TopicConfigEntry,
  TopicDescription,
} from './client/admin.ts'
export type { ConsumerGroupOptions } from './broker/consumer-group-options.ts'
export type { MaintenanceOptions } from './broker/maintenance.ts'
export type {
  GroupAdmin,
  GroupDetails,
  GroupListing,
  GroupMemberDetails,
  GroupState,
  PartitionLag,
  ResetPlace,
} from './client/group-admin.ts'
