import { describe, expect, test } from 'vitest'
import { Metadata, type TopicMetadata } from './metadata.ts'

const topic = (name: string, more: Partial<TopicMetadata> = {}): TopicMetadata => ({
  topic: name,
  topicId: 'ab'.repeat(16),
  partitions: 2,
  config: {},
  internal: false,
  ...more,
})

function created(...names: readonly string[]): Metadata {
  const metadata = new Metadata()
  for (const name of names) metadata.replay(metadata.createTopic(topic(name)))
  return metadata
}

describe('metadata', () => {
  test('a topic is there once its record is replayed, and not before', () => {
    const metadata = new Metadata()
    const record = metadata.createTopic(topic('orders', { config: { 'retention.ms': '-1' } }))
    expect(metadata.topic('orders')).toBeUndefined()
    metadata.replay(record)
    expect(metadata.topic('orders')).toEqual(topic('orders', { config: { 'retention.ms': '-1' } }))
  })

  test.each(['', '.', '..', 'a/b', '../x', 'a b', 'ä', 'a\u0000', 'x'.repeat(250)])('the name %j is refused', (name) => {
    expect(() => new Metadata().createTopic(topic(name))).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC_NAME' }))
  })

  test('a name of 249 characters is taken', () => {
    expect(created('x'.repeat(249)).topic('x'.repeat(249))).toBeDefined()
  })

  test('a second topic of the name is refused, and one that differs by "." and "_" only', () => {
    const metadata = created('a.b')
    expect(() => metadata.createTopic(topic('a.b'))).toThrow(expect.objectContaining({ code: 'TOPIC_EXISTS' }))
    expect(() => metadata.createTopic(topic('a_b'))).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC_NAME' }))
  })

  test.each([0, -1, 1.5, Number.NaN, 100_001])('%s partitions are refused', (partitions) => {
    expect(() => new Metadata().createTopic(topic('a', { partitions }))).toThrow(
      expect.objectContaining({ code: 'INVALID_PARTITIONS' }),
    )
  })

  test.each([
    ['no.such.setting', '1'],
    ['retention.ms', 'soon'],
    ['retention.ms', '-2'],
    ['cleanup.policy', 'keep'],
    ['segment.bytes', '13'],
    ['constructor', '1'],
  ])('the setting %s=%s is refused', (name, value) => {
    expect(() => new Metadata().createTopic(topic('a', { config: { [name]: value } }))).toThrow(
      expect.objectContaining({ code: 'INVALID_TOPIC_CONFIG' }),
    )
  })

  test('settings are changed one by one, and reset by null', () => {
    const metadata = created('a')
    metadata.replay(metadata.alterTopicConfig('a', { 'retention.ms': '5', 'segment.bytes': '100' }))
    metadata.replay(metadata.alterTopicConfig('a', { 'retention.ms': null }))
    expect(metadata.topic('a')?.config).toEqual({ 'segment.bytes': '100' })
    expect(() => metadata.alterTopicConfig('b', {})).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC' }))
  })

  test('SEC-31: a setting of the name __proto__ is refused as any other that there is not', () => {
    const metadata = created('t')
    const poisoned = JSON.parse('{"__proto__":"x"}') as Record<string, string>
    expect(() => metadata.alterTopicConfig('t', poisoned)).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC_CONFIG' }))
  })

  test('a deleted topic is remembered until its folders are removed', () => {
    const metadata = created('a')
    for (const record of metadata.deleteTopic('a')) metadata.replay(record)
    expect(metadata.topic('a')).toBeUndefined()
    expect(metadata.deletedTopics).toEqual([{ topicId: 'ab'.repeat(16), topic: 'a', partitions: 2 }])
    metadata.replay(metadata.foldersRemoved('ab'.repeat(16)))
    expect(metadata.deletedTopics).toEqual([])
  })

  test('a record of an unknown kind or version is refused, not skipped', () => {
    expect(() => new Metadata().replay({ key: 'quota/x', value: '{}' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
    )
    expect(() => new Metadata().replay({ key: 'topic/x', value: '{"v":9}' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
    )
  })
})
