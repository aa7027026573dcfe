import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import { DiskError } from '../base/disk.ts'
import type { TopicId, TopicPartition } from '../base/ids.ts'
import { checkTopicName, type Metadata, type MetadataRecord, type TopicMetadata } from '../coordinator/metadata.ts'
import { settingsOf, type TopicConfig } from '../coordinator/topic-config.ts'
import type { TopicSettings } from '../coordinator/topic-settings.ts'
import type { AdoptedRow } from '../log/adopt-partition.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionSpec } from '../log/open-partition.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { refuseOccupied, removeFolders } from '../log/topic-folders.ts'
import type { InternalTopics } from './internal-topics.ts'
import { limitReached } from './log-limits.ts'
import { MetadataLog } from './metadata-log.ts'

/**
 * Topics: what there is, and the way to its partitions.
 *
 * Invariants
 *   K1  A topic exists when its metadata record is durable; its folders are made at the first write.
 *   K2  Deleting is: the record, then rename, then remove. A crash between leaves a record that says what is left to do; so does
 *       a disk that refuses, and it is tried again at the next deletion and the next open.
 *   K3  A folder that the metadata does not know is left alone, and no topic is made where one stands.
 *   K4  One change of topics at a time: a name is free again when the folders of its last owner are gone.
 */
export interface NewTopicSpec {
  readonly topic: string
  readonly partitions: number
  readonly config: TopicConfig
  /** See `TopicMetadata`. */
  readonly replicationFactor?: number | undefined
}

/** What a change makes of the settings of a topic: those that it sets, and null for those that it resets. */
export type ConfigDecision = (config: TopicConfig) => Readonly<Record<string, string | null>>

export class Topics {
  private readonly directory: LogDirectory
  readonly metadata: MetadataLog
  private readonly internal: ReadonlyMap<string, TopicMetadata>
  private readonly logs = new Map<TopicId, PartitionLog[]>()
  private readonly maxPartitions: number
  private widest = 1
  private changes: Promise<unknown> = Promise.resolve()
  /** Forgets what others keep under the names of topics that are gone. It can be asked again for names that it knows nothing of. */
  private forgetNames: (names: readonly string[]) => Promise<void> = () => Promise.resolve()

  private constructor(directory: LogDirectory, internal: InternalTopics, maxPartitions: number) {
    this.maxPartitions = maxPartitions
    this.directory = directory
    this.internal = new Map([internal.metadata, internal.offsets, internal.transactions].map((topic) => [topic.topic, topic]))
    this.metadata = new MetadataLog(directory, this.openPartition(internal.metadata, 0))
  }

  /**
   * Loads the metadata and opens every partition that the checkpoint or the journal knows.
   * @throws SEGMENT_DAMAGED or UNSUPPORTED_FORMAT when the metadata cannot be read; nothing has been changed then
   */
  static async open(directory: LogDirectory, internal: InternalTopics, maxPartitions: number): Promise<Topics> {
    const topics = new Topics(directory, internal, maxPartitions)
    await topics.metadata.open()
    await topics.openKnown()
    await topics.finishDeleting()
    return topics
  }

  private get view(): Metadata {
    return this.metadata.view
  }

  forgetNamesWith(forget: (names: readonly string[]) => Promise<void>): void {
    this.forgetNames = forget
  }

  /** What there is now, as the hot paths see it. */
  get names(): readonly string[] {
    return [...this.view.allTopics].map(({ topic }) => topic)
  }

  /** Whether there is such a topic, or one of the log's own. */
  has(name: string): boolean {
    return this.view.topic(name) !== undefined || this.internal.has(name)
  }

  /** Of a topic by its id; undefined where there is none, or none any more. */
  nameOf(topicId: TopicId): string | undefined {
    const own = (): string | undefined => [...this.internal.values()].find((topic) => topic.topicId === topicId)?.topic
    return this.view.nameOf(topicId) ?? own()
  }

  /**
   * The most replicas that any topic shows: there are so many brokers to be seen. Never less than it was: clients cut their connections
   * to brokers that go, and kafkajs has one for all that are at the same address.
   */
  get widestReplication(): number {
    for (const { replicationFactor = 1 } of this.view.allTopics) this.widest = Math.max(this.widest, replicationFactor)
    return this.widest
  }

  /** @throws INVALID_TOPIC_NAME for what can be no topic */
  checkName(name: string): void {
    checkTopicName(name)
  }

  /** Undefined for a topic that is not there. */
  partitionCount(name: string): number | undefined {
    return this.view.topic(name)?.partitions
  }

  private async openKnown(): Promise<void> {
    const byId = new Map([...this.view.allTopics, ...this.internal.values()].map((topic) => [topic.topicId, topic]))
    for (const { topicId, partition } of this.directory.known()) {
      const topic = byId.get(topicId)
      if (topic === undefined || partition >= topic.partitions) await this.directory.forget(topicId, partition)
      else this.openPartition(topic, partition)
    }
  }

  /** What there is, once it is durable. */
  async describe(names: readonly string[]): Promise<readonly (TopicMetadata | undefined)[]> {
    return this.metadata.answer((metadata) => names.map((name) => this.internal.get(name) ?? metadata.topic(name)))
  }

  /** By name. */
  async list(): Promise<readonly TopicMetadata[]> {
    const topics = await this.metadata.answer((metadata) => [...this.internal.values(), ...metadata.allTopics])
    return topics.sort((a, b) => (a.topic < b.topic ? -1 : 1))
  }

  /** @throws UNKNOWN_TOPIC */
  get(name: string): TopicMetadata {
    const topic = this.internal.get(name) ?? this.view.topic(name)
    if (topic === undefined) throw coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where: name })
    return topic
  }

  /** @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION */
  log(place: TopicPartition): PartitionLog {
    const topic = this.checkPlace(place)
    return this.logs.get(topic.topicId)?.[place.partition] ?? this.openPartition(topic, place.partition)
  }

  /** Its partitions that are open: from the start on, all that hold anything. @throws UNKNOWN_TOPIC */
  opened(name: string): readonly PartitionLog[] {
    return (this.logs.get(this.get(name).topicId) ?? []).filter((log) => log !== undefined)
  }

  /** The same for somebody who writes. @throws INVALID_TOPIC_NAME for the log's own topics */
  logToWrite(place: TopicPartition): PartitionLog {
    this.refuseInternal(place.topic)
    return this.log(place)
  }

  /** @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION */
  checkPlace({ topic, partition }: TopicPartition): TopicMetadata {
    const metadata = this.get(topic)
    if (Number.isInteger(partition) && partition >= 0 && partition < metadata.partitions) return metadata
    throw coreError('UNKNOWN_PARTITION', {
      what: 'the topic has no such partition',
      where: topic,
      expected: `0 to ${metadata.partitions - 1}`,
      received: String(partition),
    })
  }

  private openPartition(topic: TopicMetadata, partition: number): PartitionLog {
    const { topicId, config } = topic
    const log = this.directory.partition({ topic: topic.topic, partition, topicId, folder: folderOptions(config) })
    let logs = this.logs.get(topicId)
    if (logs === undefined) {
      logs = []
      this.logs.set(topicId, logs)
    }
    logs[partition] = log
    return log
  }

  /** Every partition that is open, with the settings of its topic. */
  *openLogs(): Generator<readonly [PartitionLog, TopicSettings]> {
    for (const topic of [...this.view.allTopics, ...this.internal.values()]) {
      for (const log of this.logs.get(topic.topicId) ?? []) if (log !== undefined) yield [log, settingsOf(topic.config)]
    }
  }

  /** What holds for a topic now, set or default. @throws UNKNOWN_TOPIC */
  settings(topic: string): TopicSettings {
    return settingsOf(this.get(topic).config)
  }

  /** The largest record batch that the topic takes: as it is configured, and as a frame of the journal can hold. */
  maxMessageBytes(topic: string): number {
    return Math.min(this.settings(topic).maxMessageBytes, this.directory.maxBatchBytes)
  }

  /** All or none. @throws TOPIC_EXISTS, INVALID_TOPIC_NAME, INVALID_TOPIC_CONFIG, LIMIT_REACHED, FOLDER_UNKNOWN, TRANSACTION_TOO_LARGE */
  create(specs: readonly NewTopicSpec[]): Promise<void> {
    return this.inTurn(async () => {
      // A crash may have come between the deletion of a namesake and of what was kept under its name.
      await this.forgetNames(specs.map(({ topic }) => topic).filter((name) => this.view.topic(name) === undefined))
      await this.metadata.change((metadata) => this.creation(metadata, specs))
    })
  }

  /** Refuses what `create` would refuse. */
  checkCreation(specs: readonly NewTopicSpec[]): void {
    this.creation(this.view, specs)
  }

  private creation(metadata: Metadata, specs: readonly NewTopicSpec[]): readonly MetadataRecord[] {
    const records = this.recordsOf(metadata, this.withIds(specs))
    const more = specs.reduce((sum, { partitions }) => sum + partitions, 0)
    this.checkRoom(metadata, more, specs[0]?.topic ?? '')
    return records
  }

  private checkRoom(metadata: Metadata, more: number, where: string): void {
    let partitions = more
    for (const topic of metadata.allTopics) partitions += topic.partitions
    if (partitions > this.maxPartitions) throw limitReached('partitions', this.maxPartitions, where)
  }

  private withIds(specs: readonly NewTopicSpec[]): TopicMetadata[] {
    return specs.map((spec) => ({ ...spec, topicId: this.newId(), internal: false }))
  }

  /**
   * Takes over topics whose partitions stand in their folders already, durably, with the rows that say how far. All or none: a row
   * whose topic is not known is forgotten by the next open. Producer ids up to `maxProducerId` are never given away from then on.
   * @throws TOPIC_EXISTS, INVALID_TOPIC_NAME, INVALID_TOPIC_CONFIG, FOLDER_UNKNOWN, TRANSACTION_TOO_LARGE
   */
  adopt(topics: readonly TopicMetadata[], rows: readonly AdoptedRow[], maxProducerId: number): Promise<void> {
    return this.inTurn(async () => {
      await this.forgetNames(topics.map(({ topic }) => topic))
      await this.directory.adopt(rows)
      await this.metadata.change((metadata) => {
        const known = metadata.nextProducerId
        const reserved = maxProducerId >= known ? [metadata.reserveProducerIds(maxProducerId + 1 - known)] : []
        return [...reserved, ...this.recordsOf(metadata, topics)]
      })
    })
  }

  /** Refuses what `adopt` would refuse, before anything is copied. */
  checkNew(topics: readonly TopicMetadata[]): void {
    this.recordsOf(this.view, topics)
  }

  private recordsOf(metadata: Metadata, topics: readonly TopicMetadata[]): readonly MetadataRecord[] {
    const draft = metadata.copy()
    const records = topics.map((topic) => {
      this.refuseInternal(topic.topic)
      const record = draft.createTopic(topic)
      draft.replay(record)
      return record
    })
    refuseOccupied(this.directory.world.disk, this.directory.folder, topics)
    return records
  }

  private newId(): TopicId {
    return Buffer.from(this.directory.world.random.bytes(16)).toString('hex')
  }

  /** @throws UNKNOWN_TOPIC, INVALID_TOPIC_CONFIG, INVALID_TOPIC_NAME */
  alterConfig(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    return this.changeConfig(topic, () => changes)
  }

  /** The same for a change that depends on what is set. What `decide` throws is thrown. */
  changeConfig(topic: string, decide: ConfigDecision): Promise<void> {
    return this.inTurn(async () => {
      this.refuseInternal(topic)
      await this.metadata.change((metadata) => [metadata.alterTopicConfig(topic, decide(this.get(topic).config))])
      const { topicId, config } = this.get(topic)
      for (const log of this.logs.get(topicId) ?? []) log?.folder.configure(folderOptions(config))
    })
  }

  /** Refuses what `changeConfig` would refuse. */
  checkConfigChange(topic: string, decide: ConfigDecision): void {
    this.refuseInternal(topic)
    this.view.alterTopicConfig(topic, decide(this.get(topic).config))
  }

  /** Adds partitions behind those that are there. Keys go to other partitions from then on. @throws UNKNOWN_TOPIC, INVALID_PARTITIONS, LIMIT_REACHED */
  addPartitions(topic: string, partitions: number): Promise<void> {
    return this.inTurn(async () => {
      this.refuseInternal(topic)
      await this.metadata.change((metadata) => [this.wider(metadata, topic, partitions)])
    })
  }

  /** Refuses what `addPartitions` would refuse. */
  checkAddition(topic: string, partitions: number): void {
    this.refuseInternal(topic)
    this.wider(this.view, topic, partitions)
  }

  private wider(metadata: Metadata, topic: string, partitions: number): MetadataRecord {
    const record = metadata.addPartitions(topic, partitions)
    this.checkRoom(metadata, partitions - this.get(topic).partitions, topic)
    refuseOccupied(this.directory.world.disk, this.directory.folder, [{ ...this.get(topic), partitions }])
    return record
  }

  /**
   * Removes everything below these offsets, durably. Answers with the new starts. Segments go
   * when all of them is below. @throws OFFSET_OUT_OF_RANGE, POLICY_VIOLATION, UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_TOPIC_NAME
   */
  async deleteRecords(targets: readonly DeletionTarget[]): Promise<readonly number[]> {
    const starts = targets.map((target) => {
      const log = this.logToWrite(target)
      this.checkDeletable(target.topic)
      return { log, offset: target.before === 'stable' ? log.lastStableOffset : checkedStart(log, target.before) }
    })
    await this.directory.removal.advanceStarts(starts.filter(({ log, offset }) => offset > log.startOffset))
    return starts.map(({ log }) => log.startOffset)
  }

  /** As Kafka: what is only compacted promises its newest value of each key. */
  private checkDeletable(topic: string): void {
    if (settingsOf(this.get(topic).config).deletes) return
    throw coreError('POLICY_VIOLATION', { what: 'records of a topic that is only compacted are not deleted', where: topic })
  }

  /** All or none. @throws UNKNOWN_TOPIC, INVALID_TOPIC_NAME */
  delete(names: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      await this.metadata.change((metadata) => {
        names.forEach((name) => this.refuseInternal(name))
        return names.flatMap((name) => metadata.deleteTopic(name))
      })
      await this.forgetNames(names).catch(ignore) // whoever takes the name again tries it again
      await this.finishDeleting()
    })
  }

  private refuseInternal(name: string): void {
    if (!this.internal.has(name)) return
    throw coreError('INVALID_TOPIC_NAME', { what: 'the name belongs to the log itself', where: name })
  }

  private async finishDeleting(): Promise<void> {
    for (const deleted of this.view.deletedTopics) {
      const { topicId, partitions } = deleted
      for (let partition = 0; partition < partitions; partition++) await this.directory.forget(topicId, partition)
      this.logs.delete(topicId)
      try {
        await this.directory.sync() // under durability 'os' a power cut would bring the topic back, and its files would be gone
        removeFolders(this.directory.world.disk, this.directory.folder, deleted)
        await this.metadata.change((metadata) => [metadata.foldersRemoved(topicId)])
      } catch (error) {
        // The topic is gone all the same, and the metadata say what is left to do.
        if (!(error instanceof DiskError || error instanceof MillraceError)) throw error
      }
    }
  }

  /** Reserves producer ids, durably, and returns the first of them. */
  async reserveProducerIds(count: number): Promise<number> {
    let first = 0
    await this.metadata.change((metadata) => {
      first = metadata.nextProducerId
      return [metadata.reserveProducerIds(count)]
    })
    return first
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.changes.then(work)
    this.changes = result.catch(ignore)
    return result
  }
}

export interface DeletionTarget extends TopicPartition {
  /** The first offset that stays. No number stands for the last stable one: a -1 that was computed would delete all there is. */
  readonly before: number | 'stable'
}

function checkedStart(log: PartitionLog, offset: number): number {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset <= log.lastStableOffset) return offset
  throw coreError('OFFSET_OUT_OF_RANGE', {
    what: 'records can be deleted up to the last stable offset only',
    where: log.name,
    expected: `0 to ${log.lastStableOffset}, or stable`,
    received: offset,
  })
}

function folderOptions(config: TopicConfig): PartitionSpec['folder'] {
  const { segmentBytes, segmentMs, segmentJitterMs, segmentIndexBytes, indexIntervalBytes } = settingsOf(config)
  return { segmentBytes, segmentMs, segmentJitterMs, segmentIndexBytes, indexIntervalBytes }
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
