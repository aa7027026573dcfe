/** The front door of @millrace/streams. */

export { days, hours, millis, minutes, seconds } from './time/duration.ts'
export type { Duration } from './time/duration.ts'
export { calendar, hopping, session, sliding, tumbling, unlimited } from './time/windows.ts'
export type {
  AlignedWindows,
  CalendarWindows,
  Grace,
  HoppingWindows,
  SessionWindows,
  SlidingWindows,
  TimeWindows,
  TumblingWindows,
  UnlimitedWindows,
  Windows,
} from './time/windows.ts'
export type { CalendarUnit, WeekDay } from './time/calendar.ts'
export { suppress } from './time/suppression.ts'
export type { BufferBounds, Suppression } from './time/suppression.ts'
export { windowed } from './time/windowed.ts'
export type { Windowed, WindowedSerde } from './time/windowed.ts'
export { streamErrorRows } from './time/stream-errors.ts'
export type { StreamErrorCode } from './time/stream-errors.ts'

export { StreamsBuilder } from './dsl/streams-builder.ts'
export type { AsyncMapping, AsyncMappings, CallsOutside, Retry } from './dsl/async-mappings.ts'
export type { GlobalJoin, KStream, LeftGlobalJoin, RekeyedStream, Stateless } from './dsl/k-stream.ts'
export type { Kinds, Printing, RecordOperators } from './dsl/record-operators.ts'
export { keyValueStore, sessionStore, versionedStore, windowStore } from './dsl/processors.ts'
export type { Processing, ValueProcessing } from './dsl/processors.ts'
export type {
  EachRow,
  FixedKeyContext,
  FixedKeyRecord,
  Forwarded,
  Processor,
  ProcessorContext,
  PunctuationType,
  Scheduled,
  StreamRecord,
  TaskAccess,
} from './graph/processor.ts'
export type {
  AnyStore,
  IndexOf,
  IndexRange,
  InMemory,
  KeyRange,
  KeyValueStore,
  KeyValueStoreDeclaration,
  NoIndexes,
  RangeOf,
  RowOf,
  StartRange,
  StoredIndex,
  StoredRow,
  StoredVersion,
  StoredWindow,
  StoreOf,
  TimedValue,
  WindowStore,
  WindowStoreDeclaration,
} from './graph/stores.ts'
export type {
  SessionStore,
  SessionStoreDeclaration,
  StoredSession,
  Version,
  VersionAt,
  VersionedStore,
  VersionedStoreDeclaration,
} from './graph/timed-stores.ts'
export type { ChosenSink, Sink } from './dsl/sink.ts'
export type { Partitions, SinkTopic } from './graph/route-node.ts'
export type { Source } from './dsl/source.ts'
export { otherwise } from './dsl/split.ts'
export type { Branches, BranchValue } from './dsl/split.ts'
export type { InnerStreamJoin, JoinWithin, LeftStreamJoin, OuterStreamJoin, StreamJoin, StreamJoins } from './dsl/stream-joins.ts'
export type {
  ComparedBy,
  Counted,
  Deduplicate,
  DeduplicateBy,
  DurableOperators,
  DurableState,
  DurableValues,
  Scan,
  Timed,
  TimedValuesOf,
  Timeout,
} from './dsl/durable-operators.ts'
export type { WindowedPipelines, WindowedRecords } from './dsl/windowed-pipeline.ts'
export type { VirtualPipeline, VirtualWindow } from './rx/virtual-run.ts'
export type { Ranking, TopN } from './dsl/top-n.ts'
export type { GroupedStream } from './dsl/grouped-stream.ts'
export type { SessionStream, WindowedStream } from './dsl/windowed-stream.ts'
export type {
  CogroupAdder,
  CogroupAggregation,
  CogroupedStream,
  SessionCogroupedStream,
  WindowedCogroupedStream,
} from './dsl/cogrouped-stream.ts'
export type { Suppressing } from './dsl/suppress.ts'
export type { WindowTable } from './dsl/window-table.ts'
export type { Emitting } from './dsl/emit-every.ts'
export type { KTable, VersionedTable } from './dsl/k-table.ts'
export type { GroupedTable } from './dsl/grouped-table.ts'
export type {
  ForeignJoin,
  Grouping,
  Kept,
  TableAggregation,
  TableReduction,
  ToTable,
  Versioned,
  WithGrace,
} from './dsl/table-options.ts'
export type { GlobalTable } from './dsl/global-table.ts'
export type {
  Aggregation,
  Counting,
  Of,
  Reduction,
  SessionAggregation,
  SessionReduction,
  Through,
  TopicSerdes,
} from './dsl/options.ts'
export type { AsyncCall, Meta } from './graph/callbacks.ts'
export { Topology } from './graph/topology.ts'
export type {
  DescribedNode,
  DescribedPart,
  DescribedProcessor,
  DescribedSink,
  DescribedSource,
  TopologyDescription,
} from './graph/describe.ts'

export { planOf } from './plan/plan-of.ts'
export { manifestOf } from './plan/manifest.ts'
export type { Manifest } from './plan/manifest.ts'
export type { Plan } from './plan/plan.ts'
export { StreamsApp } from './app/streams-app.ts'
export type { CloseOptions } from './app/close-options.ts'
export type { StreamsOptions } from './app/streams-options.ts'
export type { Position } from './app/position.ts'
export type { InstanceMetadata, KeyMetadata } from './app/key-metadata.ts'
export type { QueryOptions } from './app/queried-stores.ts'
export type { SessionQueries, SessionRange, SessionRow } from './app/session-queries.ts'
export type { VersionedQueries, VersionRow } from './app/versioned-queries.ts'
export type { KeyValueQueries, StoreQueries, StoreRow, TimeRange, WindowQueries, WindowRow } from './app/store-queries.ts'
export type { Stamped } from './task/stores.ts'
export type { Dropped, DropListener } from './runtime/dropped.ts'
export type { ErrorHandling } from './runtime/error-policies.ts'
export type { ErrorOptions, RetryOptions } from './app/error-options.ts'
export type { RestoreEvent, RestoreListener } from './runtime/restore.ts'
export type { AppState, StateListener } from './app/app-state.ts'
export { streamMetricGroups } from './metrics/stream-metric-rows.ts'
export type { StreamMetricGroup, StreamMetricRow } from './metrics/stream-metric-rows.ts'
export type { StreamMetric, StreamsMetrics } from './metrics/metric-registry.ts'
