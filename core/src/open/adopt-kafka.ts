import { coreError } from '../base/error-catalogue.ts'
import { DiskError, type Disk } from '../base/disk.ts'
import { partitionName } from '../base/ids.ts'
import { coreMetrics } from '../base/metric-catalogue.ts'
import { isObject, isOneOf, isText, readOptions, type OptionRules } from '../base/options.ts'
import type { World } from '../base/world.ts'
import { Broker } from '../broker/broker.ts'
import { defaultCoordinatorPartitions } from '../broker/internal-topics.ts'
import type { GroupPosition } from '../coordinator/group-offsets.ts'
import type { TopicMetadata } from '../coordinator/metadata.ts'
import { settingsOf, type TopicConfig } from '../coordinator/topic-config.ts'
import { adoptPartition, type AdoptedRow } from '../log/adopt-partition.ts'
import { openDirectory } from '../log/directory-door.ts'
import { readKafkaPartition, type KafkaPartition } from '../log/kafka-partition.ts'
import { defaultGeometry, type LogGeometry } from '../log/log-options.ts'
import { MetricRegistry } from '../metrics/metric-registry.ts'
import { nodeWorld } from '../platform/node-world.ts'
import { processName } from '../platform/process-name.ts'
import { readCheckpoint, writeCheckpoint } from '../storage/checkpoint.ts'
import { parseOffsetCheckpoint } from '../storage/offset-checkpoint.ts'
import { committedIn } from './kafka-groups.ts'

export interface AdoptKafkaOptions {
  /** The data directory that takes the topics; made when it is missing. Nobody may have it open. */
  readonly dir: string
  /** A log directory of a Kafka that was stopped (`log.dirs`). It is only read. */
  readonly from: string
  /** Default: all but Kafka's own. */
  readonly topics?: readonly string[]
  /** Settings by topic, since Kafka keeps them elsewhere. Default: none, so that the defaults hold. */
  readonly configs?: Readonly<Record<string, TopicConfig>>
  /** Whether the offsets that groups have committed are taken over for these topics. Default false. */
  readonly groups?: boolean
  /** What becomes of a Kafka that was not stopped cleanly: it is refused, or torn ends of its segments are left out. Default `refuse`. */
  readonly torn?: 'refuse' | 'cut'
  /** The clock, randomness and disk. Default: Node's. */
  readonly world?: World
}

export interface AdoptionReport {
  readonly topics: readonly AdoptedTopic[]
  /** Groups whose offsets were taken over. */
  readonly groups: readonly string[]
  readonly skipped: readonly SkippedTopic[]
}

export interface AdoptedTopic {
  readonly topic: string
  readonly partitions: number
  /** Data, aborted ones too. */
  readonly records: number
  readonly bytes: number
  /** Torn ends that were left out. */
  readonly cutBytes: number
}

export interface SkippedTopic {
  readonly topic: string
  readonly why: string
}

const rules: OptionRules<Required<AdoptKafkaOptions>> = {
  dir: { check: isText, expected: 'the path of a directory' },
  from: { check: isText, expected: 'the path of a log directory of a Kafka' },
  topics: { check: (value): value is readonly string[] => Array.isArray(value), expected: 'names of topics', default: [] },
  configs: {
    check: (value): value is Readonly<Record<string, TopicConfig>> => isObject(value),
    expected: 'settings by topic',
    default: {},
  },
  groups: { check: (value) => typeof value === 'boolean', expected: 'true or false', default: false },
  torn: { check: isOneOf('refuse', 'cut'), expected: 'refuse or cut', default: 'refuse' },
  world: { check: (value): value is World => isObject(value), expected: 'clock, random and disk', default: nodeWorld() },
}

/**
 * Takes over the topics of a stopped Kafka: batches at their offsets as they are, topic ids, epochs, producers, aborted transactions.
 * All topics or none: a crash leaves the log as it was. The Kafka's files are read and checked first, then copied.
 * @throws NO_KAFKA_DIRECTORY, KAFKA_NOT_STOPPED, UNKNOWN_TOPIC, UNKNOWN_PARTITION (one that is not there), TOPIC_EXISTS,
 * SEGMENT_DAMAGED, UNSUPPORTED_FORMAT, CHECKPOINT_DAMAGED, INVALID_TOPIC_CONFIG, FOLDER_UNKNOWN, READ_FAILED, DISK_FULL, and what
 * `embeddedLog` throws
 */
export async function adoptKafka(options: AdoptKafkaOptions): Promise<AdoptionReport> {
  const read = readOptions<Required<AdoptKafkaOptions>>('adoptKafka', options, rules)
  return adoptWith(read, defaultGeometry, defaultCoordinatorPartitions)
}

/** The same with the sizes of a simulation. */
export async function adoptWith(
  options: Required<AdoptKafkaOptions>,
  geometry: LogGeometry,
  coordinatorPartitions: number,
): Promise<AdoptionReport> {
  const { dir, from, world } = options
  const holder = `Millrace, ${processName()}`
  if (world.disk.stat(`${from}/meta.properties`)?.kind !== 'file')
    throw coreError('NO_KAFKA_DIRECTORY', { what: 'there is no log directory of a Kafka', where: from })
  const lock = openDirectory(world, from, holder)
  try {
    const source = new KafkaDirectory(options)
    await source.read()
    const open = (): Promise<Broker> => {
      const metrics = new MetricRegistry(coreMetrics, world.clock)
      return Broker.open({ world, metrics, folder: dir, durability: 'sync', geometry, coordinatorPartitions, holder })
    }
    const broker = await openAbove(open, options, source.maxEpoch)
    try {
      return await adoptInto(broker, options, source)
    } finally {
      await broker.close()
    }
  } catch (cause) {
    throw adoptionError(cause)
  } finally {
    lock.release()
  }
}

/** Epochs never fall along a partition: what the log writes has to stand above those of the Kafka. */
async function openAbove(
  open: () => Promise<Broker>,
  { dir, world }: Required<AdoptKafkaOptions>,
  epoch: number,
): Promise<Broker> {
  const broker = await open()
  if (broker.directory.epoch > epoch) return broker
  await broker.close()
  const lock = openDirectory(world, dir, `Millrace, ${processName()}`)
  try {
    await writeCheckpoint(world.disk, dir, { ...readCheckpoint(world.disk, dir)!, epoch: epoch + 1 })
  } finally {
    lock.release()
  }
  return open()
}

async function adoptInto(broker: Broker, options: Required<AdoptKafkaOptions>, source: KafkaDirectory): Promise<AdoptionReport> {
  const { world, dir, configs } = options
  const topics = [...source.topics.entries()].map(([topic, partitions]): TopicMetadata => {
    const config = { ...configs[topic] }
    return { topic, topicId: partitions[0]!.topicId, partitions: partitions.length, config, internal: false }
  })
  broker.topics.checkNew(topics)
  const rows: AdoptedRow[] = []
  for (const partition of source.partitions) {
    const row = await adoptPartition(world.disk, dir, partition, () => false)
    if (row !== null) rows.push(row)
  }
  if (rows.length > 0) world.disk.syncFolder(dir)
  if (topics.length > 0) await broker.topics.adopt(topics, rows, source.maxProducerId)
  const groups = await adoptGroups(broker, source)
  return { topics: [...source.topics].map(reportOf), groups, skipped: source.skipped }
}

async function adoptGroups(broker: Broker, source: KafkaDirectory): Promise<readonly string[]> {
  for (const [group, positions] of source.groups) await broker.groups.alter(group, positions)
  return [...source.groups.keys()].sort()
}

function reportOf([topic, partitions]: readonly [string, readonly KafkaPartition[]]): AdoptedTopic {
  const sum = (of: (partition: KafkaPartition) => number): number => partitions.reduce((total, one) => total + of(one), 0)
  return {
    topic,
    partitions: partitions.length,
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    cutBytes: sum(({ cutBytes }) => cutBytes),
  }
}

/** What stands in a Kafka's log directory. */
class KafkaDirectory {
  readonly topics = new Map<string, readonly KafkaPartition[]>()
  readonly skipped: SkippedTopic[] = []
  /** What they have committed for the topics that are wanted. */
  readonly groups = new Map<string, readonly GroupPosition[]>()
  private readonly options: Required<AdoptKafkaOptions>
  private readonly disk: Disk
  /** Partition numbers by topic. */
  private readonly found = new Map<string, number[]>()

  constructor(options: Required<AdoptKafkaOptions>) {
    this.options = options
    this.disk = options.world.disk
  }

  get partitions(): readonly KafkaPartition[] {
    return [...this.topics.values()].flat()
  }

  get maxEpoch(): number {
    return Math.max(-1, ...this.partitions.flatMap(({ epochs }) => epochs.map(([epoch]) => epoch)))
  }

  get maxProducerId(): number {
    return Math.max(-1, ...this.partitions.map(({ maxProducerId }) => maxProducerId))
  }

  private async readGroups(): Promise<void> {
    const topic = '__consumer_offsets'
    for (const partition of this.found.get(topic) ?? []) {
      for (const [group, positions] of await committedIn(
        this.disk,
        `${this.options.from}/${partitionName({ topic, partition })}`,
      )) {
        const known = positions.filter((position) => this.topics.has(position.topic))
        if (known.length > 0) this.groups.set(group, known)
      }
    }
  }

  /** @throws KAFKA_NOT_STOPPED, UNKNOWN_TOPIC, UNKNOWN_PARTITION, SEGMENT_DAMAGED, UNSUPPORTED_FORMAT, CHECKPOINT_DAMAGED */
  async read(): Promise<void> {
    const { from, torn, topics } = this.options
    if (torn === 'refuse' && this.disk.stat(`${from}/.kafka_cleanshutdown`) === null) {
      const what = 'the Kafka was not stopped cleanly, or is still running'
      throw coreError('KAFKA_NOT_STOPPED', { what, where: from, expected: 'the file .kafka_cleanshutdown' })
    }
    this.list()
    for (const topic of topics)
      if (!this.found.has(topic))
        throw coreError('UNKNOWN_TOPIC', { what: 'the Kafka has no partition of it here', where: topic })
    const [starts, cleaned] = ['log-start-offset-checkpoint', 'cleaner-offset-checkpoint'].map((name) => this.offsetsIn(name))
    for (const [topic, numbers] of this.found)
      if (this.isWanted(topic, numbers)) await this.readTopic(topic, numbers, starts!, cleaned!)
    if (this.options.groups) await this.readGroups()
  }

  private list(): void {
    const { from } = this.options
    for (const name of this.disk.list(from)) {
      const [, topic, digits] = /^(.+)-(\d+)$/.exec(name) ?? []
      if (topic === undefined || this.disk.stat(`${from}/${name}`)?.kind !== 'folder') continue
      const numbers = this.found.get(topic)
      if (numbers === undefined) this.found.set(topic, [Number(digits)])
      else numbers.push(Number(digits))
    }
    for (const numbers of this.found.values()) numbers.sort((a, b) => a - b)
  }

  private isWanted(topic: string, numbers: readonly number[]): boolean {
    const { topics, groups } = this.options
    if (topic.startsWith('__')) {
      if (topics.includes(topic)) throw coreError('INVALID_TOPIC_NAME', { what: "the topic is Kafka's own", where: topic })
      const why = topic === '__consumer_offsets' && groups ? 'its offsets are committed anew' : "it is Kafka's own"
      this.skipped.push({ topic, why })
      return false
    }
    if (topics.length > 0 && !topics.includes(topic)) {
      this.skipped.push({ topic, why: 'it was not asked for' })
      return false
    }
    const missing = numbers.findIndex((number, index) => number !== index)
    if (missing < 0) return true
    const what = 'a partition of the topic is not there, perhaps in another log directory'
    if (topics.includes(topic))
      throw coreError('UNKNOWN_PARTITION', { what, where: partitionName({ topic, partition: missing }) })
    this.skipped.push({ topic, why: `partition ${missing} is not there` })
    return false
  }

  private offsetsIn(name: string): ReadonlyMap<string, number> {
    const path = `${this.options.from}/${name}`
    if (this.disk.stat(path) === null) return new Map()
    return new Map(parseOffsetCheckpoint(this.disk.readFile(path), path).map((row) => [partitionName(row), row.offset]))
  }

  private async readTopic(
    topic: string,
    numbers: readonly number[],
    starts: ReadonlyMap<string, number>,
    cleaned: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { from, configs, torn } = this.options
    const compacts = settingsOf({ ...configs[topic] }).compacts
    const partitions: KafkaPartition[] = []
    for (const partition of numbers) {
      const name = partitionName({ topic, partition })
      const known = { logStart: starts.get(name) ?? 0, cleanedTo: compacts ? Infinity : (cleaned.get(name) ?? 0), torn }
      partitions.push(await readKafkaPartition(this.disk, `${from}/${name}`, { topic, partition }, known))
    }
    const other = partitions.find(({ topicId }) => topicId !== partitions[0]!.topicId)
    if (other !== undefined)
      throw coreError('UNSUPPORTED_FORMAT', {
        what: 'partitions of one topic have different topic ids',
        where: partitionName(other),
      })
    this.topics.set(topic, partitions)
  }
}

function adoptionError(cause: unknown): unknown {
  if (!(cause instanceof DiskError)) return cause
  const code = cause.code === 'ENOSPC' ? 'DISK_FULL' : 'READ_FAILED'
  return coreError(code, { what: 'a partition could not be taken over', where: cause.path, cause })
}
