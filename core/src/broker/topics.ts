import { coreError } from '../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import { Metadata, type DeletedTopic, type MetadataRecord, type TopicMetadata } from '../coordinator/metadata.ts'
import { topicSetting, type TopicConfig } from '../coordinator/topic-config.ts'
import type { LogDirectory, PartitionSpec } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { metadataTopic } from './internal-topics.ts'
import { batchOf } from './log-batches.ts'
import { removeFolders } from './remove-folders.ts'
import { ReplayedPartition } from './replayed-partition.ts'

/**
 * Topics: what there is, and the way to its partitions.
 *
 * Invariants
 *   K1  A topic exists when its metadata record is durable; its folders are made at the first write.
 *   K2  Deleting is: the record, then rename, then remove. A crash between leaves a record that says what is left to do.
 *   K3  A folder that the metadata does not know is left alone.
 */
export interface NewTopicSpec {
  readonly topic: string
  readonly partitions: number
  readonly config: TopicConfig
}

export class Topics {
  private readonly directory: LogDirectory
  private readonly metadata: ReplayedPartition<Metadata>
  private readonly internal: ReadonlyMap<string, TopicMetadata>
  private readonly logs = new Map<string, PartitionLog[]>()
  /** Always loaded after `open`; read synchronously by the hot paths. */
  private view: Metadata = new Metadata()

  private constructor(directory: LogDirectory, internal: readonly TopicMetadata[]) {
    this.directory = directory
    this.internal = new Map(internal.map((topic) => [topic.topic, topic]))
    this.metadata = new ReplayedPartition(this.openPartition(metadataTopic, 0), () => new Metadata(), applyMetadata)
  }

  /** Loads the metadata and opens every partition that the checkpoint or the journal knows. */
  static async open(directory: LogDirectory, internal: readonly TopicMetadata[]): Promise<Topics> {
    const topics = new Topics(directory, [metadataTopic, ...internal])
    directory.onRollBack(() => topics.metadata.forget())
    topics.view = await topics.metadata.machine()
    await topics.openKnown()
    for (const deleted of topics.view.deletedTopics) await topics.finishDeleting(deleted)
    return topics
  }

  private async openKnown(): Promise<void> {
    const byId = new Map([...this.view.allTopics, ...this.internal.values()].map((topic) => [topic.topicId, topic]))
    for (const { topicId, partition } of this.directory.known()) {
      const topic = byId.get(topicId)
      if (topic === undefined || partition >= topic.partitions) await this.directory.forget(topicId, partition)
      else this.openPartition(topic, partition)
    }
  }

  describe(name: string): TopicMetadata | undefined {
    return this.internal.get(name) ?? this.view.topic(name)
  }

  list(): readonly TopicMetadata[] {
    return [...this.internal.values(), ...this.view.allTopics].sort((a, b) => (a.topic < b.topic ? -1 : 1))
  }

  /** @throws UNKNOWN_TOPIC */
  get(name: string): TopicMetadata {
    const topic = this.describe(name)
    if (topic === undefined) throw coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where: name })
    return topic
  }

  /** @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION */
  log({ topic, partition }: TopicPartition): PartitionLog {
    const open = this.logs.get(topic)?.[partition]
    if (open !== undefined) return open
    const metadata = this.get(topic)
    if (!Number.isInteger(partition) || partition < 0 || partition >= metadata.partitions) {
      throw coreError('UNKNOWN_PARTITION', {
        what: 'the topic has no such partition',
        where: topic,
        expected: `0 to ${metadata.partitions - 1}`,
        received: partition,
      })
    }
    return this.openPartition(metadata, partition)
  }

  private openPartition(topic: TopicMetadata, partition: number): PartitionLog {
    const log = this.directory.partition({
      topic: topic.topic,
      partition,
      topicId: topic.topicId,
      folder: folderOptions(topic.config),
    })
    let logs = this.logs.get(topic.topic)
    if (logs === undefined) {
      logs = []
      this.logs.set(topic.topic, logs)
    }
    logs[partition] = log
    return log
  }

  maxMessageBytes(topic: string): number {
    return Number(topicSetting(this.get(topic).config, 'max.message.bytes'))
  }

  /** All or none. @throws TOPIC_EXISTS, INVALID_TOPIC_NAME, INVALID_TOPIC_CONFIG */
  async create(specs: readonly NewTopicSpec[]): Promise<void> {
    await this.change((metadata) => {
      const draft = copyOf(metadata)
      return specs.map((spec) => {
        this.refuseInternal(spec.topic)
        const topicId = Buffer.from(this.directory.world.random.bytes(16)).toString('hex')
        const record = draft.createTopic({ ...spec, topicId, internal: false })
        draft.replay(record)
        return record
      })
    })
  }

  async alterConfig(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    await this.change((metadata) => [metadata.alterTopicConfig(topic, changes)])
    const { partitions, config } = this.get(topic)
    for (let partition = 0; partition < partitions; partition++)
      this.log({ topic, partition }).folder.configure(folderOptions(config))
  }

  async delete(names: readonly string[]): Promise<void> {
    await this.change((metadata) => {
      names.forEach((name) => this.refuseInternal(name))
      return names.flatMap((name) => metadata.deleteTopic(name))
    })
    for (const deleted of this.view.deletedTopics) await this.finishDeleting(deleted)
  }

  private refuseInternal(name: string): void {
    if (this.internal.has(name))
      throw coreError('INVALID_TOPIC_NAME', { what: 'the name belongs to the log itself', where: name })
  }

  private async finishDeleting({ topic, topicId, partitions }: DeletedTopic): Promise<void> {
    if (this.view.topic(topic) === undefined) this.logs.delete(topic)
    for (let partition = 0; partition < partitions; partition++) await this.directory.forget(topicId, partition)
    const names = Array.from({ length: partitions }, (_, partition) => partitionName({ topic, partition }))
    removeFolders(this.directory.world.disk, this.directory.folder, names, topicId)
    await this.change((metadata) => [metadata.foldersRemoved(topicId)])
  }

  /** Reserves producer ids, durably, and returns the first of them. */
  async reserveProducerIds(count: number): Promise<number> {
    let first = 0
    await this.change((metadata) => {
      first = metadata.nextProducerId
      return [metadata.reserveProducerIds(count)]
    })
    return first
  }

  /** Decides by the metadata, queues the records and applies them in the same turn; resolves when they are durable. */
  private async change(decide: (metadata: Metadata) => readonly MetadataRecord[]): Promise<void> {
    const metadata = await this.metadata.machine()
    this.view = metadata
    const records = decide(metadata)
    if (records.length === 0) return
    const batch = batchOf(records, this.directory.world.clock.now())
    const { durable } = this.directory.append([{ log: this.metadata.log, batch }])
    this.metadata.replay([batch])
    try {
      await durable
    } catch (error) {
      this.view = await this.metadata.machine()
      throw error
    }
  }
}

function folderOptions(config: TopicConfig): PartitionSpec['folder'] {
  return {
    segmentBytes: Number(topicSetting(config, 'segment.bytes')),
    indexIntervalBytes: Number(topicSetting(config, 'index.interval.bytes')),
  }
}

/** A draft to validate several changes against each other before any is queued. */
function copyOf(metadata: Metadata): Metadata {
  const draft = new Metadata()
  for (const topic of metadata.allTopics) draft.replay(draft.createTopic(topic))
  return draft
}

function applyMetadata(metadata: Metadata, batch: Uint8Array): void {
  forEachRecord(batch, ({ key, value }) => {
    if (key !== null) metadata.replay({ key: utf8(key), value: value === null ? null : utf8(value) })
  })
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
