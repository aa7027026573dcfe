import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, readValues, send, suite } from './bench.ts'

/** Topics and their settings: what `Admin` says of them. */
export function topics(adapter: LogAdapter): void {
  suite(adapter, 'topics', (test) => {
    test('a topic that was made is listed, described, and there after a restart', async (bench) => {
      const topic = await bench.topic(3, { 'retention.ms': '-1' })
      const [before] = await bench.log.admin.describeTopics([topic])
      expect(before).toMatchObject({ topic, partitions: 3, config: { 'retention.ms': '-1' }, internal: false })
      expect(await bench.log.admin.listTopics()).toContain(topic)
      await bench.reopen()
      expect(await bench.log.admin.describeTopics([topic])).toEqual([before])
    })

    test('lists are sorted, and leave internal topics out unless asked', async (bench) => {
      await bench.topic()
      await bench.topic()
      const listed = await bench.log.admin.listTopics()
      expect(listed).toEqual(listed.toSorted())
      expect(listed.filter((topic) => topic.startsWith('__'))).toEqual([])
      const all = await bench.log.admin.listTopics({ internal: true })
      expect(all).toEqual(expect.arrayContaining([...listed, '__consumer_offsets', '__transaction_state']))
      const [offsets] = await bench.log.admin.describeTopics(['__consumer_offsets'])
      expect(offsets).toMatchObject({ internal: true })
      await expectFailure(() => bench.log.admin.listTopics({ all: true } as never), 'UNKNOWN_OPTION', { outcome: 'fatal' })
    })

    test('descriptions come in the order of the names, null where there is none', async (bench) => {
      const [a, b] = [await bench.topic(1), await bench.topic(2)]
      const described = await bench.log.admin.describeTopics([b, bench.name(), a, b])
      expect(described.map((one) => one?.partitions ?? null)).toEqual([2, null, 1, 2])
      expect(await bench.log.admin.describeTopics([])).toEqual([])
    })

    test('creating is all or none', async (bench) => {
      const [good, there] = [bench.name(), await bench.topic()]
      const { admin } = bench.log
      const one = { topic: good, partitions: 1 }
      await expectFailure(() => admin.createTopics([one, { topic: there, partitions: 1 }]), 'TOPIC_EXISTS', { where: there })
      await expectFailure(() => admin.createTopics([one, one]), 'TOPIC_EXISTS')
      await expectFailure(() => admin.createTopics([one, { topic: 'a/b', partitions: 1 }]), 'INVALID_TOPIC_NAME')
      await expectFailure(
        () => admin.createTopics([one, { topic: bench.name(), partitions: 1, config: { no: 'such' } }]),
        'INVALID_TOPIC_CONFIG',
      )
      expect(await admin.describeTopics([good])).toEqual([null])
      await admin.createTopics([])
      await admin.createTopics([one])
      expect(await admin.describeTopics([good])).toMatchObject([{ partitions: 1, config: {} }])
    })

    test('topics that are made at the same time are all there, and of namesakes one is', async (bench) => {
      const names = Array.from({ length: 8 }, () => bench.name())
      const made = await Promise.allSettled(
        [...names, names[0]!].map((topic) => bench.log.admin.createTopics([{ topic, partitions: 1 }])),
      )
      expect(made.filter(({ status }) => status === 'rejected')).toHaveLength(1)
      expect((await bench.log.admin.describeTopics(names)).every((one) => one !== null)).toBe(true)
    })

    for (const [what, name] of [
      ['empty', ''],
      ['one dot', '.'],
      ['two dots', '..'],
      ['a slash', 'a/b'],
      ['a backslash', 'a\\b'],
      ['NUL', 'a\0b'],
      ['a space', 'a b'],
      ['a line break', 'a\n'],
      ['a colon', 'a:b'],
      ['250 characters', 'x'.repeat(250)],
      ['umlauts', 'grüße'],
      ['another script', 'トピック'],
      ['half a surrogate', '\ud800'],
      ['the name of an internal topic', '__consumer_offsets'],
    ] as const) {
      test(`no topic has ${what} for a name`, async (bench) => {
        await expectFailure(() => bench.log.admin.createTopics([{ topic: name, partitions: 1 }]), 'INVALID_TOPIC_NAME', {
          outcome: 'fatal',
          fault: 'caller',
          message: expect.not.stringMatching(/[\0\n]/),
        })
      })
    }

    test('names may be 249 characters long and hold dots, hyphens, capitals', async (bench) => {
      const start = `${bench.name()}.A-9`
      const topic = start.padEnd(249, 'x')
      await bench.log.admin.createTopics([{ topic, partitions: 1 }])
      const producer = await bench.producer()
      await send(producer, { topic, partition: 0 }, ['v'], adapter.now())
      await bench.reopen()
      expect(await readValues(bench, { topic, partition: 0 })).toEqual(['v'])
    })

    test('two names may not differ by dots and underscores alone', async (bench) => {
      const name = bench.name()
      await bench.log.admin.createTopics([{ topic: `${name}.b_c`, partitions: 1 }])
      await expectFailure(() => bench.log.admin.createTopics([{ topic: `${name}_b.c`, partitions: 1 }]), 'INVALID_TOPIC_NAME', {
        message: expect.stringContaining(`${name}.b_c`),
      })
    })

    for (const partitions of [0, -1, 1.5, NaN, Infinity, 2 ** 53, 100_001]) {
      test(`no topic has ${partitions} partitions`, async (bench) => {
        await expectFailure(() => bench.log.admin.createTopics([{ topic: bench.name(), partitions }]), 'INVALID_PARTITIONS')
      })
    }

    test('what is no topic at all is refused with the name of the field', async (bench) => {
      const { admin } = bench.log
      const refused = async (topic: object, code: string, where: string): Promise<void> =>
        expectFailure(() => admin.createTopics([topic as never]), code, { where })
      await refused({ topic: bench.name() }, 'INVALID_OPTION', 'partitions')
      await refused({ topic: 5, partitions: 1 }, 'INVALID_OPTION', 'topic')
      await refused({ topic: bench.name(), partitions: '1' }, 'INVALID_OPTION', 'partitions')
      await refused({ topic: bench.name(), partitions: 1, replicas: 3 }, 'UNKNOWN_OPTION', 'replicas')
      await refused({ topic: bench.name(), partitions: 1, config: 'retention.ms=1' }, 'INVALID_OPTION', 'config')
    })

    test('settings are told with Kafka’s defaults, and which were set', async (bench) => {
      const topic = await bench.topic(1, { 'segment.bytes': '1048576' })
      const entries = await bench.log.admin.describeTopicConfig(topic)
      const named = (name: string): unknown => entries.find((entry) => entry.name === name)
      expect(named('segment.bytes')).toMatchObject({ value: '1048576', isDefault: false })
      expect(named('retention.ms')).toMatchObject({ value: '604800000', isDefault: true })
      expect(named('cleanup.policy')).toMatchObject({ value: 'delete', isDefault: true })
      expect(named('max.message.bytes')).toMatchObject({ value: '1048588', isDefault: true })
      expect(entries.map(({ name }) => name)).toEqual(entries.map(({ name }) => name).toSorted())
      await expectFailure(() => bench.log.admin.describeTopicConfig(bench.name()), 'UNKNOWN_TOPIC')
    })

    test('settings can be changed and reset, all of a call or none, and stay so', async (bench) => {
      const { admin } = bench.log
      const topic = await bench.topic(1, { 'retention.ms': '1000', 'segment.ms': '500' })
      await admin.alterTopicConfig(topic, { 'retention.ms': null, 'retention.bytes': '5', 'segment.bytes': null })
      const config = { 'segment.ms': '500', 'retention.bytes': '5' }
      expect(await admin.describeTopics([topic])).toMatchObject([{ config }])
      await expectFailure(
        () => admin.alterTopicConfig(topic, { 'retention.bytes': '6', 'segment.ms': 'soon' }),
        'INVALID_TOPIC_CONFIG',
        { where: topic, message: expect.stringMatching(/segment\.ms.*expected an integer from 1.*received soon/) },
      )
      await expectFailure(() => admin.alterTopicConfig(bench.name(), {}), 'UNKNOWN_TOPIC')
      await expectFailure(() => admin.alterTopicConfig('__consumer_offsets', { 'retention.ms': '1' }), 'INVALID_TOPIC_NAME')
      await bench.reopen()
      expect((await bench.log.admin.describeTopics([topic]))[0]!.config).toEqual(config)
    })

    for (const [name, value] of [
      ['retention.minutes', '5'],
      ['', ''],
      ['__proto__', '5'],
      ['toString', '5'],
      ['retention.ms', '-2'],
      ['retention.ms', ''],
      ['retention.ms', '1.5'],
      ['retention.ms', '0x10'],
      ['retention.ms', '99999999999999999999'],
      ['cleanup.policy', 'delete,shred'],
      ['compression.type', 'brotli'],
      ['segment.bytes', '0'],
      ['min.cleanable.dirty.ratio', '2'],
      ['min.insync.replicas', '0'],
    ] as const) {
      test(`a topic with ${name}=${value} is refused`, async (bench) => {
        const config = JSON.parse(JSON.stringify([[name, value]])) as [string, string][]
        await expectFailure(
          () => bench.log.admin.createTopics([{ topic: bench.name(), partitions: 1, config: Object.fromEntries(config) }]),
          'INVALID_TOPIC_CONFIG',
          { message: expect.stringContaining('expected') },
        )
      })
    }

    test('settings that contradict each other are refused, also when the second comes later', async (bench) => {
      const contradiction = { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '9' }
      const { admin } = bench.log
      await expectFailure(
        () => admin.createTopics([{ topic: bench.name(), partitions: 1, config: contradiction }]),
        'INVALID_TOPIC_CONFIG',
      )
      const topic = await bench.topic(1, { 'min.compaction.lag.ms': '10' })
      await expectFailure(() => admin.alterTopicConfig(topic, { 'max.compaction.lag.ms': '9' }), 'INVALID_TOPIC_CONFIG')
    })

    test('a deleted topic is gone, and a new one of that name is another and empty', async (bench) => {
      const { admin } = bench.log
      const topic = await bench.topic(2)
      const [before] = await admin.describeTopics([topic])
      const place = { topic, partition: 0 }
      await send(await bench.producer(), place, ['old'], adapter.now())
      await admin.deleteTopics([topic])
      expect(await admin.describeTopics([topic])).toEqual([null])
      await expectFailure(() => admin.listOffsets([{ ...place, at: 'latest' }]), 'UNKNOWN_TOPIC')
      await admin.createTopics([{ topic, partitions: 1 }])
      const [after] = await admin.describeTopics([topic])
      expect(after!.topicId).not.toBe(before!.topicId)
      expect(await admin.listOffsets([{ ...place, at: 'latest' }])).toEqual([0])
      const producer = await bench.producer()
      expect(await send(producer, place, ['new'], adapter.now())).toBe(0)
      await bench.reopen()
      expect(await readValues(bench, place)).toEqual(['new'])
    })

    test('deleting is all or none', async (bench) => {
      const topic = await bench.topic()
      await expectFailure(() => bench.log.admin.deleteTopics([topic, bench.name()]), 'UNKNOWN_TOPIC')
      await expectFailure(() => bench.log.admin.deleteTopics(['__transaction_state']), 'INVALID_TOPIC_NAME')
      expect(await bench.log.admin.listTopics()).toContain(topic)
      await bench.log.admin.deleteTopics([])
      await bench.log.admin.deleteTopics([topic])
      expect(await bench.log.admin.listTopics()).not.toContain(topic)
    })

    test('partitions can be added, never taken away; records stay where they are', async (bench) => {
      const { admin } = bench.log
      const topic = await bench.topic(2)
      const producer = await bench.producer()
      await send(producer, { topic, partition: 1 }, ['old'], adapter.now())
      await admin.addPartitions(topic, 4)
      await send(producer, { topic, partition: 3 }, ['new'], adapter.now())
      expect(await admin.describeTopics([topic])).toMatchObject([{ partitions: 4 }])
      for (const partitions of [4, 3, 0, -1, 4.5, NaN]) {
        await expectFailure(() => admin.addPartitions(topic, partitions), 'INVALID_PARTITIONS', { where: topic })
      }
      await expectFailure(() => admin.addPartitions(bench.name(), 2), 'UNKNOWN_TOPIC')
      await expectFailure(() => admin.addPartitions('__consumer_offsets', 200), 'INVALID_TOPIC_NAME')
      await bench.reopen()
      expect(await readValues(bench, { topic, partition: 1 })).toEqual(['old'])
      expect(await readValues(bench, { topic, partition: 3 })).toEqual(['new'])
    })
  })
}
