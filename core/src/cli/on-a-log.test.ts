import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { embeddedLog } from '../open/embedded-log.ts'
import { serveLog, type ServedLog } from '../open/serve-log.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { millrace, millraceWith, type Outcome } from './millrace.fixtures.ts'

let folder = ''
/** In the second round of the tests a program has the directory open, and serves it. */
let program: { readonly log: LogClient; readonly served: ServedLog } | null = null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
})

afterEach(async () => {
  await program?.served.close()
  await program?.log.close()
  program = null
  rmSync(folder, { recursive: true, force: true })
})

/** The words of a command line on the log of the test. */
function run(line: string, ...more: readonly string[]): Promise<Outcome> {
  return millrace(...wordsOf(line, more))
}

function runWith(input: string, line: string, ...more: readonly string[]): Promise<Outcome> {
  return millraceWith(input, ...wordsOf(line, more))
}

function wordsOf(line: string, more: readonly string[]): string[] {
  return [...line.split(' '), ...more, ...place()]
}

function place(): string[] {
  const server = program?.served.places[0]
  return server === undefined ? ['--dir', folder] : ['--bootstrap-server', `${server.host}:${server.port}`]
}

async function inProgram(work: (log: LogClient) => Promise<void>): Promise<void> {
  if (program !== null) return work(program.log)
  await using log = await embeddedLog({ dir: folder, durability: 'os' })
  await work(log)
}

async function serve(): Promise<void> {
  const log = await embeddedLog({ dir: folder, durability: 'os' })
  program = { log, served: await serveLog(log, { listeners: [{ port: 0 }] }) }
}

async function json(line: string, ...more: readonly string[]): Promise<unknown> {
  const { code, out, err } = await run(line, '--json', ...more)
  expect({ code, err }).toMatchObject({ code: 0 })
  return JSON.parse(out)
}

describe.each(['--dir', '--bootstrap-server'])('%s', (kind) => {
  beforeEach(() => (kind === '--dir' ? undefined : serve()))

  test('topics are made, listed, described, altered and deleted', async () => {
    expect(
      await run('topics create --topic words --partitions 2 --config retention.ms=1000 --replication-factor 3'),
    ).toMatchObject({
      code: 0,
      out: 'made words with 2 partitions',
    })
    expect(await run('topics create --topic words')).toMatchObject({ code: 1, err: expect.stringContaining('TOPIC_EXISTS') })
    expect(await run('topics create --topic words --if-not-exists')).toMatchObject({ code: 0, out: 'words is there already' })
    expect(await run('topics --topic lines --create')).toMatchObject({ code: 0, out: 'made lines with 1 partition' })
    expect(await json('topics list --exclude-internal')).toEqual(['lines', 'words'])
    expect((await run('topics list')).out.split('\n')).toContain('words')
    expect(await run('topics alter --topic words --partitions 3')).toMatchObject({ code: 0 })
    const [topic] = (await json('topics describe --topic words')) as readonly Record<string, unknown>[]
    expect(topic).toMatchObject({ topic: 'words', partitions: 3, config: { 'retention.ms': '1000' } })
    expect(topic!['offsets']).toContainEqual({ partition: 2, logStart: 0, lastStable: 0, logEnd: 0 })
    const { out } = await run('topics describe --exclude-internal')
    expect(out).toMatch(
      /^Topic: lines .*PartitionCount: 1 .*Configs: -\n {2}PARTITION {2}LOG-START {2}LAST-STABLE {2}LOG-END\n {2}0 /,
    )
    expect(await run('topics describe --topic nothing')).toMatchObject({ code: 1, err: expect.stringContaining('UNKNOWN_TOPIC') })
    expect(await run('topics delete --topic words,lines')).toMatchObject({ code: 0, out: 'deleted words\ndeleted lines' })
    expect(await run('topics delete --topic words')).toMatchObject({ code: 1, err: expect.stringContaining('UNKNOWN_TOPIC') })
    expect(await run('topics delete --topic words --if-exists')).toMatchObject({ code: 0 })
  })

  test('settings are set, shown and reset, all or none', async () => {
    await run('topics create --topic t')
    expect(await run('configs alter --topic t --add-config cleanup.policy=[compact,delete],retention.ms=5')).toMatchObject({
      code: 0,
    })
    expect(await json('configs describe --entity-type topics --entity-name t')).toMatchObject([
      { name: 'cleanup.policy', value: 'compact,delete', isDefault: false },
      { name: 'retention.ms', value: '5' },
    ])
    expect(await run('configs alter --topic t --delete-config cleanup.policy --add-config retention.ms=x')).toMatchObject({
      code: 1,
    })
    expect(await run('configs alter --topic t --delete-config cleanup.policy,retention.ms')).toMatchObject({ code: 0 })
    expect(await json('configs describe --topic t')).toEqual([])
    expect((await json('configs describe --topic t --all')) as unknown[]).toContainEqual(
      expect.objectContaining({ name: 'segment.bytes', isDefault: true }),
    )
  })

  test('quotas are set, shown and removed', async () => {
    const alice = '--entity-type users --entity-name alice'
    expect(await run(`configs alter ${alice} --add-config producer_byte_rate=1000,request_percentage=12.5`)).toMatchObject({
      code: 0,
    })
    expect(await run('configs alter --entity-type ips --entity-default --add-config connection_creation_rate=5')).toMatchObject({
      code: 0,
    })
    expect(await json(`configs describe ${alice}`)).toEqual([
      { entity: 'user alice', name: 'producer_byte_rate', value: 1_000 },
      { entity: 'user alice', name: 'request_percentage', value: 12.5 },
    ])
    expect(await json('configs describe --entity-type ips')).toEqual([
      { entity: 'ip (default)', name: 'connection_creation_rate', value: 5 },
    ])
    expect(await run(`configs alter ${alice} --delete-config producer_byte_rate,request_percentage`)).toMatchObject({
      code: 0,
      out: 'producer_byte_rate is removed\nrequest_percentage is removed',
    })
    expect(await json('configs describe --entity-type users')).toEqual([])
    const refused = async (line: string): Promise<string> => (await run(line)).err
    expect(await refused(`configs alter ${alice} --add-config producer_byte_rate=0`)).toContain('INVALID_QUOTA')
    expect(await refused(`configs alter ${alice} --add-config producer_byte_rate=much`)).toContain('takes a number')
    expect(await refused('configs alter --entity-type users --add-config producer_byte_rate=1')).toContain('--entity-default')
    expect(await refused('configs describe')).toContain('--entity-name is missing')
    expect(await refused('configs describe --topic t --entity-default')).toContain('--entity-default')
  })

  test('lines are produced and consumed with keys, headers and nulls', async () => {
    await run('topics create --topic t')
    const properties = ['parse.key=true', 'key.separator=|', 'parse.headers=true', 'headers.delimiter=|', 'null.marker=NULL']
    const flags = properties.flatMap((property) => ['--reader-property', property])
    expect(await runWith('h:1,i:2|käse|brot\r\nNULL|b|NULL\n|c|last', 'produce --topic t', ...flags)).toMatchObject({
      code: 0,
      err: '3 records appended to t',
    })
    const shown = ['print.key=true', 'print.headers=true', 'print.offset=true'].flatMap((one) => ['--property', one])
    expect(await run('consume --topic t --from-beginning', ...shown)).toMatchObject({
      code: 0,
      out: 'Offset:0\th:1,i:2\tkäse\tbrot\nOffset:1\tNO_HEADERS\tb\tnull\nOffset:2\tNO_HEADERS\tc\tlast',
      err: '3 records',
    })
    expect(await runWith('no key', 'produce --topic t', ...flags)).toMatchObject({
      code: 2,
      err: expect.stringContaining('line 1: no headers'),
    })
  })

  test('what is consumed as JSON is produced as JSON, byte for byte', async () => {
    await run('topics create --topic t --partitions 2')
    await run('topics create --topic copy --partitions 2')
    const lines = [
      {
        key: 'a',
        value: 'text',
        timestamp: 1_700_000_000_000,
        headers: [
          ['h', 'x'],
          ['h', null],
        ],
        partition: 1,
      },
      { key: null, value: { base64: '//8=' }, timestamp: 1_700_000_000_001, partition: 0 },
      { value: { nested: [1] }, timestamp: 1_700_000_000_002, partition: 0 },
    ]
    const file = join(folder, '..', `${folder.split('/').at(-1)}.jsonl`)
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(await run('produce --topic t --json --compression-codec zstd --file', file)).toMatchObject({ code: 0 })
    const first = await run('consume --topic t --from-beginning --json')
    rmSync(file)
    const records = first.out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(records).toContainEqual({ topic: 't', offset: 0, ...lines[0] })
    expect(records).toContainEqual({ topic: 't', offset: 0, headers: [], ...lines[1] })
    expect(records).toContainEqual(expect.objectContaining({ offset: 1, key: null, value: '{"nested":[1]}' }))
    await runWith(first.out, 'produce --topic copy --json')
    const copied = await run('consume --topic copy --from-beginning --json')
    expect(copied.out.replaceAll('"copy"', '"t"').split('\n').sort()).toEqual(first.out.split('\n').sort())
  })

  test.each([
    ['{"value":1', /line 1: no JSON/],
    ['[]', /no record/],
    ['{"key":"a"}', /needs a value/],
    ['{"value":"a","timestmap":1}', /a record has no timestmap; did you mean timestamp\?/],
    ['{"value":"a","timestamp":"now"}', /timestamp is a whole number/],
    ['{"value":"a","headers":[["h"]]}', /headers are a list/],
  ])('the line %s is refused, and what came before is kept', async (line, message) => {
    await run('topics create --topic t')
    const { code, err } = await runWith(`{"value":"kept"}\n${line}`, 'produce --topic t --json')
    expect(code).toBe(2)
    expect(err).toMatch(/^1 record appended to t\n/)
    expect(err).toMatch(line.startsWith('{"value":1') ? /line 2: no JSON/ : message)
    expect((await run('consume --topic t --from-beginning')).out).toBe('kept')
  })

  test('consume begins at an offset, a time or a group, ends at a limit, and leaves out what was aborted', async () => {
    await inProgram(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'message.timestamp.type': 'CreateTime' } }])
      const producer = await log.producer({ transactionalId: 'p' })
      for (const [index, value] of ['a', 'b', 'c'].entries()) {
        const batch = producer.batch('t', 0)
        batch.append(null, value, 1_700_000_000_000 + index)
        await producer.transact({ batches: [batch] })
      }
      const open = await producer.begin()
      const batch = producer.batch('t', 0)
      batch.append(null, 'aborted', 1_700_000_000_003)
      await open.send(batch)
      await open.abort()
    })
    const values = async (flags: string): Promise<string> => (await run(`consume --topic t ${flags}`)).out
    expect(await values('--from-beginning')).toBe('a\nb\nc')
    expect(await values('--from-beginning --isolation-level read_uncommitted')).toBe('a\nb\nc\naborted')
    expect(await values('--from-beginning --max-messages 2')).toBe('a\nb')
    expect(await values('--offset 2 --partition 0')).toBe('b\nc')
    expect(await values('--from-time 1700000000002')).toBe('c')
    expect(await values('--from-time 2023-11-14T22:13:20.001Z')).toBe('b\nc')
    expect(await values('--offset latest')).toBe('')
    expect(await values('--from-beginning --follow --max-messages 3')).toBe('a\nb\nc')
    expect(await values('--from-beginning --timeout-ms 1')).toBe('a\nb\nc')
    expect(await values('--group g --from-beginning --max-messages 1')).toBe('a')
    expect(await values('--group g')).toBe('b\nc')
    expect((await run('consume --include t.* --offset earliest --max-messages 1')).out).toBe('a')
    expect(await run('consume --topic t')).toMatchObject({ code: 2, err: expect.stringContaining('--from-beginning') })
    expect(await run('consume --topic t --partition 7 --from-beginning')).toMatchObject({
      code: 1,
      err: expect.stringContaining('UNKNOWN_PARTITION'),
    })
  })

  test('groups are listed, described with their lag, reset after a dry run, and deleted', async () => {
    await inProgram(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 2 }])
      const producer = await log.producer()
      for (let i = 0; i < 10; i++) producer.append('t', null, `${i}`, { partition: i % 2, timestamp: 1_700_000_000_000 + i })
      await producer.flush()
      await log.admin.alterGroupOffsets('g', [{ topic: 't', partition: 0, offset: 3 }])
    })
    expect(await json('groups list')).toMatchObject([{ group: 'g', state: 'Empty' }])
    const stands = { group: 'g', topic: 't', partition: 0, currentOffset: 3, logEndOffset: 5, lag: 2 }
    expect(await json('groups describe --group g')).toEqual([stands])
    expect((await run('groups describe --all-groups')).out).toMatch(/^GROUP .*LAG\ng .* 3 .* 5 .* 2$/)
    expect(await json('groups describe --group g --state')).toMatchObject([{ state: 'Empty', members: 0 }])
    expect((await run('groups describe --group g --members')).out).toBe('')
    const planned = async (flags: string): Promise<unknown> =>
      ((await json(`groups reset-offsets --group g ${flags}`)) as { readonly newOffset: number }[]).map(
        ({ newOffset }) => newOffset,
      )
    expect(await planned('--all-topics --to-earliest')).toEqual([0])
    expect(await planned('--topic t --to-latest')).toEqual([5, 5])
    expect(await planned('--topic t:1 --to-current')).toEqual([5])
    expect(await planned('--topic t:0 --shift-by -2')).toEqual([1])
    expect(await planned('--topic t:0 --shift-by 200')).toEqual([5])
    expect(await planned('--topic t --to-offset 4')).toEqual([4, 4])
    expect(await planned('--topic t --to-datetime 2023-11-14T22:13:20.005')).toEqual([3, 2])
    expect(await planned('--topic t --by-duration P9000D')).toEqual([0, 0])
    expect(await json('groups describe --group g')).toEqual([stands])
    expect(await planned('--topic t --to-offset 4 --execute')).toEqual([4, 4])
    expect(await json('groups describe --group g')).toMatchObject([{ currentOffset: 4 }, { currentOffset: 4, lag: 1 }])
    expect(await run('groups reset-offsets --group g --topic t')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no place to reset'),
    })
    expect(await run('groups reset-offsets --group g --topic t --to-latest --to-earliest')).toMatchObject({ code: 2 })
    expect(await run('groups reset-offsets --group g --topic t --to-datetime 2026-02-30')).toMatchObject({ code: 2 })
    expect(await run('groups delete-offsets --group g --topic t:1')).toMatchObject({ code: 0 })
    expect(await json('groups describe --group g')).toMatchObject([{ partition: 0 }])
    expect(await run('groups delete --group g')).toMatchObject({ code: 0, out: 'deleted g' })
    expect(await run('groups delete --group g')).toMatchObject({ code: 1, err: expect.stringContaining('GROUP_NOT_FOUND') })
  })

  test('transactions are listed and described; nothing hangs, and what is not open is not aborted', async () => {
    await inProgram(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      const producer = await log.producer({ transactionalId: 'p' })
      const open = await producer.begin()
      open.append('t', null, 'x', { partition: 0 })
      await open.commit()
    })
    expect(await json('transactions list')).toMatchObject([{ transactionalId: 'p', state: expect.stringContaining('Complete') }])
    expect(await json('transactions describe --transactional-id p')).toMatchObject({ transactionalId: 'p' })
    expect(await json('transactions find-hanging')).toEqual([])
    expect(await run('transactions abort --transactional-id p')).toMatchObject({
      code: 1,
      err: expect.stringContaining('INVALID_TXN_STATE'),
    })
    expect(await run('transactions abort --topic t --partition 0 --start-offset 0')).toMatchObject({ code: 1 })
    expect(await run('transactions abort --topic t')).toMatchObject({ code: 2 })
    expect(await run('transactions describe --transactional-id q')).toMatchObject({
      code: 1,
      err: expect.stringContaining('UNKNOWN_TRANSACTIONAL_ID'),
    })
  })

  test('a transaction that hangs is found, and aborted by where it begins', async () => {
    await inProgram(async (log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      const { broker } = log as EmbeddedLog
      const batch = new BatchBuilder()
      batch.append(null, 'hangs', 5)
      const bytes = batch.build({ producerId: 999, producerEpoch: 4, baseSequence: 0, transactional: true })
      await broker.directory.append([{ log: broker.topics.log({ topic: 't', partition: 0 }), batch: bytes }]).durable
    })
    expect(await run('transactions find-hanging')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^TOPIC .*START-OFFSET .*\nt +0 +999 +4 +0 +5$/),
    })
    const flags = '--topic t --partition 0 --start-offset 0'
    expect(await run(`transactions abort ${flags}`)).toMatchObject({ code: 0, out: 'aborted the transaction of t-0 at offset 0' })
    expect(await json('transactions find-hanging')).toEqual([])
    expect(await run(`transactions abort ${flags}`)).toMatchObject({ code: 1, err: expect.stringContaining('INVALID_TXN_STATE') })
  })

  test('perf produces, consumes and takes the time of records', async () => {
    await run('topics create --topic t --partitions 2')
    const produced = await json(
      'perf produce --topic t --num-records 5000 --record-size 50 --warmup-records 1000 --batch-size 4096',
    )
    expect(produced).toMatchObject({ records: 4000, recordsPerSec: expect.any(Number), p999Ms: expect.any(Number) })
    expect((await run('consume --topic t --from-beginning')).out.split('\n')).toHaveLength(5000)
    const consumed = await json('perf consume --topic t --num-records 4000')
    expect(consumed).toMatchObject({ records: 4000, megabytes: Number(((4000 * 50) / 2 ** 20).toPrecision(4)) })
    expect(await json('perf latency --topic t --num-records 5')).toMatchObject({ records: 5, p50Ms: expect.any(Number) })
    const { out } = await run('perf produce --topic t --num-records 10 --throughput 1000')
    expect(out).toMatch(
      /^10 records, .* s, .* records\/s, .* MB, .* MB\/s, .* ms avg, .* ms max, .* ms 50th, .* ms 95th, .* ms 99th, .* ms 99.9th$/,
    )
    const few = await run('perf consume --topic t --num-records 9999 --timeout 100')
    expect(few).toMatchObject({ code: 1, err: expect.stringContaining('Only 5015 of 9999 records came') })
    expect(await run('perf latency --topic none --num-records 1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('UNKNOWN_TOPIC'),
    })
    expect(await run('perf consume --topic t')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--num-records is missing'),
    })
  })
})

test('a backup is a log of its own, and what is no Kafka is not adopted', async () => {
  await run('topics create --topic t')
  await runWith('kept', 'produce --topic t')
  const copy = join(folder, '..', `${folder.split('/').at(-1)}-copy`)
  try {
    expect(await run('backup --to', copy)).toMatchObject({ code: 0, out: expect.stringContaining('backed up to') })
    expect(await millrace('consume', '--dir', copy, '--topic', 't', '--from-beginning')).toMatchObject({ code: 0, out: 'kept' })
    expect(await run('backup --to', copy)).toMatchObject({ code: 1, err: expect.stringContaining('BACK_UP_PLACE_TAKEN') })
    expect(await run('adopt --from', copy)).toMatchObject({ code: 1, err: expect.stringContaining('NO_KAFKA_DIRECTORY') })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})

test('a directory that is missing or held, and a server, are refused with what to do', async () => {
  expect(await millrace('topics', 'list', '--dir', '/nowhere/at/all')).toMatchObject({
    code: 1,
    err: expect.stringContaining('DATA_DIRECTORY_MISSING'),
  })
  await inProgram(async () => {
    expect(await run('topics list')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/DATA_DIRECTORY_LOCKED[\s\S]*Millrace[\s\S]*--bootstrap-server/),
    })
  })
  expect(await run('topics list --bootstrap-server localhost:9092')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--dir or --bootstrap-server, one of them'),
  })
  expect(await millrace('topics', 'list')).toMatchObject({ code: 2 })
  expect(await millrace('backup', '--to', folder, '--bootstrap-server', 'localhost:9092')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--bootstrap-server does not lead here'),
  })
  expect(await millrace('topics', 'crate')).toMatchObject({
    code: 2,
    err: expect.stringContaining('crate; did you mean create?'),
  })
  expect(await millrace('topics')).toMatchObject({ code: 2, err: expect.stringContaining('takes an action, list, create') })
})
