import { isIntegerFrom, isOneOf, isObject, isText, readOptions, type OptionRules } from '../base/options.ts'
import { coreMetrics } from '../base/metric-catalogue.ts'
import type { World } from '../base/world.ts'
import type { AutoCreatedTopics } from '../broker/auto-creation.ts'
import { Broker } from '../broker/broker.ts'
import type { ConsumerGroupOptions } from '../broker/consumer-group-options.ts'
import { defaultCoordinatorPartitions } from '../broker/internal-topics.ts'
import { defaultLogLimits, type LogLimits } from '../broker/log-limits.ts'
import type { MaintenanceOptions } from '../broker/maintenance.ts'
import { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { maxPartitions } from '../coordinator/metadata.ts'
import { checkTopicConfig } from '../coordinator/topic-config.ts'
import { defaultGeometry, type Durability } from '../log/log-options.ts'
import { MetricRegistry } from '../metrics/metric-registry.ts'
import { nodeWorld } from '../platform/node-world.ts'
import { processName } from '../platform/process-name.ts'

export interface EmbeddedLogOptions {
  /** The data directory; made when it is missing. One process has it at a time. */
  readonly dir: string
  /**
   * When an append counts as acknowledged. `sync` (default): after `fdatasync`. `os`: after the write, as Kafka does; a
   * power cut then loses a suffix of the whole log, never a part of a transaction.
   */
  readonly durability?: Durability
  /** When old data is looked for. Default: as Kafka does. */
  readonly maintenance?: MaintenanceOptions
  /**
   * Makes a topic, with so many partitions and these settings, when a producer appends to one that is not there, or a consumer
   * subscribes to it by name. `batch`, `assign` and patterns make none. Default false: a name that is misspelt is an error, not a
   * topic. (Kafka's auto.create.topics.enable is true by default.)
   */
  readonly autoCreateTopics?: AutoCreateTopics | false
  /** What holds for groups of the new consumer protocol (KIP-848). Default: as Kafka does. */
  readonly consumerGroups?: ConsumerGroupOptions
  /** How much there may be of what stays in memory: what is more is refused with LIMIT_REACHED. */
  readonly limits?: Partial<LogLimits>
  /** The clock, randomness and disk. Default: Node's. */
  readonly world?: World
}

export interface AutoCreateTopics {
  readonly partitions: number
  /** As in `NewTopic`. Default: none. */
  readonly config?: Readonly<Record<string, string>>
}

const rules: OptionRules<Required<EmbeddedLogOptions>> = {
  dir: { check: isText, expected: 'the path of a directory' },
  durability: { check: isOneOf('sync', 'os'), expected: 'sync or os', default: 'sync' },
  maintenance: {
    check: (value): value is MaintenanceOptions => isObject(value),
    expected: 'an object of intervals',
    default: {},
  },
  autoCreateTopics: {
    check: (value): value is AutoCreateTopics | false => value === false || isObject(value),
    expected: 'false, or partitions and config',
    default: false,
  },
  consumerGroups: {
    check: (value): value is ConsumerGroupOptions => isObject(value),
    expected: 'sessionTimeoutMs, heartbeatIntervalMs and maxSize',
    default: {},
  },
  limits: { check: (value): value is Partial<LogLimits> => isObject(value), expected: 'an object of limits', default: {} },
  world: { check: (value): value is World => isObject(value), expected: 'clock, random and disk', default: nodeWorld() },
}

const limitRules: OptionRules<LogLimits> = {
  maxPartitions: { check: isIntegerFrom(1), expected: 'a number of partitions', default: defaultLogLimits.maxPartitions },
  maxGroups: { check: isIntegerFrom(1), expected: 'a number of groups', default: defaultLogLimits.maxGroups },
  maxTransactionalIds: { check: isIntegerFrom(1), expected: 'a number of ids', default: defaultLogLimits.maxTransactionalIds },
}

const autoCreateRules: OptionRules<AutoCreatedTopics> = {
  partitions: {
    check: (value): value is number => isIntegerFrom(1)(value) && value <= maxPartitions,
    expected: `a number from 1 to ${maxPartitions}`,
  },
  config: {
    check: (value): value is AutoCreatedTopics['config'] => isObject(value),
    expected: 'settings by their names',
    default: {},
  },
}

/**
 * Opens a log in this process: durable, partitioned, transactional. What it counts and measures stands in `log.metrics`.
 * @throws UNKNOWN_OPTION, INVALID_OPTION, NOT_A_DIRECTORY, DATA_DIRECTORY_LOCKED, DATA_DIRECTORY_UNREADABLE, DISK_FULL,
 * JOURNAL_DAMAGED, CHECKPOINT_DAMAGED, SEGMENT_DAMAGED (of the metadata), NOT_A_FILE, UNSUPPORTED_FORMAT; INVALID_TOPIC_CONFIG of
 * `autoCreateTopics`
 */
export async function embeddedLog(options: EmbeddedLogOptions): Promise<LogClient> {
  const read = readOptions<Required<EmbeddedLogOptions>>('embeddedLog', options, rules)
  const { dir, durability, maintenance, world } = read
  return new EmbeddedLog(
    await Broker.open({
      world,
      metrics: new MetricRegistry(coreMetrics, world.clock),
      folder: dir,
      durability,
      geometry: defaultGeometry,
      coordinatorPartitions: defaultCoordinatorPartitions,
      maintenance,
      limits: readOptions<LogLimits>('limits', read.limits, limitRules),
      autoCreateTopics: autoCreated(read.autoCreateTopics),
      consumerGroups: read.consumerGroups,
      holder: `Millrace, ${processName()}`,
    }),
  )
}

function autoCreated(given: AutoCreateTopics | false): AutoCreatedTopics | undefined {
  if (given === false) return undefined
  const read = readOptions<AutoCreatedTopics>('autoCreateTopics', given, autoCreateRules)
  checkTopicConfig('autoCreateTopics', read.config)
  return read
}
