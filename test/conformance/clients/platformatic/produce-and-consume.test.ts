import { expect, test } from 'vitest'
import { valuesIn } from '../with-served.ts'
import { withPlatformatic } from './with-platformatic.ts'

async function first(stream: AsyncIterable<{ readonly value: string }>, count: number): Promise<string[]> {
  const values: string[] = []
  for await (const { value } of stream) {
    values.push(value)
    if (values.length === count) break
  }
  return values
}

test.for(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('keys, headers and timestamps, with %s', (compression) =>
  withPlatformatic(async ({ producer, consumer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const messages = Array.from({ length: 100 }, (_, n) => ({
      topic: 't',
      key: `k${n}`,
      value: `value ${n}`,
      headers: { n: String(n) },
      timestamp: 1_000n + BigInt(n),
    }))
    const sent = await producer().send({ messages, compression })
    expect(sent.offsets).toEqual([{ topic: 't', partition: 0, offset: 0n }])
    expect(await valuesIn(log, 't')).toEqual(messages.map(({ value }) => value))
    const seen = []
    for await (const message of await consumer().consume({ topics: ['t'], mode: 'earliest' })) {
      seen.push(message)
      if (seen.length === messages.length) break
    }
    expect(
      seen.map(({ key, value, offset, timestamp, headers }) => ({ key, value, offset, timestamp, n: headers.get('n') })),
    ).toEqual(messages.map(({ key, value, timestamp }, n) => ({ key, value, timestamp, offset: BigInt(n), n: String(n) })))
  }),
)

test('an idempotent producer writes each record once', () =>
  withPlatformatic(async ({ producer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const sender = producer({ idempotent: true })
    const values = Array.from({ length: 20 }, (_, n) => String(n))
    for (const value of values) await sender.send({ messages: [{ topic: 't', value }] })
    expect(await valuesIn(log, 't')).toEqual(values)
  }))

test('a topic is made by whoever writes to it first', () =>
  withPlatformatic(async ({ producer, log }) => {
    await producer().send({ messages: [{ topic: 'new', key: 'k', value: 'v' }], autocreateTopics: true })
    expect(await log.admin.describeTopics(['new'])).toMatchObject([{ partitions: 2 }])
  }))

test('a group: its offsets are committed, and the next member goes on there', () =>
  withPlatformatic(async ({ producer, consumer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const sender = producer()
    const send = (value: string): Promise<unknown> => sender.send({ messages: [{ topic: 't', value }] })
    await send('a')
    await send('b')
    const before = consumer()
    const stream = await before.consume({ topics: ['t'], mode: 'committed', fallbackMode: 'earliest', autocommit: false })
    for await (const message of stream) {
      await message.commit()
      if (message.value === 'b') break
    }
    await before.close(true)
    expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 't', partition: 0, offset: 2 }])
    await send('c')
    expect(await first(await consumer().consume({ topics: ['t'], mode: 'committed' }), 1)).toEqual(['c'])
  }))

test('two members share the partitions', () =>
  withPlatformatic(async ({ consumer, admin, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 4 }])
    const members = [consumer(), consumer({ groupInstanceId: 'static' })]
    for (const member of members) await member.consume({ topics: ['t'], mode: 'latest' })
    const shares = (): number[][] => members.map(({ assignments }) => assignments?.flatMap(({ partitions }) => partitions) ?? [])
    await expect.poll(() => shares().map((share) => share.length), { timeout: 20_000 }).toEqual([2, 2])
    expect(new Set(shares().flat())).toEqual(new Set([0, 1, 2, 3]))
    const described = (await admin.describeGroups({ groups: ['g'] })).get('g')!
    expect(new Set(Array.from(described.members.values(), ({ groupInstanceId }) => groupInstanceId))).toEqual(
      new Set([null, 'static']),
    )
  }))
