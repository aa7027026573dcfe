import { coreError } from '../base/error-catalogue.ts'
import {
  isTopicSetting,
  topicSettings,
  type CompressionType,
  type TimestampType,
  type TopicSetting,
  type TopicSettings,
} from './topic-settings.ts'

/** Settings of a topic that were set, by Kafka's names, as strings. */
export type TopicConfig = Readonly<Record<string, string>>

/** Checks each setting, and what they say together. @throws INVALID_TOPIC_CONFIG */
export function checkTopicConfig(topic: string, config: TopicConfig): void {
  for (const [name, value] of Object.entries(config)) checkSetting(topic, name, value)
  const { minCompactionLagMs, maxCompactionLagMs } = settingsOf(config)
  if (minCompactionLagMs <= maxCompactionLagMs) return
  throw coreError('INVALID_TOPIC_CONFIG', {
    what: 'two settings contradict each other: min.compaction.lag.ms is more than max.compaction.lag.ms',
    where: topic,
    expected: `at most ${maxCompactionLagMs}`,
    received: minCompactionLagMs,
  })
}

function checkSetting(topic: string, name: string, value: unknown): void {
  if (!isTopicSetting(name)) {
    throw coreError('INVALID_TOPIC_CONFIG', {
      what: `there is no topic setting ${name}`,
      where: topic,
      expected: `one of ${Object.keys(topicSettings).join(', ')}`,
      received: name,
    })
  }
  const { check, expected } = topicSettings[name]
  if (typeof value === 'string' && check(value)) return
  const received = typeof value === 'string' ? value : typeof value
  throw coreError('INVALID_TOPIC_CONFIG', { what: `the setting ${name} is not valid`, where: topic, expected, received })
}

/** The value that holds for a topic, set or default. */
function topicSetting(config: TopicConfig, name: TopicSetting): string {
  return config[name] ?? topicSettings[name].default
}

const read = new WeakMap<TopicConfig, TopicSettings>()

/** The settings that hold for a topic, as numbers and flags; read once for each configuration. */
export function settingsOf(config: TopicConfig): TopicSettings {
  let settings = read.get(config)
  if (settings === undefined) {
    settings = readSettings(config)
    read.set(config, settings)
  }
  return settings
}

function readSettings(config: TopicConfig): TopicSettings {
  const number = (name: TopicSetting): number => Number(topicSetting(config, name))
  const limit = (name: TopicSetting): number => limitOf(number(name))
  const policies = topicSetting(config, 'cleanup.policy').split(',')
  const compacts = policies.includes('compact')
  const maxCompactionLagMs = limit('max.compaction.lag.ms')
  return Object.freeze({
    deletes: policies.includes('delete'),
    compacts,
    compressionType: topicSetting(config, 'compression.type') as CompressionType,
    gzipLevel: number('compression.gzip.level'),
    lz4Level: number('compression.lz4.level'),
    zstdLevel: number('compression.zstd.level'),
    deleteRetentionMs: limit('delete.retention.ms'),
    indexIntervalBytes: number('index.interval.bytes'),
    maxCompactionLagMs,
    maxMessageBytes: number('max.message.bytes'),
    timestampAfterMaxMs: limit('message.timestamp.after.max.ms'),
    timestampBeforeMaxMs: limit('message.timestamp.before.max.ms'),
    timestampType: topicSetting(config, 'message.timestamp.type') as TimestampType,
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: limit('min.compaction.lag.ms'),
    retentionBytes: limit('retention.bytes'),
    retentionMs: limit('retention.ms'),
    segmentBytes: number('segment.bytes'),
    segmentIndexBytes: number('segment.index.bytes'),
    segmentJitterMs: limit('segment.jitter.ms'),
    // As Kafka: what must be compacted by then must have left the growing segment.
    segmentMs: compacts ? Math.min(limit('segment.ms'), maxCompactionLagMs) : limit('segment.ms'),
  })
}

/** -1 and Long.MAX are no limit. */
function limitOf(value: number): number {
  return value < 0 || value > Number.MAX_SAFE_INTEGER ? Infinity : value
}
