import { describe, expect, test } from 'vitest'
import type { LogClient } from '../client/log-client.ts'
import type { ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

const noId = '0'.repeat(32)

interface Asked {
  readonly sessionId?: number
  readonly sessionEpoch?: number
  /** Partitions and their offsets. */
  readonly at?: Readonly<Record<number, number>>
  readonly forgotten?: readonly number[]
  readonly maxBytes?: number
}

/** Fetches from topic `t` in one version, by name or by id. */
async function reader(
  client: WireClient,
  log: LogClient,
  version: number,
): Promise<(asked: Asked) => Promise<ResponseOf<'fetch'>>> {
  const described = await log.admin.describeTopics(['t'])
  const topic = { topic: 't', topicId: described[0]?.topicId ?? noId }
  return ({ sessionId = 0, sessionEpoch = 0, at = {}, forgotten = [], maxBytes = 1 << 20 }) => {
    const partitions = Object.entries(at).map(([partition, fetchOffset]) => ({
      partition: Number(partition),
      fetchOffset,
      partitionMaxBytes: 1 << 20,
    }))
    const topics = partitions.length === 0 ? [] : [{ ...topic, partitions }]
    const forgottenTopicsData = forgotten.length === 0 ? [] : [{ ...topic, partitions: forgotten }]
    return client.ask(
      'fetch',
      { maxWaitMs: 0, minBytes: 1, maxBytes, sessionId, sessionEpoch, topics, forgottenTopicsData },
      version,
    )
  }
}

/** Indexes, with the high watermark of each. */
function seen(answer: ResponseOf<'fetch'>): readonly (readonly [number, number])[] {
  return answer.responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, highWatermark }) => [partitionIndex, highWatermark] as const),
  )
}

async function write(log: LogClient, partition: number, value = 'x'): Promise<void> {
  await using producer = await log.producer()
  const batch = producer.batch('t', partition)
  batch.append(null, value, 1_000)
  await producer.send(batch)
}

describe.each([7, 12, 13, 18])('a fetch session of version %i', (version) => {
  test('tells what has changed', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 3 }])
      const fetch = await reader(client, log, version)
      const { sessionId, ...first } = await fetch({ at: { 0: 0, 1: 0, 2: 0 } })
      expect(sessionId).toBeGreaterThan(0)
      expect(seen({ sessionId, ...first })).toEqual([
        [0, 0],
        [1, 0],
        [2, 0],
      ])
      expect(seen(await fetch({ sessionId, sessionEpoch: 1 }))).toEqual([])
      await write(log, 1)
      const read = await fetch({ sessionId, sessionEpoch: 2 })
      expect(seen(read)).toEqual([[1, 1]])
      expect(read.responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(0)
      expect(seen(await fetch({ sessionId, sessionEpoch: 3, at: { 1: 1 }, forgotten: [0] }))).toEqual([])
      await write(log, 0)
      await write(log, 2)
      const last = await fetch({ sessionId, sessionEpoch: 4 })
      expect([last.sessionId, seen(last)]).toEqual([sessionId, [[2, 1]]])
    }))

  test('is refused where it is not known, or in another epoch; epoch -1 ends it', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      const fetch = await reader(client, log, version)
      const { sessionId } = await fetch({ at: { 0: 0 } })
      const codeOf = async (asked: Asked): Promise<number> => (await fetch(asked)).errorCode
      expect(await codeOf({ sessionId: sessionId + 1, sessionEpoch: 1 })).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
      expect(await codeOf({ sessionId, sessionEpoch: 7 })).toBe(errorCodes.INVALID_FETCH_SESSION_EPOCH)
      const other = await reader(client, log, version >= 13 ? 12 : 13)
      expect((await other({ sessionId, sessionEpoch: 1 })).errorCode).toBe(errorCodes.FETCH_SESSION_TOPIC_ID_ERROR)
      expect(await fetch({ sessionId, sessionEpoch: -1, at: { 0: 0 } })).toMatchObject({ errorCode: 0, sessionId: 0 })
      expect(await codeOf({ sessionId, sessionEpoch: 1 })).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    }))

  test('reads all partitions where one answer has room for one batch', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 3 }])
      for (const partition of [0, 1, 2]) await write(log, partition, 'x'.repeat(1_000))
      const fetch = await reader(client, log, version)
      const withRecords = (answer: ResponseOf<'fetch'>): number[] =>
        answer.responses
          .flatMap(({ partitions }) => partitions.filter(({ records }) => records!.length > 0))
          .map((one) => one.partitionIndex)
      const { sessionId, ...first } = await fetch({ at: { 0: 0, 1: 0, 2: 0 }, maxBytes: 1 })
      expect(withRecords({ sessionId, ...first })).toEqual([0])
      // The client reads the same place again each time: who waits goes first all the same.
      expect(withRecords(await fetch({ sessionId, sessionEpoch: 1, maxBytes: 1 }))).toEqual([1])
      expect(withRecords(await fetch({ sessionId, sessionEpoch: 2, maxBytes: 1 }))).toEqual([2])
      expect(withRecords(await fetch({ sessionId, sessionEpoch: 3, maxBytes: 1 }))).toEqual([0])
    }))
})

test('a topic that comes is seen by the session that asks for it by name, one that goes by both', () =>
  onTheWire(async (client, log) => {
    const early = await reader(client, log, 12)
    const { sessionId, responses } = await early({ at: { 0: 0 } })
    expect(responses[0]!.partitions[0]!.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const byName = { sessionId, sessionEpoch: 1 }
    expect((await early(byName)).responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 0 })
    const byId = await reader(client, log, 18)
    const { sessionId: second } = await byId({ at: { 0: 0 } })
    await log.admin.deleteTopics(['t'])
    const gone = await byId({ sessionId: second, sessionEpoch: 1 })
    expect([gone.errorCode, gone.responses[0]!.partitions[0]!.errorCode]).toEqual([0, errorCodes.UNKNOWN_TOPIC_ID])
    const goneByName = await early({ sessionId, sessionEpoch: 2 })
    expect(goneByName.responses[0]!.partitions[0]!.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
  }))

test('an error is told at once; whoever knows it already waits for the other partitions', () =>
  onTheWire(async (client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const topics = ['t', 'none'].map((topic) => ({
      topic,
      partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }],
    }))
    const { sessionId } = await client.ask('fetch', { maxWaitMs: 60_000, minBytes: 1, topics, sessionEpoch: 0 }, 12)
    const waiting = client.ask('fetch', { maxWaitMs: 60_000, minBytes: 1, topics: [], sessionId, sessionEpoch: 1 }, 12)
    await using other = await WireClient.connect(served.places[0]!)
    await other.ask('metadata', { topics: [] }, 9)
    await write(log, 0)
    const { responses } = await waiting
    expect(responses.map(({ topic, partitions }) => [topic, partitions[0]!.errorCode])).toEqual([
      ['t', 0],
      ['none', errorCodes.UNKNOWN_TOPIC_OR_PARTITION],
    ])
  }))

test('no session is kept where there are no slots, and all is told each time', () =>
  onTheWire(async (_client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using served = await serveLog(log, { listeners: [{ port: 0 }], fetchSessionSlots: 0 })
    await using client = await WireClient.connect(served.places[0]!)
    const fetch = await reader(client, log, 18)
    expect(await fetch({ at: { 0: 0 } })).toMatchObject({ errorCode: 0, sessionId: 0 })
    await expect(serveLog(log, { fetchSessionSlots: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }))
