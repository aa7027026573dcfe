import type { Consumer, ConsumerOptions, RebalanceListener, TopicPartition } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, failing, send, suite, take, text, valuesOf, type Bench } from './bench.ts'

/** Consumer groups: members, what they share, what they commit, and what an operator does to them. */
export function groups(adapter: LogAdapter): void {
  suite(adapter, 'groups', (test) => {
    /** A topic with so many records in each partition, `<partition>/<number>`. */
    const filled = async (bench: Bench, partitions: number, each: number): Promise<string> => {
      const topic = await bench.topic(partitions)
      const producer = await bench.producer()
      for (let partition = 0; partition < partitions; partition++) {
        const values = Array.from({ length: each }, (_, at) => `${partition}/${at}`)
        if (each > 0) await send(producer, { topic, partition }, values, adapter.now())
      }
      return topic
    }
    const member = async (
      bench: Bench,
      group: string,
      topics: readonly string[] | RegExp,
      more: ConsumerOptions = {},
    ): Promise<Consumer> => {
      const consumer = await bench.consumer({ group, reset: 'earliest', ...more })
      consumer.subscribe(topics)
      return consumer
    }
    const committed = async (bench: Bench, group: string): Promise<string[]> =>
      (await bench.log.admin.groupOffsets(group)).map(({ partition, offset }) => `${partition}@${offset}`).toSorted(byText)

    test('a single member gets all partitions, reads them, and commits', async (bench) => {
      const [topic, group] = [await filled(bench, 3, 2), bench.name()]
      const consumer = await member(bench, group, [topic])
      expect(consumer.membership()).toBeNull()
      expect(consumer.assignment()).toEqual([])
      expect(sorted(await take(consumer, 6))).toEqual(['0/0', '0/1', '1/0', '1/1', '2/0', '2/1'])
      expect(partitionsOf(consumer)).toEqual([0, 1, 2])
      expect(consumer.membership()).toMatchObject({ group, generation: expect.any(Number), member: expect.any(String) })
      expect(await committed(bench, group)).toEqual([])
      await consumer.commit()
      expect(await committed(bench, group)).toEqual(['0@2', '1@2', '2@2'])
    })

    test('two members share the partitions, each of one at a time (C4); who is left gets all, from what is committed', async (bench) => {
      const [topic, group] = [await filled(bench, 4, 1), bench.name()]
      const a = await member(bench, group, [topic])
      await take(a, 4)
      await a.commit()
      const b = await member(bench, group, [topic])
      await balanced([a, b], 4)
      expect(partitionsOf(a)).toHaveLength(2)
      expect(sorted([...partitionsOf(a), ...partitionsOf(b)])).toEqual([0, 1, 2, 3])
      const producer = await bench.producer()
      for (let partition = 0; partition < 4; partition++) await send(producer, { topic, partition }, ['new'], adapter.now())
      expect(await takeAll([a, b], 4)).toEqual(['new', 'new', 'new', 'new'])
      await Promise.all([a.commit(), b.commit()])
      await b.close()
      await balanced([a], 4)
      for (let partition = 0; partition < 4; partition++) await send(producer, { topic, partition }, ['newer'], adapter.now())
      expect(await take(a, 4)).toEqual(['newer', 'newer', 'newer', 'newer'])
    })

    test('what was not committed is read again by who takes over', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 3), bench.name()]
      const a = await member(bench, group, [topic])
      await a.poll({ maxRecords: 1, timeoutMs: 1000 })
      while (a.assignment().length === 0) await a.poll({ maxRecords: 1, timeoutMs: 1000 })
      await a.commit([{ topic, partition: 0, offset: 1 }])
      await take(a, 1)
      await a.close()
      const b = await member(bench, group, [topic])
      expect(await take(b, 2)).toEqual(['0/1', '0/2'])
    })

    for (const assignor of ['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const) {
      test(`three members share by ${assignor}`, async (bench) => {
        const [topic, group] = [await filled(bench, 6, 0), bench.name()]
        const members = await Promise.all([1, 2, 3].map(() => member(bench, group, [topic], { assignor })))
        await balanced(members, 6)
        expect(members.map((one) => partitionsOf(one).length)).toEqual([2, 2, 2])
        expect((await bench.log.admin.describeGroups([group]))[0]).toMatchObject({
          state: 'Stable',
          assignor,
          protocolType: 'consumer',
        })
      })
    }

    test('members without an assignor in common are refused; a list lets a group go over', async (bench) => {
      const [topic, group] = [await filled(bench, 2, 0), bench.name()]
      const first = await member(bench, group, [topic], { assignor: ['sticky', 'range'] })
      await balanced([first], 2)
      const stranger = await member(bench, group, [topic], { assignor: 'roundrobin' })
      await expectFailure(() => pollUntil(stranger, 1), 'INCONSISTENT_GROUP_PROTOCOL', { outcome: 'fatal' })
      await stranger.close()
      const second = await member(bench, group, [topic], { assignor: 'range' })
      await balanced([first, second], 2)
      expect((await bench.log.admin.describeGroups([group]))[0]).toMatchObject({ assignor: 'range' })
    })

    test('topics that match a pattern are read, those that come later too', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 1), bench.name()]
      const consumer = await member(bench, group, new RegExp(`^${topic}(-later)?$`))
      expect(await take(consumer, 1)).toEqual(['0/0'])
      await bench.log.admin.createTopics([
        { topic: `${topic}-later`, partitions: 1 },
        { topic: `${topic}-other`, partitions: 1 },
      ])
      await send(await bench.producer(), { topic: `${topic}-later`, partition: 0 }, ['later'], adapter.now())
      expect(await take(consumer, 1)).toEqual(['later'])
      expect(consumer.assignment().map((place) => place.topic)).toEqual([topic, `${topic}-later`])
    })

    test('a topic of a list may come later; further partitions are taken in', async (bench) => {
      const [topic, group] = [bench.name(), bench.name()]
      const consumer = await member(bench, group, [topic])
      expect(await consumer.poll({ timeoutMs: 20 })).toEqual([])
      await bench.log.admin.createTopics([{ topic, partitions: 1 }])
      await balanced([consumer], 1)
      await bench.log.admin.addPartitions(topic, 2)
      await balanced([consumer], 2)
      await send(await bench.producer(), { topic, partition: 1 }, ['v'], adapter.now())
      expect(await take(consumer, 1)).toEqual(['v'])
    })

    test('subscribing again replaces the topics; unsubscribing gives up all', async (bench) => {
      const [one, two, group] = [await filled(bench, 1, 1), await filled(bench, 1, 1), bench.name()]
      const consumer = await member(bench, group, [one])
      await take(consumer, 1)
      consumer.subscribe([two])
      await take(consumer, 1)
      expect(consumer.assignment()).toEqual([{ topic: two, partition: 0 }])
      await consumer.unsubscribe()
      expect(consumer.assignment()).toEqual([])
      expect(consumer.membership()).toBeNull()
      expect((await bench.log.admin.describeGroups([group]))[0]!.members).toEqual([])
    })

    for (const topics of [[], '', 'topic', null, [5], {}] as never[]) {
      test(`${JSON.stringify(topics)} cannot be subscribed to`, async (bench) => {
        const consumer = await bench.consumer({ group: bench.name() })
        await expectFailure(() => consumer.subscribe(topics), 'INVALID_OPTION', { where: 'topics' })
      })
    }

    test('listeners hear what comes and goes, inside poll, before the first record', async (bench) => {
      const [topic, group] = [await filled(bench, 2, 1), bench.name()]
      const heard: string[] = []
      const listener: RebalanceListener = {
        onAssigned: (places) => void heard.push(`assigned ${numbers(places)}`),
        onRevoked: (places) => void heard.push(`revoked ${numbers(places)}`),
      }
      const a = await bench.consumer({ group, reset: 'earliest' })
      a.subscribe([topic], listener)
      expect(heard).toEqual([])
      await take(a, 2)
      expect(heard).toEqual(['assigned 0 1'])
      const b = await member(bench, group, [topic])
      await balanced([a, b], 2)
      expect(heard.filter((line) => line !== 'assigned ')).toEqual(['assigned 0 1', expect.stringMatching(/^revoked [01]$/)])
      const kept = partitionsOf(a)[0]!
      await a.close()
      expect(heard.at(-1)).toBe(`revoked ${kept}`)
    })

    test('a listener may commit when partitions go, and seek when they come', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 3), bench.name()]
      const a = await bench.consumer({ group, reset: 'earliest' })
      a.subscribe([topic], { onRevoked: () => a.commit() })
      await take(a, 3)
      await a.close()
      expect(await committed(bench, group)).toEqual(['0@3'])
      const b = await bench.consumer({ group, reset: 'earliest' })
      b.subscribe([topic], { onAssigned: (places) => places.forEach((place) => b.seek(place, 1)) })
      expect(await take(b, 2)).toEqual(['0/1', '0/2'])
    })

    test('what a listener throws comes out of poll, once', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 1), bench.name()]
      const consumer = await bench.consumer({ group, reset: 'earliest' })
      let calls = 0
      consumer.subscribe([topic], {
        onAssigned: () => {
          calls++
          throw new RangeError('mine')
        },
      })
      await expect(pollUntil(consumer, 1)).rejects.toEqual(new RangeError('mine'))
      expect(await take(consumer, 1)).toEqual(['0/0'])
      expect(calls).toBe(1)
    })

    test('without commit and reset policy a member is told so, until it seeks', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 1), bench.name()]
      const consumer = await bench.consumer({ group })
      consumer.subscribe([topic])
      await expectFailure(() => pollUntil(consumer, 1), 'NO_OFFSET')
      consumer.seek({ topic, partition: 0 }, 0)
      expect(await take(consumer, 1)).toEqual(['0/0'])
    })

    test('automatic commits cover what was given out once the next poll is called, and nothing of the last one', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 4), bench.name()]
      const consumer = await member(bench, group, [topic], { autoCommitIntervalMs: 0 })
      const polled = async (): Promise<void> => {
        while (valuesOf(await consumer.poll({ maxRecords: 1, timeoutMs: 1000 })).length === 0);
      }
      await polled()
      expect(await committed(bench, group)).toEqual([])
      await polled()
      expect(await committed(bench, group)).toEqual(['0@1'])
      await polled()
      await consumer.close()
      expect(await committed(bench, group)).toEqual(['0@2'])
      const next = await member(bench, group, [topic])
      expect(await take(next, 2)).toEqual(['0/2', '0/3'])
    })

    test('a static member comes back to what it had; a second instance fences the first', async (bench) => {
      const [topic, group] = [await filled(bench, 2, 0), bench.name()]
      const first = await member(bench, group, [topic], { groupInstanceId: 'one' })
      const other = await member(bench, group, [topic], { groupInstanceId: 'two' })
      await balanced([first, other], 2)
      const had = partitionsOf(first)
      await first.close()
      await other.poll({ timeoutMs: 20 })
      expect(partitionsOf(other)).toHaveLength(1)
      const second = await member(bench, group, [topic], { groupInstanceId: 'one' })
      await pollUntil(second, 1)
      expect(partitionsOf(second)).toEqual(had)
      expect(second.membership()).toMatchObject({ instance: 'one' })
      const third = await member(bench, group, [topic], { groupInstanceId: 'one' })
      await pollUntil(third, 1)
      await expectFailure(() => second.commit([{ topic, partition: had[0]!, offset: 0 }]), 'FENCED_INSTANCE_ID', {
        outcome: 'fenced',
      })
      await expectFailure(() => second.poll(), 'FENCED_INSTANCE_ID')
      await expectFailure(() => second.poll(), 'FENCED_INSTANCE_ID')
    })

    if (adapter.capabilities.virtualTime) {
      test('whoever does not poll is expelled: its partitions go to others, its commits are refused', async (bench) => {
        const [topic, group] = [await filled(bench, 1, 2), bench.name()]
        const lost: string[] = []
        const silent = await bench.consumer({ group, reset: 'earliest', maxPollIntervalMs: 10_000 })
        silent.subscribe([topic], { onLost: (places) => void lost.push(numbers(places)) })
        await take(silent, 2)
        await adapter.pass(25_000)
        const heir = await member(bench, group, [topic])
        expect(await take(heir, 2)).toEqual(['0/0', '0/1'])
        await expectFailure(() => silent.commit(), 'UNKNOWN_MEMBER_ID', { outcome: 'fenced' })
        await silent.poll({ timeoutMs: 20 })
        expect(lost).toEqual(['0'])
      })
    }

    test('somebody outside the group commits while it is empty only', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 2), bench.name()]
      const outside = await bench.consumer({ group })
      await outside.assign([{ topic, partition: 0, offset: 0 }])
      await take(outside, 2)
      await outside.commit()
      expect(await committed(bench, group)).toEqual(['0@2'])
      const inside = await member(bench, group, [topic])
      await balanced([inside], 1)
      await expectFailure(() => outside.commit([{ topic, partition: 0, offset: 1 }]), 'UNKNOWN_MEMBER_ID', { outcome: 'fenced' })
      const producer = await bench.producer({ transactionalId: bench.name() })
      await producer.transact({ batches: [], offsets: { group, positions: [{ topic, partition: 0, offset: 1 }] } })
      expect(await committed(bench, group)).toEqual(['0@1'])
    })

    test('groups are listed and described, also those that only committed, and those that are not there', async (bench) => {
      const { admin } = bench.log
      const [topic, live, bare] = [await filled(bench, 2, 0), bench.name(), bench.name()]
      const consumer = await member(bench, live, [topic], { groupInstanceId: 'static' })
      await balanced([consumer], 2)
      await admin.alterGroupOffsets(bare, [{ topic, partition: 0, offset: 0 }])
      const listed = (await admin.listGroups()).filter(({ group }) => group === live || group === bare)
      expect(listed).toEqual([
        { group: live, state: 'Stable', protocolType: 'consumer' },
        { group: bare, state: 'Empty', protocolType: '' },
      ])
      const [details, dead] = await admin.describeGroups([live, bench.name()])
      expect(details).toMatchObject({ group: live, state: 'Stable', generation: 1 })
      expect(details!.members).toMatchObject([{ member: consumer.membership()!.member, instance: 'static' }])
      expect(sorted(details!.members[0]!.partitions.map(({ partition }) => partition))).toEqual([0, 1])
      expect(dead).toMatchObject({ state: 'Dead', members: [] })
    })

    test('deleting a group forgets what it committed; one with members stays', async (bench) => {
      const { admin } = bench.log
      const [topic, group] = [await filled(bench, 1, 1), bench.name()]
      const consumer = await member(bench, group, [topic])
      await take(consumer, 1)
      await consumer.commit()
      await expectFailure(() => admin.deleteGroups([group]), 'NON_EMPTY_GROUP', { where: group, outcome: 'fatal' })
      await consumer.close()
      await admin.deleteGroups([group])
      expect(await admin.groupOffsets(group)).toEqual([])
      expect((await admin.listGroups()).map((one) => one.group)).not.toContain(group)
      await expectFailure(() => admin.deleteGroups([group]), 'GROUP_NOT_FOUND', { where: group, outcome: 'fatal' })
    })

    test('offsets of a group can be set, and deleted, while nobody stands in the way', async (bench) => {
      const { admin } = bench.log
      const [topic, group] = [await filled(bench, 2, 3), bench.name()]
      const [a, b] = [0, 1].map((partition) => ({ topic, partition })) as [TopicPartition, TopicPartition]
      await admin.alterGroupOffsets(group, [
        { ...a, offset: 1 },
        { ...b, offset: 2, metadata: 'm' },
      ])
      expect(
        sorted((await admin.groupOffsets(group)).map(({ partition, offset, metadata }) => `${partition} ${offset} ${metadata}`)),
      ).toEqual(['0 1 ', '1 2 m'])
      await expectFailure(() => admin.alterGroupOffsets(group, [{ ...a, offset: -1 }]), 'NUMBER_OUT_OF_RANGE')
      await expectFailure(() => admin.alterGroupOffsets(group, [{ ...a, partition: 7, offset: 0 }]), 'UNKNOWN_PARTITION')
      await expectFailure(() => admin.alterGroupOffsets(group, [{ ...a, topic: bench.name(), offset: 0 }]), 'UNKNOWN_TOPIC')
      const consumer = await member(bench, group, [topic])
      await balanced([consumer], 2)
      await expectFailure(() => admin.alterGroupOffsets(group, [{ ...a, offset: 0 }]), 'NON_EMPTY_GROUP')
      await expectFailure(() => admin.resetGroupOffsets(group, [a], 'earliest'), 'NON_EMPTY_GROUP')
      await expectFailure(() => admin.deleteGroupOffsets(group, [a]), 'GROUP_SUBSCRIBED_TO_TOPIC', { outcome: 'fatal' })
      await consumer.close()
      await admin.deleteGroupOffsets(group, [a])
      expect(await committed(bench, group)).toEqual(['1@2'])
      await expectFailure(() => admin.deleteGroupOffsets(bench.name(), [a]), 'GROUP_NOT_FOUND')
    })

    test('a group is reset to a place in the log, which is told', async (bench) => {
      const { admin } = bench.log
      const [topic, group] = [await bench.topic(), bench.name()]
      const place = { topic, partition: 0 }
      const producer = await bench.producer()
      const start = adapter.now() - 100_000
      for (let at = 0; at < 5; at++) await send(producer, place, [`${at}`], start + at * 1000)
      await admin.deleteRecords([{ ...place, before: 1 }])
      const reset = async (to: Parameters<typeof admin.resetGroupOffsets>[2]): Promise<number> => {
        const [position] = await admin.resetGroupOffsets(group, [place], to)
        expect(await admin.groupOffsets(group)).toMatchObject([{ ...place, offset: position!.offset }])
        return position!.offset
      }
      expect(await reset('earliest')).toBe(1)
      expect(await reset('latest')).toBe(5)
      expect(await reset({ timestamp: start + 1500 })).toBe(2)
      expect(await reset({ timestamp: start + 2000 })).toBe(2)
      expect(await reset({ timestamp: start + 90_000 })).toBe(5)
      expect(await reset({ timestamp: 0 })).toBe(1)
      expect(await reset({ durationMs: 200_000 })).toBe(1)
      expect(await reset({ durationMs: 0 })).toBe(5)
      expect(await reset({ offset: 3 })).toBe(3)
      expect(await reset({ offset: 0 })).toBe(1)
      expect(await reset({ offset: 900 })).toBe(5)
      for (const bad of ['end', 5, null, {}, { offset: -1 }, { timestamp: 0.5 }, { durationMs: NaN }] as never[]) {
        await expectFailure(() => admin.resetGroupOffsets(group, [place], bad), 'INVALID_OPTION', {
          message: expect.stringContaining('expected'),
        })
      }
      await expectFailure(() => admin.resetGroupOffsets(group, [{ ...place, partition: 1 }], 'latest'), 'UNKNOWN_PARTITION')
    })

    test('lag counts to the last stable offset, or to the high watermark', async (bench) => {
      const { admin } = bench.log
      const [topic, group] = [await filled(bench, 2, 3), bench.name()]
      const place = { topic, partition: 0 }
      await admin.alterGroupOffsets(group, [{ ...place, offset: 1 }])
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      const batch = producer.batch(topic, 0)
      batch.append(null, 'open', adapter.now())
      await transaction.send(batch)
      expect(await admin.groupLag(group)).toEqual([{ ...place, committed: 1, end: 3, lag: 2 }])
      expect(await admin.groupLag(group, { isolation: 'read_uncommitted' })).toEqual([{ ...place, committed: 1, end: 4, lag: 3 }])
      await transaction.abort()
      await expectFailure(() => admin.groupLag(group, { isolation: 'dirty' as never }), 'INVALID_OPTION')
      expect(await admin.groupLag(bench.name())).toEqual([])
      await admin.alterGroupOffsets(group, [{ ...place, offset: 50 }])
      expect(await admin.groupLag(group)).toMatchObject([{ lag: 0 }])
    })

    test('a member waits for the transaction that commits where it begins (KIP-447)', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 3), bench.name()]
      const place = { topic, partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await transaction.sendOffsets({ group, positions: [{ ...place, offset: 2 }] })
      const consumer = await member(bench, group, [topic])
      const seen = take(consumer, 1)
      await transaction.commit()
      expect(await seen).toEqual(['0/2'])
    })

    test('what was committed for a topic goes with it', async (bench) => {
      const [topic, group] = [await filled(bench, 1, 3), bench.name()]
      await bench.log.admin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 2 }])
      await bench.log.admin.deleteTopics([topic])
      await bench.log.admin.createTopics([{ topic, partitions: 1 }])
      expect(await bench.log.admin.groupOffsets(group)).toEqual([])
    })

    test('a poll of a member is given back to who closes it', async (bench) => {
      const consumer = await member(bench, bench.name(), [await filled(bench, 1, 0)])
      await balanced([consumer], 1)
      const waiting = consumer.poll({ timeoutMs: 20_000 }).then(valuesOf, (error: unknown) => error)
      await consumer.close()
      expect(await waiting).toEqual(failing('CLOSED'))
    })
  })
}

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function sorted<T>(values: readonly T[]): T[] {
  return values.toSorted((a, b) => byText(String(a), String(b)))
}

function numbers(places: readonly TopicPartition[]): string {
  return sorted(places.map(({ partition }) => partition)).join(' ')
}

function partitionsOf(consumer: Consumer): number[] {
  return sorted(consumer.assignment().map(({ partition }) => partition))
}

/** Polls until the member has so many partitions. */
async function pollUntil(consumer: Consumer, partitions: number): Promise<void> {
  while (consumer.assignment().length < partitions) await consumer.poll({ timeoutMs: 50, maxRecords: 1 })
}

/** All poll together until they have so many partitions between them, spread as evenly as can be. */
async function balanced(members: readonly Consumer[], partitions: number): Promise<void> {
  const isBalanced = (): boolean => {
    const counts = members.map((one) => one.assignment().length)
    const total = counts.reduce((sum, count) => sum + count, 0)
    return total === partitions && Math.max(...counts) - Math.min(...counts) <= 1
  }
  while (!isBalanced()) await Promise.all(members.map((one) => one.poll({ timeoutMs: 20 })))
}

async function takeAll(members: readonly Consumer[], count: number): Promise<(string | null)[]> {
  const values: (string | null)[] = []
  while (values.length < count) {
    for (const batches of await Promise.all(members.map((one) => one.poll({ timeoutMs: 20 })))) {
      for (const batch of batches) values.push(...batch.toArray().map(({ value }) => text(value)))
    }
  }
  return values
}
