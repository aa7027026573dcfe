import { coreError } from '../base/error-catalogue.ts'
import type { ConsumerGroupSettings } from './consumer-group-answers.ts'

/**
 * Settings of single groups, replayed from the metadata log; whether there is such a group does not matter.
 *
 *   group-config/<group>   { v: 1, config }     settings by Kafka's names; null: none
 */
export type GroupConfig = Readonly<Record<string, string>>

type GroupSetting = 'consumer.session.timeout.ms' | 'consumer.heartbeat.interval.ms'

interface ConfigRecord {
  readonly key: string
  readonly value: string | null
}

export const groupConfigPrefix = 'group-config/'
const version = 1

export class GroupConfigs {
  private readonly byGroup = new Map<string, GroupConfig>()

  of(group: string): GroupConfig {
    return this.byGroup.get(group) ?? {}
  }

  get groups(): readonly string[] {
    return [...this.byGroup.keys()]
  }

  /** The record that changes these settings; null resets one. @throws INVALID_GROUP_CONFIG */
  change(group: string, changes: Readonly<Record<string, string | null>>, usual: ConsumerGroupSettings): ConfigRecord {
    const changed = Object.entries({ ...this.of(group), ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    )
    const config = Object.fromEntries(changed)
    for (const name of Object.keys(changes)) if (!isGroupSetting(name)) throw unknownSetting(group, name)
    for (const [name, value] of changed) checkSetting(group, name, value)
    checkTogether(group, withGroupConfig(usual, config))
    const isNone = changed.length === 0
    return { key: groupConfigPrefix + group, value: isNone ? null : JSON.stringify({ v: version, config }) }
  }

  replay(key: string, value: string | null): void {
    const group = key.slice(groupConfigPrefix.length)
    if (value === null) this.byGroup.delete(group)
    else this.byGroup.set(group, parse(key, value))
  }
}

/** What each setting is, and which of the settings it is. */
export const groupSettings: Readonly<Record<GroupSetting, { readonly of: keyof ConsumerGroupSettings; readonly about: string }>> =
  {
    'consumer.heartbeat.interval.ms': {
      of: 'heartbeatIntervalMs',
      about: 'How often members of the new consumer protocol are to send heartbeats.',
    },
    'consumer.session.timeout.ms': {
      of: 'sessionTimeoutMs',
      about: 'A member of the new consumer protocol that is silent for so long is expelled.',
    },
  }

/** What holds for a group. */
export function withGroupConfig(usual: ConsumerGroupSettings, config: GroupConfig): ConsumerGroupSettings {
  const set = Object.entries(groupSettings).flatMap(([name, { of }]) => {
    const value = config[name]
    return value === undefined ? [] : [[of, Number(value)]]
  })
  return set.length === 0 ? usual : { ...usual, ...Object.fromEntries(set) }
}

function isGroupSetting(name: string): name is GroupSetting {
  return Object.hasOwn(groupSettings, name)
}

function checkSetting(group: string, name: string, value: string): void {
  if (/^\d{1,10}$/.test(value) && Number(value) > 0 && Number(value) < 2 ** 31) return
  throw coreError('INVALID_GROUP_CONFIG', {
    what: `the setting ${name} is not valid`,
    where: group,
    expected: 'a number of milliseconds above 0',
    received: value,
  })
}

function checkTogether(group: string, { sessionTimeoutMs, heartbeatIntervalMs }: ConsumerGroupSettings): void {
  if (heartbeatIntervalMs < sessionTimeoutMs) return
  throw coreError('INVALID_GROUP_CONFIG', {
    what: 'a session that is not longer than the interval of heartbeats expels everybody',
    where: group,
    expected: `more than ${heartbeatIntervalMs} ms`,
    received: `${sessionTimeoutMs} ms`,
  })
}

function unknownSetting(group: string, name: string): Error {
  return coreError('INVALID_GROUP_CONFIG', {
    what: `there is no group setting ${name}`,
    where: group,
    expected: `one of ${Object.keys(groupSettings).join(', ')}`,
    received: name,
  })
}

/** @throws UNSUPPORTED_FORMAT */
function parse(key: string, value: string): GroupConfig {
  const { v, config } = JSON.parse(value) as { readonly v: number; readonly config: GroupConfig }
  if (v === version) return config
  throw coreError('UNSUPPORTED_FORMAT', {
    what: 'the settings of a group have another version',
    where: key,
    expected: version,
    received: v,
  })
}
