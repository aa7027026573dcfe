/**
 * The settings that topics take: Kafka's names, defaults and ranges. Declared once, here: checked, read and documented from it.
 *
 * Numbers stand in configurations as text. -1 and Long.MAX mean "no limit" where a limit is meant, and are read as Infinity.
 */
export interface TopicSettings {
  /** Old segments are removed by `retention.ms` and `retention.bytes`. */
  readonly deletes: boolean
  /** Older records of a key are removed. */
  readonly compacts: boolean
  readonly compressionType: CompressionType
  readonly gzipLevel: number
  readonly lz4Level: number
  readonly zstdLevel: number
  readonly deleteRetentionMs: number
  readonly indexIntervalBytes: number
  readonly maxCompactionLagMs: number
  readonly maxMessageBytes: number
  readonly timestampAfterMaxMs: number
  readonly timestampBeforeMaxMs: number
  readonly timestampType: TimestampType
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly retentionBytes: number
  readonly retentionMs: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly segmentJitterMs: number
  readonly segmentMs: number
}

/** `producer`: as it comes. */
export type CompressionType = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
export type TimestampType = 'CreateTime' | 'LogAppendTime'

interface Setting {
  readonly default: string
  readonly check: (value: string) => boolean
  readonly expected: string
  readonly about: string
}

type Range = Pick<Setting, 'check' | 'expected'>

const longMax = '9223372036854775807'
const intMax = 2 ** 31 - 1

function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Range {
  const open = maximum === Number.MAX_SAFE_INTEGER
  return {
    check: (value) =>
      /^-?\d{1,19}$/.test(value) && Number(value) >= minimum && (Number(value) <= maximum || (open && value === longMax)),
    expected: `an integer from ${minimum}${open ? '' : ` to ${maximum}`}`,
  }
}

function oneOf(...values: readonly string[]): Range {
  return { check: (value) => values.includes(value), expected: values.join(' or ') }
}

const flag = oneOf('true', 'false')
const ratio: Range = {
  check: (value) => /^\d+(\.\d+)?$/.test(value) && Number(value) <= 1,
  expected: 'a number from 0 to 1',
}
/** Refused unless it says that there is nothing of the kind. */
const absent = (value: string): Range => ({ check: (given) => given === value, expected: `${value}, the only value here` })

/** The settings that a topic takes. */
export type TopicSetting =
  | 'cleanup.policy'
  | 'compression.gzip.level'
  | 'compression.lz4.level'
  | 'compression.type'
  | 'compression.zstd.level'
  | 'delete.retention.ms'
  | 'file.delete.delay.ms'
  | 'flush.messages'
  | 'flush.ms'
  | 'index.interval.bytes'
  | 'max.compaction.lag.ms'
  | 'max.message.bytes'
  | 'message.timestamp.after.max.ms'
  | 'message.timestamp.before.max.ms'
  | 'message.timestamp.type'
  | 'min.cleanable.dirty.ratio'
  | 'min.compaction.lag.ms'
  | 'min.insync.replicas'
  | 'preallocate'
  | 'remote.storage.enable'
  | 'retention.bytes'
  | 'retention.ms'
  | 'segment.bytes'
  | 'segment.index.bytes'
  | 'segment.jitter.ms'
  | 'segment.ms'
  | 'unclean.leader.election.enable'

/** What acts on a log of one process, and what Kafka's tools may set although it says nothing here. */
export const topicSettings: Readonly<Record<TopicSetting, Setting>> = {
  'cleanup.policy': {
    default: 'delete',
    ...oneOf('delete', 'compact', 'compact,delete', 'delete,compact'),
    about: 'What is removed: whole old segments, older records of a key, or both.',
  },
  'compression.gzip.level': {
    default: '-1',
    check: (value: string) => integer(1, 9).check(value) || value === '-1',
    expected: 'an integer from 1 to 9, or -1',
    about: 'The level where compression.type is gzip; -1: the library’s own.',
  },
  'compression.lz4.level': {
    default: '9',
    ...integer(1, 17),
    about: 'Checked and kept; the codec here has one level.',
  },
  'compression.type': {
    default: 'producer',
    ...oneOf('producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'),
    about: 'How batches are stored; producer: as they come.',
  },
  'compression.zstd.level': {
    default: '3',
    ...integer(-131_072, 22),
    about: 'The level where compression.type is zstd.',
  },
  'delete.retention.ms': {
    default: '86400000',
    ...integer(0),
    about: 'How long compaction keeps a tombstone, counted from the first time that it met it.',
  },
  'file.delete.delay.ms': {
    default: '60000',
    ...integer(0),
    about: 'Without effect: files are removed at once, and a read that is under way keeps its file open.',
  },
  'flush.messages': { default: longMax, ...integer(1), about: 'Without effect: the journal makes every append durable.' },
  'flush.ms': { default: longMax, ...integer(0), about: 'Without effect: the journal makes every append durable.' },
  'index.interval.bytes': {
    default: '4096',
    ...integer(0, intMax),
    about: 'Bytes between two entries of the offset index.',
  },
  'max.compaction.lag.ms': {
    default: longMax,
    ...integer(1),
    about: 'A record is compacted at the latest so long after it was written.',
  },
  'max.message.bytes': { default: '1048588', ...integer(0, intMax), about: 'The largest record batch, as it is stored.' },
  'message.timestamp.after.max.ms': {
    default: '3600000',
    ...integer(0),
    about: 'How far a timestamp may lie in the future of the clock (KIP-937).',
  },
  'message.timestamp.before.max.ms': {
    default: longMax,
    ...integer(0),
    about: 'How far a timestamp may lie in the past of the clock (KIP-937).',
  },
  'message.timestamp.type': {
    default: 'CreateTime',
    ...oneOf('CreateTime', 'LogAppendTime'),
    about: 'Whose time records carry: their producer’s, or that of the append.',
  },
  'min.cleanable.dirty.ratio': {
    default: '0.5',
    ...ratio,
    about: 'The share of a partition that is not compacted yet from which on it is compacted.',
  },
  'min.compaction.lag.ms': { default: '0', ...integer(0), about: 'A record is left alone by compaction so long.' },
  'min.insync.replicas': {
    default: '1',
    ...integer(1, 32_767),
    about: 'Kept and shown; every value is met, since one process is all the replicas that there are.',
  },
  preallocate: { default: 'false', ...flag, about: 'Without effect.' },
  'remote.storage.enable': { default: 'false', ...absent('false'), about: 'There is no tiered storage.' },
  'retention.bytes': {
    default: '-1',
    ...integer(-1),
    about: 'Bytes that a partition keeps, in whole segments; -1: all.',
  },
  'retention.ms': { default: '604800000', ...integer(-1), about: 'How long records are kept; -1: for ever.' },
  'segment.bytes': {
    default: '1073741824',
    ...integer(14, intMax),
    about: 'The size at which a segment is closed and the next begun. (Kafka 4 takes 1 MiB and more.)',
  },
  'segment.index.bytes': {
    default: '10485760',
    ...integer(12, intMax),
    about: 'The size of an index at which a segment is closed.',
  },
  'segment.jitter.ms': {
    default: '0',
    ...integer(0),
    about: 'Up to so much is taken off segment.ms, another amount for each segment, so that not all are closed at once.',
  },
  'segment.ms': {
    default: '604800000',
    ...integer(1),
    about: 'The age, in time of its records, at which a segment is closed.',
  },
  'unclean.leader.election.enable': { default: 'false', ...flag, about: 'Without effect: there is one leader.' },
}

export function isTopicSetting(name: string): name is TopicSetting {
  return Object.hasOwn(topicSettings, name)
}
