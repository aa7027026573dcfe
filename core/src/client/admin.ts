import type { TopicId, TopicPartition } from '../base/ids.ts'
import type { AccessAdmin } from './access-admin.ts'
import type { GroupAdmin } from './group-admin.ts'
import type { QuotaAdmin } from './quota-admin.ts'
import type { TransactionAdmin } from './transaction-admin.ts'

/** Topics, their settings, offsets, groups, transactions, access rules and quotas. */
export interface Admin extends AccessAdmin, GroupAdmin, QuotaAdmin, TransactionAdmin {
  /** All or none. @throws TOPIC_EXISTS, INVALID_TOPIC_NAME, INVALID_PARTITIONS, INVALID_TOPIC_CONFIG; FOLDER_UNKNOWN */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** All or none. @throws UNKNOWN_TOPIC; INVALID_TOPIC_NAME for the log's own topics, here and wherever topics are changed */
  deleteTopics(topics: readonly string[]): Promise<void>
  /** Names, sorted; internal topics left out unless asked for. */
  listTopics(options?: { readonly internal?: boolean }): Promise<readonly string[]>
  /** In the order of the names; null where there is no such topic. */
  describeTopics(topics: readonly string[]): Promise<readonly (TopicDescription | null)[]>
  /** Every setting of a topic with the value that holds, by name. @throws UNKNOWN_TOPIC */
  describeTopicConfig(topic: string): Promise<readonly TopicConfigEntry[]>
  /** Sets (a value) or resets (null) settings of a topic, all or none. @throws UNKNOWN_TOPIC, INVALID_TOPIC_CONFIG */
  alterTopicConfig(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void>
  /** Gives a topic this many partitions, more than it has. Keys go to other partitions then. @throws UNKNOWN_TOPIC, INVALID_PARTITIONS */
  addPartitions(topic: string, partitions: number): Promise<void>
  /**
   * Removes the records below an offset, durably, and answers with where each partition starts then. Disk space comes back with whole
   * segments. All or none of the targets. @throws OFFSET_OUT_OF_RANGE, POLICY_VIOLATION (a topic that is only compacted), UNKNOWN_TOPIC, UNKNOWN_PARTITION
   */
  deleteRecords(targets: readonly RecordDeletion[]): Promise<readonly number[]>
  /**
   * Copies the whole log, as it is now, to a directory that is not there or empty, where it can be opened as a log of its own: every
   * partition at the same place, with everything that was acknowledged before. Appends go on meanwhile. On the same file system complete
   * segments are not copied but get a second name there. Embedded only.
   * @throws BACK_UP_PLACE_TAKEN, DISK_FULL, BACK_UP_FAILED, PARTITION_FENCED, CLOSED
   */
  backUp(options: { readonly to: string }): Promise<BackUpResult>
  /** In the order of the queries. @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION; INVALID_OPTION for what is no place */
  listOffsets(queries: readonly OffsetQuery[]): Promise<readonly number[]>
}

export interface BackUpResult {
  /** Those that hold anything. */
  readonly partitions: number
  /** Of files that both directories share: they take no room while the log has them, too. */
  readonly linkedBytes: number
  readonly copiedBytes: number
}

export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  /** Kafka's names and values as strings, `{ 'retention.ms': '-1' }`. Default: none. */
  readonly config?: Readonly<Record<string, string>>
  /** Copies of each partition. A log of one process has one, and shows what was asked for. Default: as the server is set up. */
  readonly replicationFactor?: number
}

export interface RecordDeletion extends TopicPartition {
  /** The first offset that stays, at most the last stable offset; `stable` stands for that. */
  readonly before: number | 'stable'
}

/** One setting of a topic, with Kafka's name. */
export interface TopicConfigEntry {
  readonly name: string
  readonly value: string
  readonly isDefault: boolean
  /** What it does, and where it does nothing here. */
  readonly about: string
}

export interface TopicDescription {
  readonly topic: string
  readonly topicId: TopicId
  readonly partitions: number
  /** Only what was set. */
  readonly config: Readonly<Record<string, string>>
  readonly internal: boolean
}

export interface OffsetQuery extends TopicPartition {
  /**
   * `latest` is the high watermark, `stable` the last stable offset, a number the first offset at or after that time: the high
   * watermark when there is none (where Kafka's protocol says -1). Markers are no records here; Kafka may answer with one's offset.
   */
  readonly at: 'earliest' | 'latest' | 'stable' | number
}
