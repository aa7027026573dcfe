import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BothServers, type Side } from './both-servers.ts'
import { base64 } from './millrace-records.ts'

const assignors = {
  range: 'org.apache.kafka.clients.consumer.RangeAssignor',
  roundrobin: 'org.apache.kafka.clients.consumer.RoundRobinAssignor',
  sticky: 'org.apache.kafka.clients.consumer.StickyAssignor',
  'cooperative-sticky': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
} as const

/** Java's clients see on a served log what they see on a Kafka. */
describe("Java's clients, on a Kafka and on a served log", () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await BothServers.start()
  })

  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
  })

  /** The same of both, and what it should be. */
  async function same<T>(scenario: (side: Side) => Promise<T>, expected: T): Promise<void> {
    const [theirs, ours] = await servers.both(scenario)
    expect(theirs, 'Kafka').toEqual(expected)
    expect(ours, 'Millrace').toEqual(expected)
  }

  test.for(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('produce and consume with %s', (codec) =>
    same(
      async (side) => {
        const topic = `codec-${codec}`
        const { driver } = side
        await driver.call('openProducer', { producer: codec, config: { 'compression.type': codec, 'linger.ms': '1000' } })
        const offsets = await send(side, codec, topic, ['a', 'b', 'c'.repeat(5_000)]) // makes its topic
        await driver.call('closeProducer', { producer: codec })
        const read = await driver.call('consume', { topic, partition: 0, isolation: 'read_committed' })
        return { offsets, read: read.map(({ value }) => Buffer.from(value!, 'base64').length) }
      },
      { offsets: [0, 1, 2], read: [1, 1, 5_000] },
    ),
  )

  test.for([
    ['range', 4],
    ['roundrobin', 4],
    ['sticky', 4],
    ['cooperative-sticky', 2],
  ] as const)('two members share with %s; %i partitions are revoked when the second comes', ([assignor, revoked]) =>
    same((side) => share(side, `shared-${assignor}`, { 'partition.assignment.strategy': assignors[assignor] }), {
      alone: 4,
      shares: [2, 2],
      revoked,
      all: 4,
      read: ['0', '1', '2', '3'],
      left: 4,
    }),
  )

  test('a static member that comes back has its partitions again', () =>
    same(
      async (side) => {
        const { driver } = side
        await driver.call('createTopic', { topic: 'static', partitions: 2, config: {} })
        const open = (consumer: string): Promise<null> =>
          driver.call('openConsumer', {
            consumer,
            config: { ...member('static'), 'group.instance.id': consumer },
            topics: ['static'],
          })
        await open('s1')
        await open('s2')
        const before = await settled(side, ['s1', 's2'], (counts) => counts.every((count) => count === 1))
        await driver.call('closeConsumer', { consumer: 's1' })
        await open('s1')
        const after = await settled(side, ['s1', 's2'], (counts) => counts.every((count) => count === 1))
        for (const consumer of ['s1', 's2']) await driver.call('closeConsumer', { consumer })
        return { same: JSON.stringify(before.assigned) === JSON.stringify(after.assigned), revoked: after.revoked }
      },
      { same: true, revoked: 0 },
    ))

  test('reads, processes and writes in transactions, some aborted; a member that was replaced is refused', () =>
    same(copyInTransactions, {
      written: ['0!', '1!', '2!', '3!', '4!', '5!'],
      committed: [6],
      fenced: 'FencedInstanceIdException',
    }))

  test("the admin client's calls answer the same", async () => {
    const [theirs, ours] = await servers.both(({ driver }) => driver.call('administer', { topic: 'administered' }))
    expect(Object.keys(theirs).length).toBeGreaterThan(40)
    expect(ours).toEqual({ ...theirs, ...otherHere })
  })
})

/** What a log of one node answers otherwise, and why. */
const otherHere: Readonly<Record<string, unknown>> = {
  // The group was made by offsets only, and is gone with the last of them; Kafka forgets it some minutes later.
  deleteConsumerGroups: 'GroupIdNotFoundException',
  // There are no delegation tokens, which Kafka says with another error without authentication.
  describeDelegationToken: 'UnsupportedVersionException',
  // There is one node, and it cannot go.
  unregisterBroker: 'UnsupportedVersionException',
}

const member = (group: string): Record<string, string> => ({
  'group.id': group,
  'auto.offset.reset': 'earliest',
  'heartbeat.interval.ms': '100',
  'enable.auto.commit': 'false',
})

function send({ driver }: Side, producer: string, topic: string, values: readonly string[]): Promise<readonly number[]> {
  const records = values.map((value) => ({ topic, partition: 0, key: null, headers: [], value: base64(value) }))
  return driver.call('send', { producer, records })
}

interface Settled {
  readonly assigned: readonly (readonly string[])[]
  readonly revoked: number
  readonly values: readonly string[]
}

/** Polls all in turn until so many partitions are with each. */
async function settled(
  { driver }: Side,
  consumers: readonly string[],
  enough: (counts: readonly number[]) => boolean,
): Promise<Settled> {
  const values: string[] = []
  let revoked = 0
  for (let round = 0; round < 400; round++) {
    const assigned: (readonly string[])[] = []
    for (const consumer of consumers) {
      const polled = await driver.call('poll', { consumer, forMs: 20 })
      values.push(...polled.records.map(({ value }) => value))
      if (consumer === consumers[0]) revoked += polled.revoked.length
      assigned.push(polled.assigned)
    }
    if (enough(assigned.map(({ length }) => length))) return { assigned, revoked, values }
  }
  throw new Error(`the members ${consumers.join(', ')} do not settle`)
}

async function share(side: Side, topic: string, more: Readonly<Record<string, string>>): Promise<unknown> {
  const { driver } = side
  await driver.call('createTopic', { topic, partitions: 4, config: {} })
  const open = (consumer: string): Promise<null> =>
    driver.call('openConsumer', { consumer, config: { ...member(topic), ...more }, topics: [topic] })
  const [one, two] = [`${topic}-1`, `${topic}-2`]
  await open(one)
  const alone = await settled(side, [one], ([count]) => count === 4)
  await open(two)
  const both = await settled(side, [one, two], (counts) => counts.every((count) => count === 2))
  await driver.call('openProducer', { producer: topic, config: {} })
  const records = [0, 1, 2, 3].map((partition) => ({
    topic,
    partition,
    key: null,
    headers: [],
    value: base64(String(partition)),
  }))
  await driver.call('send', { producer: topic, records })
  await driver.call('closeProducer', { producer: topic })
  const values = [...alone.values, ...both.values]
  while (values.length < 4) values.push(...(await settled(side, [one, two], () => true)).values)
  await driver.call('closeConsumer', { consumer: one })
  const left = await settled(side, [two], ([count]) => count === 4)
  await driver.call('closeConsumer', { consumer: two })
  return {
    alone: alone.assigned[0]!.length,
    shares: both.assigned.map(({ length }) => length),
    revoked: both.revoked,
    all: new Set(both.assigned.flat()).size,
    read: values.toSorted(),
    left: left.assigned[0]!.length,
  }
}

async function copyInTransactions(side: Side): Promise<unknown> {
  const { driver } = side
  for (const topic of ['in', 'out']) await driver.call('createTopic', { topic, partitions: 1, config: {} })
  await driver.call('openProducer', { producer: 'plain', config: {} })
  await send(side, 'plain', 'in', ['0', '1', '2', '3', '4', '5'])
  await driver.call('openProducer', { producer: 'copier', config: { 'transactional.id': 'copier' } })
  for (const [attempt, how] of (['abort', 'commit'] as const).entries()) {
    const consumer = `copies-${attempt}`
    const config = { ...member('copies'), 'isolation.level': 'read_committed' }
    await driver.call('openConsumer', { consumer, config, topics: ['in'] })
    const values: string[] = []
    while (values.length < 6)
      values.push(...(await driver.call('poll', { consumer, forMs: 500 })).records.map(({ value }) => value))
    await driver.call('begin', { producer: 'copier' })
    await send(
      side,
      'copier',
      'out',
      values.map((value) => `${value}!`),
    )
    await driver.call('sendPositions', { producer: 'copier', consumer })
    await driver.call('end', { producer: 'copier', transactionalId: 'copier', how })
    if (how === 'abort') await driver.call('closeConsumer', { consumer })
  }
  const written = await driver.call('consume', { topic: 'out', partition: 0, isolation: 'read_committed' })
  const committed = await driver.call('groupOffsets', { group: 'copies' })
  return {
    written: written.map(({ value }) => Buffer.from(value!, 'base64').toString()),
    committed: committed.map(({ offset }) => offset),
    fenced: await refusalOfReplaced(side),
  }
}

/** A static member is replaced by another one of its name; what the old one then commits is refused. */
async function refusalOfReplaced({ driver }: Side): Promise<string> {
  const config = { ...member('replaced'), 'group.instance.id': 'i' }
  for (const consumer of ['old', 'new']) {
    await driver.call('openConsumer', { consumer, config, topics: ['in'] })
    while ((await driver.call('poll', { consumer, forMs: 200 })).assigned.length === 0);
  }
  await driver.call('begin', { producer: 'copier' })
  const refused = await driver.call('sendPositions', { producer: 'copier', consumer: 'old' }).then(
    () => 'nothing',
    (error: { type: string }) => error.type,
  )
  await driver.call('end', { producer: 'copier', transactionalId: 'copier', how: 'abort' })
  return refused
}
