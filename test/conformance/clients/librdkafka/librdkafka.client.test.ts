import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runClient } from '../run-client.ts'
import { valuesIn, withServed, type Served } from '../with-served.ts'

const script = fileURLToPath(new URL('client.py', import.meta.url))

/** Runs a scenario of client.py, and answers with what it has seen. */
async function seenBy({ bootstrap }: Served, scenario: string, argument = ''): Promise<unknown> {
  // Debian's own Python: it has the package.
  const { code, stdout, stderr } = await runClient('/usr/bin/python3', [script, scenario, bootstrap, argument])
  expect(code, `${scenario} ${argument}\n${stderr}${stdout}`).toBe(0)
  return JSON.parse(stdout)
}

test.for(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('reports what was delivered and what was refused, with %s', (codec) =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'max.message.bytes': '10000' } }])
    const reports = (await seenBy(served, 'produce', codec)) as unknown[][]
    expect(reports.slice(0, 3)).toEqual([0, 1, 2].map((n) => [null, 0, n, 1_000 + n]))
    expect(reports[3]![0]).toBe('MSG_SIZE_TOO_LARGE')
    expect(await valuesIn(served.log, 't')).toEqual(['v0', 'v1', 'v2'].map((value) => value.repeat(100)))
  }),
)

test('reads, processes and writes in transactions, some of them aborted: each record is in the output once', () =>
  withServed(async (served) => {
    const { log } = served
    await log.admin.createTopics(['in', 'out'].map((topic) => ({ topic, partitions: 2 })))
    await using producer = await log.producer()
    for (const partition of [0, 1]) {
      const batch = producer.batch('in', partition)
      for (let n = partition; n < 100; n += 2) batch.append(null, String(n), 0)
      await producer.send(batch)
    }
    expect(await seenBy(served, 'transform')).toEqual({ done: 100, 'more than one': true })
    for (const partition of [0, 1]) {
      const doubled = Array.from({ length: 50 }, (_, n) => String(2 * (2 * n + partition)))
      expect(await valuesIn(log, 'out', partition)).toEqual(doubled)
    }
    expect(await log.admin.groupOffsets('g')).toMatchObject([{ offset: 50 }, { offset: 50 }])
  }))

test('a producer is fenced by the next one of its transactional id', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    expect(await seenBy(served, 'fenced')).toBe('_FENCED')
    expect(await valuesIn(served.log, 't')).toEqual(['kept'])
  }))

test('a member that the group does not have any more commits no positions with a transaction', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    expect(await seenBy(served, 'zombie')).toMatch(/UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION/)
    expect(await served.log.admin.groupOffsets('g')).toEqual([])
  }))

test.for([
  ['range', 4],
  ['roundrobin', 4],
  ['cooperative-sticky', 2],
] as const)('two members share with %s: %i partitions are revoked when the second comes', ([assignor, revoked]) =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 4 }])
    expect(await seenBy(served, 'share', assignor)).toEqual({ all: [0, 1, 2, 3], revoked, alone: [0, 1, 2, 3] })
  }),
)

test('a static member that comes back has its partitions again, without a rebalance', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 4 }])
    expect(await seenBy(served, 'static')).toEqual({ 'the same': true, rebalances: 0 })
  }))

test('offsets by time, watermarks, commits and seeks', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using producer = await served.log.producer()
    const batch = producer.batch('t', 0)
    for (const n of [0, 1, 2, 3, 4]) batch.append(null, 'v', 1_000 + n * 10)
    await producer.send(batch)
    expect(await seenBy(served, 'positions')).toEqual({
      'by time': [0, 1, -1],
      watermarks: [0, 5],
      committed: 5,
      seen: [3, 4, 1, 2, 3, 4],
    })
  }))

test('administers topics, partitions, settings and groups', () =>
  withServed(async (served) => {
    expect(await seenBy(served, 'admin')).toEqual({
      made: { made: null },
      again: { made: 'TOPIC_ALREADY_EXISTS' },
      tried: { 'only-tried': null },
      wrong: { wrong: 'INVALID_CONFIG' },
      more: { made: null },
      fewer: { made: 'INVALID_PARTITIONS' },
      altered: [null],
      retention: ['8000', 1, false],
      node: '1',
      group: ['g', 'Stable', 'consumer', 'range', 1],
      partitions: 3,
      topics: ['made'],
      deleted: { made: null, absent: 'UNKNOWN_TOPIC_OR_PART' },
    })
  }))
