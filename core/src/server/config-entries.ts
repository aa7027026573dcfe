import type { Broker } from '../broker/broker.ts'
import { describeConfig, type DescribedSetting } from '../broker/describe-config.ts'

type TopicConfig = Parameters<typeof describeConfig>[0]
type GroupSetting = ReturnType<Broker['groupSettings']['describe']>[number]
type SettingName = DescribedSetting['name']

/** Kafka's numbers of what has settings. */
export const resourceTypes = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const

/** Kafka's numbers of where a value comes from. */
export const configSources = { topic: 1, staticBroker: 4, default: 5, group: 8 } as const

/** Kafka's numbers of what a value is. */
export const configTypes = { boolean: 1, string: 2, int: 3, short: 4, long: 5, double: 6, list: 7 } as const

type ConfigType = keyof typeof configTypes

/** What type a topic's setting has, and under which name a broker of Kafka has its default; null: under none. */
const settingFacts: Readonly<Record<SettingName, readonly [ConfigType, string | null]>> = {
  'cleanup.policy': ['list', 'log.cleanup.policy'],
  'compression.gzip.level': ['int', 'compression.gzip.level'],
  'compression.lz4.level': ['int', 'compression.lz4.level'],
  'compression.type': ['string', 'compression.type'],
  'compression.zstd.level': ['int', 'compression.zstd.level'],
  'delete.retention.ms': ['long', 'log.cleaner.delete.retention.ms'],
  'file.delete.delay.ms': ['long', 'log.segment.delete.delay.ms'],
  'flush.messages': ['long', 'log.flush.interval.messages'],
  'flush.ms': ['long', 'log.flush.interval.ms'],
  'index.interval.bytes': ['int', 'log.index.interval.bytes'],
  'max.compaction.lag.ms': ['long', 'log.cleaner.max.compaction.lag.ms'],
  'max.message.bytes': ['int', 'message.max.bytes'],
  'message.timestamp.after.max.ms': ['long', 'log.message.timestamp.after.max.ms'],
  'message.timestamp.before.max.ms': ['long', 'log.message.timestamp.before.max.ms'],
  'message.timestamp.type': ['string', 'log.message.timestamp.type'],
  'min.cleanable.dirty.ratio': ['double', 'log.cleaner.min.cleanable.ratio'],
  'min.compaction.lag.ms': ['long', 'log.cleaner.min.compaction.lag.ms'],
  'min.insync.replicas': ['int', 'min.insync.replicas'],
  preallocate: ['boolean', 'log.preallocate'],
  'remote.storage.enable': ['boolean', null],
  'retention.bytes': ['long', 'log.retention.bytes'],
  'retention.ms': ['long', 'log.retention.ms'],
  'segment.bytes': ['int', 'log.segment.bytes'],
  'segment.index.bytes': ['int', 'log.index.size.max.bytes'],
  'segment.jitter.ms': ['long', 'log.roll.jitter.ms'],
  'segment.ms': ['long', 'log.roll.ms'],
  'unclean.leader.election.enable': ['boolean', 'unclean.leader.election.enable'],
}

interface Synonym {
  readonly name: string
  readonly value: string
  readonly source: number
}

/** One setting as DescribeConfigs shows it. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string
  readonly readOnly: boolean
  readonly configSource: number
  readonly configType: number
  /** Every place that has a value, the one that holds first. */
  readonly synonyms: readonly Synonym[]
  readonly documentation: string
}

/** All settings of a topic with what holds. */
export function settingsShown(config: TopicConfig): ConfigEntry[] {
  const usual = describeConfig({})
  return describeConfig(config).map(({ name, value, isDefault, about }, index) => {
    const [type, brokerName] = settingFacts[name]
    const own = isDefault ? [] : [{ name, value, source: configSources.topic }]
    const fallback = brokerName === null ? [] : [{ name: brokerName, value: usual[index]!.value, source: configSources.default }]
    return {
      name,
      value,
      readOnly: false,
      configSource: isDefault ? configSources.default : configSources.topic,
      configType: configTypes[type],
      synonyms: [...own, ...fallback],
      documentation: about,
    }
  })
}

/** The settings of a group with what holds. */
export function groupSettingsShown(settings: readonly GroupSetting[]): ConfigEntry[] {
  return settings.map(({ name, value, isDefault, usual, about }) => {
    const configSource = isDefault ? configSources.default : configSources.group
    const own = isDefault ? [] : [{ name, value, source: configSource }]
    const synonyms = [...own, { name: `group.${name}`, value: usual, source: configSources.default }]
    return { name, value, readOnly: false, configSource, configType: configTypes.int, synonyms, documentation: about }
  })
}

/** What holds for topics that don't say otherwise, under the names that brokers have for it. */
export function topicDefaultsShown(): ConfigEntry[] {
  return settingsShown({}).flatMap((entry) => {
    const brokerName = settingFacts[entry.name as SettingName][1]
    return brokerName === null ? [] : [brokerEntry(brokerName, entry.value, configSources.default, entry)]
  })
}

/** A setting of the broker: nobody changes it over the wire. */
export function brokerEntry(
  name: string,
  value: string,
  source: number,
  { configType, documentation }: Pick<ConfigEntry, 'configType' | 'documentation'>,
): ConfigEntry {
  const synonyms = [{ name, value, source }]
  return { name, value, readOnly: true, configSource: source, configType, synonyms, documentation }
}

/** Whether values of this topic setting are lists, which can be appended to. */
export function isListSetting(name: string): boolean {
  return Object.hasOwn(settingFacts, name) && settingFacts[name as SettingName][0] === 'list'
}

/** What holds where a topic doesn't say. */
export function usualValue(name: string): string {
  return describeConfig({}).find((setting) => setting.name === name)?.value ?? ''
}
