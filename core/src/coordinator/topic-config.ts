import { coreError } from '../base/error-catalogue.ts'

/** Settings of a topic that were set, by Kafka's names, as strings. */
export type TopicConfig = Readonly<Record<string, string>>

interface Setting {
  readonly default: string
  readonly check: (value: string) => boolean
  readonly expected: string
  readonly about: string
}

const integer = (minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Pick<Setting, 'check' | 'expected'> => ({
  check: (value) =>
    /^-?\d+$/.test(value) && Number(value) >= minimum && (Number(value) <= maximum || value === '9223372036854775807'),
  expected: `an integer from ${minimum}${maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`}`,
})

const oneOf = (...values: readonly string[]): Pick<Setting, 'check' | 'expected'> => ({
  check: (value) => values.includes(value),
  expected: values.join(' or '),
})

/** The settings that a topic takes. */
export type TopicSetting =
  | 'cleanup.policy'
  | 'delete.retention.ms'
  | 'index.interval.bytes'
  | 'max.message.bytes'
  | 'retention.bytes'
  | 'retention.ms'
  | 'segment.bytes'

/** The settings that topics take, with Kafka's names and defaults. Declared once: checked, defaulted and documented here. */
const topicSettings: Readonly<Record<TopicSetting, Setting>> = {
  'cleanup.policy': {
    default: 'delete',
    ...oneOf('delete', 'compact', 'compact,delete', 'delete,compact'),
    about: 'What may be removed: old segments, or older records of a key. Recorded; nothing is removed yet.',
  },
  'delete.retention.ms': {
    default: '86400000',
    ...integer(0),
    about: 'How long compaction keeps a tombstone. Recorded; nothing is removed yet.',
  },
  'index.interval.bytes': {
    default: '4096',
    ...integer(0, 2 ** 31 - 1),
    about: 'Bytes between two entries of the offset index.',
  },
  'max.message.bytes': { default: '1048588', ...integer(100, 2 ** 31 - 1), about: 'The largest record batch.' },
  'retention.bytes': {
    default: '-1',
    ...integer(-1),
    about: 'Bytes that a partition keeps; -1: all. Recorded; nothing is removed yet.',
  },
  'retention.ms': {
    default: '604800000',
    ...integer(-1),
    about: 'How long records are kept; -1: for ever. Recorded; nothing is removed yet.',
  },
  'segment.bytes': {
    default: '1073741824',
    ...integer(14, 2 ** 31 - 1),
    about: 'The size at which a segment is closed and the next begun.',
  },
}

/** @throws INVALID_TOPIC_CONFIG */
export function checkTopicConfig(topic: string, config: TopicConfig): void {
  for (const [name, value] of Object.entries(config)) {
    const setting = isSetting(name) ? topicSettings[name] : undefined
    if (setting === undefined) {
      throw coreError('INVALID_TOPIC_CONFIG', {
        what: `there is no topic setting ${name}`,
        where: topic,
        expected: `one of ${Object.keys(topicSettings).join(', ')}`,
        received: name,
      })
    }
    if (typeof value === 'string' && setting.check(value)) continue
    throw coreError('INVALID_TOPIC_CONFIG', {
      what: `the setting ${name} is not valid`,
      where: topic,
      expected: setting.expected,
      received: value,
    })
  }
}

/** The value that holds for a topic, set or default. */
export function topicSetting(config: TopicConfig, name: TopicSetting): string {
  return config[name] ?? topicSettings[name].default
}

function isSetting(name: string): name is TopicSetting {
  return Object.hasOwn(topicSettings, name)
}
