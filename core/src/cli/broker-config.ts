import type { ConsumerGroupOptions } from '../broker/consumer-group-options.ts'
import { defaultLogLimits, type LogLimits } from '../broker/log-limits.ts'
import type { MaintenanceOptions } from '../broker/maintenance.ts'
import { topicSettings, type TopicSetting } from '../coordinator/topic-settings.ts'
import type { Durability } from '../log/log-options.ts'
import type { ConnectionLimitOptions } from '../open/serve-log.ts'
import { limitProperties } from './limit-properties.ts'
import { meant } from './nearest.ts'
import { readProperties } from './read-properties.ts'
import { securityProperties, unscoped } from './security-properties.ts'
import { UsageError } from './usage-error.ts'

/** What a file of properties says to `millrace broker`. */
export interface BrokerConfig {
  readonly durability: Durability
  readonly maintenance: MaintenanceOptions
  readonly consumerGroups: ConsumerGroupOptions
  readonly autoCreate: boolean
  readonly partitions: number
  /** Of topics that are made by being used. */
  readonly topicConfig: Readonly<Record<string, string>>
  /** `PLAINTEXT://localhost:9092`. */
  readonly listeners: readonly string[]
  readonly advertised: readonly string[]
  /** Names of listeners that are a controller's: there is none here. */
  readonly controllers: readonly string[]
  readonly fetchSessionSlots: number
  readonly logLimits: Partial<LogLimits>
  /** Whether clients are held to the access rules. */
  readonly authorizer: boolean
  readonly superUsers: readonly string[]
  readonly allowIfNoRule: boolean
  /** `stderr`, `off`, or the path of a file; empty: stderr where there is an authorizer. */
  readonly auditLog: string
  readonly limits: ConnectionLimitOptions
  /** What `securityProperties` and those of single listeners say, as they stand there. */
  readonly security: ReadonlyMap<string, string>
}

type Draft = { -readonly [Key in keyof BrokerConfig]: BrokerConfig[Key] }

export interface BrokerProperty {
  readonly default: string
  readonly takes: string
  readonly about: string
  /** False: the value cannot be. */
  readonly apply: (draft: Draft, value: string) => boolean
}

const integer = (value: string, minimum: number): boolean => /^-?\d{1,15}$/.test(value) && Number(value) >= minimum

function maintained(option: keyof MaintenanceOptions, about: string, usual: string, unit = 1): BrokerProperty {
  return {
    default: usual,
    takes: 'a number above 0',
    about,
    apply: (draft, value) => {
      draft.maintenance = { ...draft.maintenance, [option]: Number(value) * unit }
      return integer(value, 1)
    },
  }
}

function ofConsumerGroups(option: keyof ConsumerGroupOptions, about: string, usual: string): BrokerProperty {
  return {
    default: usual,
    takes: 'a number above 0',
    about,
    apply: (draft, value) => {
      draft.consumerGroups = { ...draft.consumerGroups, [option]: Number(value) }
      return integer(value, 1) && Number(value) < 2 ** 31
    },
  }
}

function limited(option: keyof LogLimits, about: string): BrokerProperty {
  return {
    default: String(defaultLogLimits[option]),
    takes: 'a number above 0',
    about: `${about} Not a property of Kafka.`,
    apply: (draft, value) => {
      draft.logLimits = { ...draft.logLimits, [option]: Number(value) }
      return integer(value, 1)
    },
  }
}

/** The default of a topic's setting. `unitMs`: in what the property is, where the setting is in milliseconds. */
function ofTopics(setting: TopicSetting, unitMs = 1): BrokerProperty {
  const { check, default: usual, expected } = topicSettings[setting]
  const said = (value: string): string => (unitMs === 1 || !integer(value, 1) ? value : String(Number(value) * unitMs))
  return {
    default: unitMs === 1 ? usual : '',
    takes: unitMs === 1 ? expected : 'an integer',
    about: `\`${setting}\` of topics that are made by being used.`,
    apply: (draft, value) => {
      draft.topicConfig = { ...draft.topicConfig, [setting]: said(value) }
      return check(said(value))
    },
  }
}

function list(key: 'listeners' | 'advertised' | 'controllers', usual: string, takes: string, about: string): BrokerProperty {
  return {
    default: usual,
    takes,
    about,
    apply: (draft, value) => {
      draft[key] = value.split(',').map((one) => one.trim())
      return value.trim() !== ''
    },
  }
}

const authorizerNames: readonly string[] = ['org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'millrace']

/** In the order in which they hold: of two for the same the later one. */
export const brokerProperties: Readonly<Record<string, BrokerProperty>> = {
  listeners: list(
    'listeners',
    'PLAINTEXT://127.0.0.1:9092',
    'NAME://HOST:PORT, …',
    'Where clients connect; `--listen` goes first.',
  ),
  'advertised.listeners': list(
    'advertised',
    '',
    'NAME://HOST:PORT, …',
    'Where clients find a listener, if not where it listens; of one at every address it is the name of the machine.',
  ),
  'controller.listener.names': list(
    'controllers',
    '',
    'NAME, …',
    'Listeners to leave out: there is no controller beside the broker.',
  ),
  'authorizer.class.name': {
    default: '',
    takes: `${authorizerNames.join(' or ')}, or nothing`,
    about: 'Holds clients to the access rules. A name for what is built in: no class is ever loaded.',
    apply: (draft, value) => {
      draft.authorizer = value !== ''
      return value === '' || authorizerNames.includes(value)
    },
  },
  'super.users': {
    default: '',
    takes: 'TYPE:NAME; …',
    about: 'Who may do everything whatever the access rules say, `User:admin;User:ops`.',
    apply: (draft, value) => {
      draft.superUsers = value
        .split(';')
        .map((one) => one.trim())
        .filter((one) => one !== '')
      return draft.superUsers.every((one) => /^[^:]+:./.test(one))
    },
  },
  'allow.everyone.if.no.acl.found': {
    default: 'false',
    takes: 'true or false',
    about: 'Whether everybody may do what they like with a resource that no access rule is about.',
    apply: (draft, value) => {
      draft.allowIfNoRule = value === 'true'
      return value === 'true' || value === 'false'
    },
  },
  'audit.log': {
    default: '',
    takes: 'stderr, off or the path of a file',
    about:
      'Where it is told, as lines of JSON, what clients change and what the access rules refuse them. Without it on stderr where there is an authorizer. A file of 64 MiB becomes `PATH.1`.',
    apply: (draft, value) => {
      draft.auditLog = value
      return true
    },
  },
  'auto.create.topics.enable': {
    default: 'true',
    takes: 'true or false',
    about: 'Whether topics are made by being used.',
    apply: (draft, value) => {
      draft.autoCreate = value === 'true'
      return value === 'true' || value === 'false'
    },
  },
  'num.partitions': {
    default: '1',
    takes: 'a number above 0',
    about: 'Partitions of topics that are made by being used.',
    apply: (draft, value) => {
      draft.partitions = Number(value)
      return integer(value, 1)
    },
  },
  'max.incremental.fetch.session.cache.slots': {
    default: '1000',
    takes: 'an integer from 0 to 1000000',
    about: 'Fetch sessions that are kept for consumers of many partitions.',
    apply: (draft, value) => {
      draft.fetchSessionSlots = Number(value)
      return integer(value, 0) && Number(value) <= 1_000_000
    },
  },
  'max.partitions': limited('maxPartitions', 'Partitions of all topics together.'),
  'max.groups': limited('maxGroups', 'Groups that have members or offsets.'),
  'max.transactional.ids': limited('maxTransactionalIds', 'Ids of transactional producers that are remembered.'),
  'log.flush.interval.messages': {
    default: '1',
    takes: 'an integer from 1',
    about:
      '1: what is acknowledged is on the disk (`durability: sync`), which costs little, since all partitions share one sync. More, as in Kafka by default: the system writes when it wants to (`os`).',
    apply: (draft, value) => {
      draft.durability = value === '1' ? 'sync' : 'os'
      return /^\d{1,19}$/.test(value) && !/^0+$/.test(value)
    },
  },
  'log.retention.check.interval.ms': maintained('retentionIntervalMs', 'Between two looks for old segments.', '300000'),
  'log.cleaner.backoff.ms': maintained('compactionIntervalMs', 'Between two looks for something to compact.', '15000'),
  'log.cleaner.dedupe.buffer.size': maintained(
    'compactionBufferBytes',
    'Bytes for keys while a partition is compacted.',
    '67108864',
  ),
  'producer.id.expiration.ms': maintained('producerIdExpirationMs', 'How long an idle producer is remembered.', '86400000'),
  'offsets.retention.minutes': maintained(
    'offsetsRetentionMs',
    'How long the offsets of a group without members are kept.',
    '10080',
    60_000,
  ),
  'group.consumer.session.timeout.ms': ofConsumerGroups(
    'sessionTimeoutMs',
    'Silent for so long, a member of the new consumer protocol is expelled.',
    '45000',
  ),
  'group.consumer.heartbeat.interval.ms': ofConsumerGroups(
    'heartbeatIntervalMs',
    'How often such members are to send heartbeats.',
    '5000',
  ),
  'group.consumer.max.size': ofConsumerGroups('maxSize', 'The most members of such a group.', '2147483647'),
  'log.cleanup.policy': ofTopics('cleanup.policy'),
  'compression.type': ofTopics('compression.type'),
  'message.max.bytes': ofTopics('max.message.bytes'),
  'log.retention.hours': ofTopics('retention.ms', 3_600_000),
  'log.retention.minutes': ofTopics('retention.ms', 60_000),
  'log.retention.ms': ofTopics('retention.ms'),
  'log.retention.bytes': ofTopics('retention.bytes'),
  'log.segment.bytes': ofTopics('segment.bytes'),
  'log.roll.hours': ofTopics('segment.ms', 3_600_000),
  'log.roll.ms': ofTopics('segment.ms'),
  'log.index.interval.bytes': ofTopics('index.interval.bytes'),
  'log.index.size.max.bytes': ofTopics('segment.index.bytes'),
  'log.message.timestamp.type': ofTopics('message.timestamp.type'),
  'log.message.timestamp.before.max.ms': ofTopics('message.timestamp.before.max.ms'),
  'log.message.timestamp.after.max.ms': ofTopics('message.timestamp.after.max.ms'),
  'log.cleaner.delete.retention.ms': ofTopics('delete.retention.ms'),
  'log.cleaner.min.cleanable.ratio': ofTopics('min.cleanable.dirty.ratio'),
  'log.cleaner.min.compaction.lag.ms': ofTopics('min.compaction.lag.ms'),
  'log.cleaner.max.compaction.lag.ms': ofTopics('max.compaction.lag.ms'),
  ...limitProperties,
  ...securityProperties,
}

/** Of a cluster, of threads, or of where the data is (`--dir` says that): taken, so that a server.properties can be used, without effect. */
export const withoutEffect: readonly string[] = [
  'broker.id',
  'controller.quorum.bootstrap.servers',
  'controller.quorum.voters',
  'default.replication.factor',
  'inter.broker.listener.name',
  'log.dir',
  'log.dirs',
  'log.flush.interval.ms',
  'min.insync.replicas',
  'node.id',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'offsets.topic.replication.factor',
  'process.roles',
  'sasl.mechanism.controller.protocol',
  'sasl.mechanism.inter.broker.protocol',
  'sasl.server.max.receive.size',
  'security.inter.broker.protocol',
  'share.coordinator.state.topic.min.isr',
  'share.coordinator.state.topic.replication.factor',
  'socket.receive.buffer.bytes',
  'socket.send.buffer.bytes',
  'ssl.enabled.protocols',
  'ssl.protocol',
  'transaction.state.log.min.isr',
  'transaction.state.log.replication.factor',
]

/** @throws UsageError for a property that is unknown, or a value that cannot be */
export function brokerConfig(text: string, file = ''): BrokerConfig {
  const given = readProperties(text)
  const known = [...Object.keys(brokerProperties), ...withoutEffect]
  const secure = new Map([...given].filter(([name]) => Object.hasOwn(securityProperties, unscoped(name))))
  for (const name of given.keys())
    if (!known.includes(name) && !secure.has(name))
      throw new UsageError(`${file}: there is no property ${name}${meant(name, known)}`)
  const draft: Draft = {
    durability: 'sync',
    maintenance: {},
    consumerGroups: {},
    autoCreate: true,
    partitions: 1,
    topicConfig: {},
    listeners: [],
    advertised: [],
    controllers: [],
    fetchSessionSlots: 1_000,
    logLimits: {},
    authorizer: false,
    superUsers: [],
    allowIfNoRule: false,
    auditLog: '',
    limits: {},
    security: secure,
  }
  for (const [name, value] of secure) {
    const { apply, takes } = securityProperties[unscoped(name)]!
    if (!apply(draft, value)) throw new UsageError(`${file}: ${name} takes ${takes}`)
  }
  for (const [name, { apply, takes }] of Object.entries(brokerProperties)) {
    const value = secure.has(name) ? undefined : given.get(name)
    if (value !== undefined && !apply(draft, value)) throw new UsageError(`${file}: ${name} takes ${takes}, not ${value}`)
  }
  return draft
}
