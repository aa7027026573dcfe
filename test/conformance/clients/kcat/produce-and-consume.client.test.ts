import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog } from '@millrace/core'
import { valuesIn, withServed } from '../with-served.ts'
import { consumed, kcat } from './kcat.ts'

interface Listed {
  readonly controllerid: number
  readonly brokers: readonly { readonly id: number; readonly name: string }[]
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly object[] }[]
}

test('-L lists brokers, topics and partitions, for people and as JSON', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 2 }])
    const lines = (await kcat(served, '-L -t t')).split('\n')
    expect(lines.slice(1)).toEqual([
      ' 1 brokers:',
      `  broker 1 at ${served.bootstrap} (controller)`,
      ' 1 topics:',
      '  topic "t" with 2 partitions:',
      '    partition 0, leader 1, replicas: 1, isrs: 1',
      '    partition 1, leader 1, replicas: 1, isrs: 1',
      '',
    ])
    const listed = JSON.parse(await kcat(served, '-L -J')) as Listed
    expect(listed).toMatchObject({ controllerid: 1, brokers: [{ id: 1, name: served.bootstrap }] })
    const of = { leader: 1, replicas: [{ id: 1 }], isrs: [{ id: 1 }] }
    expect(listed.topics.find(({ topic }) => topic === 't')!.partitions).toEqual([
      { partition: 0, ...of },
      { partition: 1, ...of },
    ])
  }))

test('-P writes keys, empty values, nulls and headers, and -C reads them', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await kcat(served, '-P -t t -K: -H a=b -H empty= -H none', 'k:v\n:no key\nempty:\n')
    await kcat(served, '-P -t t -K: -Z', 'deleted:\n')
    expect(await consumed(served, '-C -t t', '%o|%k|%K|%s|%S|%h|%p')).toEqual([
      '0|k|1|v|1|a=b,empty=,none=NULL|0',
      '1||0|no key|6|a=b,empty=,none=NULL|0',
      '2|empty|5||0|a=b,empty=,none=NULL|0',
      '3|deleted|7||-1||0',
    ])
    const json = (await kcat(served, '-C -t t -q -e -J -c 1')).split('\n')[0]!
    expect(JSON.parse(json)).toMatchObject({
      topic: 't',
      partition: 0,
      offset: 0,
      tstype: 'create',
      headers: ['a', 'b', 'empty', '', 'none', null],
      key: 'k',
      payload: 'v',
    })
  }))

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

test('-z compresses with each codec: so it is stored, and read again', () =>
  withServed(async (served) => {
    const { log, dir } = served
    const values = Array.from({ length: 2_000 }, (_, n) => `value ${n}`)
    for (const codec of codecs) {
      await log.admin.createTopics([{ topic: codec, partitions: 1 }])
      await kcat(served, `-P -t ${codec} -z ${codec}`, `${values.join('\n')}\n`)
      expect(await consumed(served, `-C -t ${codec}`, '%s')).toEqual(values)
      expect(await valuesIn(log, codec)).toEqual(values)
    }
    await log.close()
    // The low bits of the attributes of the first batch; librdkafka sends batches as they are when it believes that a server cannot.
    const codecOf = (topic: string): number => readFileSync(join(dir, `${topic}-0`, `${'0'.repeat(20)}.log`))[22]! & 7
    expect(codecs.map(codecOf)).toEqual([0, 1, 2, 3, 4])
  }))

test('a topic is made when it is first written to or read, and not where that is off', async () => {
  await withServed(async (served) => {
    await kcat(served, '-P -t written', 'a\n')
    // Its consumer asks for that only where it is told to.
    expect(await consumed(served, '-C -t read -X allow.auto.create.topics=true')).toEqual([])
    expect(await served.log.admin.describeTopics(['written', 'read'])).toMatchObject([{ partitions: 2 }, { partitions: 2 }])
  })
  await withServed(async ({ dir }) => {
    await using log = await embeddedLog({ dir: join(dir, 'other'), durability: 'os' })
    await using other = await serveLog(log, { listeners: [{ port: 0 }] })
    const { host, port } = other.places[0]!
    const served = { log, dir, bootstrap: `${host}:${port}` }
    await expect(kcat(served, '-C -e -t absent -X topic.metadata.propagation.max.ms=1')).rejects.toThrow(/unknown topic/i)
    expect(await log.admin.listTopics()).toEqual([])
  })
})

test('-C begins at the beginning, the end, an offset, some before the end, and at a time; and stops at one', () =>
  withServed(async (served) => {
    const { log } = served
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using producer = await log.producer()
    for (const offset of [0, 1, 2, 3, 4]) {
      const batch = producer.batch('t', 0)
      batch.append(null, `v${offset}`, 1_000 + offset * 10)
      await producer.send(batch)
    }
    const from = (...places: string[]): Promise<string[]> =>
      consumed(served, `-C -t t -p 0 ${places.map((place) => `-o ${place}`).join(' ')}`, '%s@%T')
    expect(await from('beginning')).toEqual(['v0@1000', 'v1@1010', 'v2@1020', 'v3@1030', 'v4@1040'])
    expect(await from('end')).toEqual([])
    expect(await from('3')).toEqual(['v3@1030', 'v4@1040'])
    expect(await from('-1')).toEqual(['v4@1040'])
    expect(await from('s@1011')).toEqual(['v2@1020', 'v3@1030', 'v4@1040'])
    expect(await from('s@1010', 'e@1030')).toEqual(['v1@1010', 'v2@1020'])
  }))

test('-Q asks for offsets by time', () =>
  withServed(async (served) => {
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using producer = await served.log.producer()
    const batch = producer.batch('t', 0)
    for (const time of [1_000, 2_000, 3_000]) batch.append(null, 'v', time)
    await producer.send(batch)
    const at = async (time: number): Promise<string> => (await kcat(served, `-Q -t t:0:${time}`)).trim()
    expect(await at(-2)).toBe('t [0] offset 0')
    expect(await at(-1)).toBe('t [0] offset 3')
    expect(await at(1_500)).toBe('t [0] offset 1')
    expect(await at(9_000)).toBe('t [0] offset -1')
  }))
