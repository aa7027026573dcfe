import { expect, test } from 'vitest'
import { GroupConfigs, withGroupConfig } from './group-config.ts'
import { codeOf } from './group-members.fixtures.ts'

const usual = { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 5000, maxSize: 10 }

function changed(configs: GroupConfigs, changes: Readonly<Record<string, string | null>>): GroupConfigs {
  const { key, value } = configs.change('g', changes, usual)
  configs.replay(key, value)
  return configs
}

test('what a group is set to goes before what is usual, until it is reset', () => {
  const configs = changed(new GroupConfigs(), { 'consumer.session.timeout.ms': '60000' })
  expect(withGroupConfig(usual, configs.of('g'))).toEqual({ ...usual, sessionTimeoutMs: 60_000 })
  expect(withGroupConfig(usual, configs.of('other'))).toBe(usual)
  changed(configs, { 'consumer.heartbeat.interval.ms': '1000' })
  expect(withGroupConfig(usual, configs.of('g'))).toEqual({ ...usual, sessionTimeoutMs: 60_000, heartbeatIntervalMs: 1000 })
  expect(configs.groups).toEqual(['g'])
  changed(configs, { 'consumer.session.timeout.ms': null, 'consumer.heartbeat.interval.ms': null })
  expect(configs.groups).toEqual([])
})

test.each<Record<string, string | null>>([
  { 'retention.ms': '1' },
  { 'retention.ms': null },
  { 'consumer.session.timeout.ms': '0' },
  { 'consumer.session.timeout.ms': '1.5' },
  { 'consumer.session.timeout.ms': '2147483648' },
  { 'consumer.session.timeout.ms': '' },
  { 'consumer.session.timeout.ms': '5000' },
  { 'consumer.heartbeat.interval.ms': '45000' },
])('%o is refused', (changes) => {
  expect(codeOf(() => new GroupConfigs().change('g', changes, usual))).toBe('INVALID_GROUP_CONFIG')
})

test('a record of another version is refused', () => {
  expect(codeOf(() => new GroupConfigs().replay('group-config/g', '{"v":2,"config":{}}'))).toBe('UNSUPPORTED_FORMAT')
})
