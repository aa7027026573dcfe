import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeWorld } from '@millrace/core'
import { runCommand } from '@millrace/core/cli'
import { KafkaBroker } from './kafka-broker.ts'
import { base64 } from './millrace-records.ts'

/** Our command line on an Apache Kafka: `--bootstrap-server` leads to either. */
let kafka: KafkaBroker

beforeAll(async () => {
  kafka = await KafkaBroker.start()
})

afterAll(() => kafka?.[Symbol.asyncDispose]())

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function millrace(line: string, input = ''): Promise<Outcome> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommand([...line.split(' '), '--bootstrap-server', kafka.bootstrap], {
    world: nodeWorld(),
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    input: Readable.from([Buffer.from(input)]),
    stop: () => new AbortController().signal,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

async function json(line: string): Promise<unknown> {
  const { code, out, err } = await millrace(`${line} --json`)
  expect({ code, err }).toMatchObject({ code: 0 })
  return JSON.parse(out)
}

test('topics are made, described, altered and deleted', async () => {
  expect(await millrace('topics create --topic a --partitions 2 --config retention.ms=7000')).toMatchObject({ code: 0 })
  expect(await millrace('topics create --topic a')).toMatchObject({ code: 1, err: expect.stringContaining('TOPIC_EXISTS') })
  expect(await millrace('topics create --topic b/c')).toMatchObject({
    code: 1,
    err: expect.stringContaining('INVALID_TOPIC_NAME'),
  })
  expect(await millrace('topics create --topic b --config retention.ms=x')).toMatchObject({
    code: 1,
    err: expect.stringContaining('INVALID_TOPIC_CONFIG'),
  })
  expect(await millrace('topics alter --topic a --partitions 3')).toMatchObject({ code: 0 })
  expect(await millrace('topics alter --topic a --partitions 1')).toMatchObject({
    code: 1,
    err: expect.stringContaining('INVALID_PARTITIONS'),
  })
  const [topic] = (await json('topics describe --topic a')) as readonly Record<string, unknown>[]
  expect(topic).toMatchObject({ topic: 'a', partitions: 3, internal: false, config: { 'retention.ms': '7000' } })
  expect(topic!['offsets']).toContainEqual({ partition: 2, logStart: 0, lastStable: 0, logEnd: 0 })
  expect(await millrace('configs alter --topic a --add-config segment.bytes=2000000 --delete-config retention.ms')).toMatchObject(
    {
      code: 0,
    },
  )
  expect(await json('configs describe --topic a')).toMatchObject([{ name: 'segment.bytes', value: '2000000' }])
  expect(await millrace('topics delete --topic a')).toMatchObject({ code: 0, out: 'deleted a' })
  expect(await millrace('topics describe --topic a')).toMatchObject({ code: 1, err: expect.stringContaining('UNKNOWN_TOPIC') })
})

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('records are produced with %s, and consumed', async (codec) => {
  const topic = `records-${codec}`
  await millrace(`topics create --topic ${topic} --partitions 2`)
  const lines = Array.from({ length: 500 }, (_, n) => JSON.stringify({ key: `k${n}`, value: 'x'.repeat(200) + n }))
  const produced = await millrace(`produce --topic ${topic} --json --compression-codec ${codec}`, lines.join('\n'))
  expect(produced).toMatchObject({ code: 0, err: `500 records appended to ${topic}` })
  const { out } = await millrace(`consume --topic ${topic} --from-beginning --json`)
  const read = out.split('\n').map((line) => JSON.parse(line) as { readonly key: string; readonly value: string })
  expect(read.map(({ key, value }) => JSON.stringify({ key, value })).sort()).toEqual(lines.sort())
  expect((await millrace(`consume --topic ${topic} --from-beginning --max-messages 7`)).out.split('\n')).toHaveLength(7)
})

test('a group stands where it committed, and is reset', async () => {
  await millrace('topics create --topic g')
  await millrace('produce --topic g', 'a\nb\nc\nd')
  expect(await millrace('consume --topic g --group readers --from-beginning --max-messages 3')).toMatchObject({ out: 'a\nb\nc' })
  const stands = { group: 'readers', topic: 'g', partition: 0, currentOffset: 3, logEndOffset: 4, lag: 1 }
  expect(await json('groups describe --group readers')).toEqual([stands])
  expect(await json('groups describe --group readers --state')).toMatchObject([{ state: 'Empty', members: 0 }])
  expect(await json('groups list')).toContainEqual(expect.objectContaining({ group: 'readers', state: 'Empty' }))
  expect(await json('groups reset-offsets --group readers --topic g --to-offset 1 --execute')).toMatchObject([{ newOffset: 1 }])
  expect(await millrace('consume --topic g --group readers')).toMatchObject({ out: 'b\nc\nd' })
  expect(await millrace('groups delete-offsets --group readers --topic g')).toMatchObject({ code: 0 })
  expect(await millrace('groups delete --group readers')).toMatchObject({ code: 0 })
  expect(await millrace('groups delete --group readers')).toMatchObject({
    code: 1,
    err: expect.stringContaining('GROUP_NOT_FOUND'),
  })
})

test('what was aborted is left out, and transactions are listed and described', async () => {
  await millrace('topics create --topic t')
  const { driver } = kafka
  await driver.call('openProducer', { producer: 'p', config: { 'transactional.id': 'tx' } })
  for (const [value, how] of [
    ['a', 'commit'],
    ['b', 'abort'],
    ['c', 'commit'],
  ] as const) {
    await driver.call('begin', { producer: 'p' })
    await driver.call('send', {
      producer: 'p',
      records: [{ topic: 't', partition: 0, key: null, value: base64(value), headers: [] }],
    })
    await driver.call('end', { producer: 'p', transactionalId: 'tx', how })
  }
  expect(await millrace('consume --topic t --from-beginning')).toMatchObject({ out: 'a\nc' })
  expect(await millrace('consume --topic t --from-beginning --isolation-level read_uncommitted')).toMatchObject({
    out: 'a\nb\nc',
  })
  expect(await json('transactions list')).toMatchObject([{ transactionalId: 'tx', state: expect.stringMatching(/Commit/) }])
  expect(await json('transactions describe --transactional-id tx')).toMatchObject({ transactionalId: 'tx', partitions: [] })
  expect(await json('transactions find-hanging')).toEqual([])
  expect(await millrace('transactions describe --transactional-id none')).toMatchObject({
    code: 1,
    err: expect.stringContaining('UNKNOWN_TRANSACTIONAL_ID'),
  })
})
