import { describe, expect, test } from 'vitest'
import { checkTopicConfig, settingsOf } from './topic-config.ts'
import { topicSettings } from './topic-settings.ts'

describe('the configuration of a topic', () => {
  test('without settings is what Kafka has by default', () => {
    expect(settingsOf({})).toMatchObject({
      deletes: true,
      compacts: false,
      retentionMs: 604_800_000,
      retentionBytes: Infinity,
      segmentBytes: 1 << 30,
      segmentMs: 604_800_000,
      segmentIndexBytes: 10 << 20,
      maxMessageBytes: 1_048_588,
      maxCompactionLagMs: Infinity,
      timestampAfterMaxMs: 3_600_000,
      compressionType: 'producer',
      minCleanableDirtyRatio: 0.5,
    })
  })

  test('takes every default as a value', () => {
    const defaults = Object.fromEntries(Object.entries(topicSettings).map(([name, setting]) => [name, setting.default]))
    expect(() => checkTopicConfig('t', defaults)).not.toThrow()
    expect(settingsOf(defaults)).toEqual(settingsOf({}))
  })

  test.each([
    ['cleanup.policy', 'shred'],
    ['cleanup.policy', ''],
    ['compression.type', 'brotli'],
    ['compression.gzip.level', '0'],
    ['compression.gzip.level', '10'],
    ['retention.ms', '-2'],
    ['retention.ms', '1e3'],
    ['retention.ms', ' 7'],
    ['segment.bytes', '13'],
    ['segment.bytes', '2147483648'],
    ['segment.ms', '0'],
    ['min.cleanable.dirty.ratio', '1.1'],
    ['min.cleanable.dirty.ratio', '-0.1'],
    ['message.timestamp.type', 'createtime'],
    ['min.insync.replicas', '0'],
    ['remote.storage.enable', 'true'],
    ['max.compaction.lag.ms', '0'],
    ['max.message.bytes', '9223372036854775807'],
  ])('refuses %s=%s and says what is taken', (name, value) => {
    expect(() => checkTopicConfig('t', { [name]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_TOPIC_CONFIG', message: expect.stringContaining(name) }),
    )
  })

  test('refuses what it does not know, and values that are no text', () => {
    expect(() => checkTopicConfig('t', { 'retention.minutes': '5' })).toThrow(/there is no topic setting retention.minutes/)
    expect(() => checkTopicConfig('t', { 'retention.ms': 5 as unknown as string })).toThrow(/received number/)
    expect(() => checkTopicConfig('t', { constructor: '5' })).toThrow(/there is no topic setting constructor/)
  })

  test('refuses settings that contradict each other', () => {
    expect(() => checkTopicConfig('t', { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '9' })).toThrow(/contradict/)
  })

  test('rolls a compacted topic in time for its longest lag', () => {
    expect(settingsOf({ 'cleanup.policy': 'compact', 'max.compaction.lag.ms': '500' }).segmentMs).toBe(500)
    expect(settingsOf({ 'max.compaction.lag.ms': '500' }).segmentMs).toBe(604_800_000)
  })

  test('reads the largest number of Kafka as no limit', () => {
    expect(settingsOf({ 'retention.ms': '9223372036854775807' }).retentionMs).toBe(Infinity)
  })
})
