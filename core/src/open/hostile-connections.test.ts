import { expect, test } from 'vitest'
import type { LogClient } from '../client/log-client.ts'
import type { RequestDraft } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { encodeRequest } from '../protocol/request-frame.ts'
import { correlationIdOf } from '../protocol/response-frame.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import type { MemorySocket } from '../simulation/memory-net.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveInMemory, type ServedInMemory } from './serve-in-memory.ts'
import { openSimulatedLog } from './simulated-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

function batchOf(value: Uint8Array | string): Uint8Array {
  const builder = new BatchBuilder()
  builder.append(null, value, 1_000)
  return builder.build()
}

function produced(value: Uint8Array | string): RequestDraft<'produce'> {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(value) }] }]
  return { acks: -1, timeoutMs: 1_000, topicData }
}

/** Waits for more than there will ever be, where it waits. */
function fetched(maxWaitMs = 0): RequestDraft<'fetch'> {
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }]
  return { maxWaitMs, minBytes: maxWaitMs > 0 ? 2 ** 31 - 1 : 1, topics, forgottenTopicsData: [] }
}

/** A frame of its own, or many as one run of bytes. */
function frames(count: number, request: (at: number) => readonly Uint8Array[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, at) => request(at)).flat())
}

function terms(correlationId: number, version: number): { correlationId: number; version: number; clientId: string } {
  return { correlationId, version, clientId: 'test' }
}

/** A served log in a simulated world, with one record in its one partition. */
async function simulated(
  limits: Parameters<typeof serveInMemory>[1],
  work: (served: ServedInMemory, log: LogClient, world: SimWorld) => Promise<void>,
): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using served = await serveInMemory(log, limits)
    const client = WireClient.over(await served.connect())
    await client.ask('produce', produced('first'), 9)
    await work(served, log, world)
    client.destroy()
  })
}

function pass(world: SimWorld, ms: number): Promise<void> {
  return new Promise((resolve) => void world.clock.after(ms, resolve))
}

/** Answers as they come, by their correlation ids. */
function listen(socket: MemorySocket): number[] {
  const ids: number[] = []
  const splitter = new FrameSplitter(100 << 20)
  socket.start({
    onData: (chunk) => {
      splitter.push(chunk)
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) ids.push(correlationIdOf(frame))
    },
    onDrain: () => {},
    onEnd: () => {},
    onClose: () => {},
  })
  return ids
}

test('a thousand connections at once are all served, in bounded memory', { timeout: 60_000 }, () =>
  onTheWire(async (_client, log, served) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const before = process.memoryUsage().rss
    const clients = await Promise.all(Array.from({ length: 1_000 }, () => WireClient.connect(served.places[0]!)))
    const answers = await Promise.all(
      clients.map(async (client, at) => {
        await client.ask('apiVersions', { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
        const { responses } = await client.ask('produce', produced(`${at}`), 9)
        return responses[0]!.partitionResponses[0]!
      }),
    )
    expect(answers.every(({ errorCode }) => errorCode === errorCodes.NONE)).toBe(true)
    expect(new Set(answers.map(({ baseOffset }) => baseOffset)).size).toBe(1_000)
    const read = await Promise.all(clients.map((client) => client.ask('fetch', fetched(), 11)))
    expect(read.every(({ responses }) => responses[0]!.partitions[0]!.highWatermark === 1_000)).toBe(true)
    // Both ends of them, and all that was fetched, are in this process.
    expect((process.memoryUsage().rss - before) / (1 << 20)).toBeLessThan(400)
    for (const client of clients) client.destroy()
    await Promise.all(clients.map(({ closed }) => closed))
  }),
)

test('SEC-15: requests that come cut at any byte, or byte by byte, are answered as if they came whole', () =>
  simulated({}, async (served) => {
    const request = frames(3, (at) =>
      at === 1
        ? encodeRequest('fetch', terms(1, 11), fetched()).chunks
        : encodeRequest('metadata', terms(at, 9), { topics: [{ name: 't' }] }).chunks,
    )
    const cuts = [...request.keys()].map((at) => [request.subarray(0, at), request.subarray(at)])
    for (const pieces of [...cuts, Array.from(request, (_, at) => request.subarray(at, at + 1))]) {
      const socket = await served.connect()
      const ids = listen(socket)
      for (const piece of pieces) socket.write([piece])
      const probe = WireClient.over(await served.connect())
      for (let asked = 0; asked < 100 && ids.length < 3; asked++) await probe.ask('metadata', { topics: [] }, 9)
      expect(ids).toEqual([0, 1, 2])
      socket.destroy()
      probe.destroy()
    }
  }))

test('whoever sends thousands of requests at once is read no further until they are answered, all of them in order', () =>
  simulated({ limits: { maxInHandCalls: 10 } }, async (served) => {
    const count = 5_000
    const socket = await served.connect()
    const ids = listen(socket)
    for (let sent = 0; sent < count; sent += 50)
      socket.write([frames(50, (at) => encodeRequest('metadata', terms(sent + at, 9), { topics: [] }).chunks)])
    for (let turns = 0; turns < 10 && !socket.isStopped; turns++) await Promise.resolve()
    expect(socket.isStopped).toBe(true)
    const probe = WireClient.over(await served.connect())
    for (let asked = 0; asked < 2 * count && ids.length < count; asked++) await probe.ask('metadata', { topics: [] }, 9)
    expect(ids).toEqual(Array.from({ length: count }, (_, at) => at))
  }))

test('SEC-22: of a reader that takes nothing little is kept in memory, others are served, and it gets all when it reads on', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await client.ask('produce', produced(Buffer.alloc(500_000, 'x')), 9)
    const maxWaitingBytes = 2 << 20
    await using served = await serveInMemory(log, { limits: { maxWaitingBytes, maxInHandCalls: 1_000 } })
    const socket = await served.connect()
    const ids = listen(socket)
    socket.pause()
    socket.write([frames(200, (at) => encodeRequest('fetch', terms(at, 11), fetched()).chunks)])
    const other = WireClient.over(await served.connect())
    for (let asked = 0; asked < 100; asked++) {
      const { responses } = await other.ask('fetch', fetched(), 11)
      expect(responses[0]!.partitions[0]!.errorCode).toBe(errorCodes.NONE)
      expect(socket.comingBytes).toBeLessThan(maxWaitingBytes + 1_000_000)
    }
    expect(socket.comingBytes).toBeGreaterThan(maxWaitingBytes)
    expect(socket.isStopped).toBe(true)
    socket.resume()
    while (ids.length < 200) await other.ask('metadata', { topics: [] }, 9)
    expect(ids).toEqual(Array.from({ length: 200 }, (_, at) => at))
  }))

test('SEC-21: a connection whose other half is gone is let go after the idle limit, whatever it was about', () =>
  simulated({ limits: { maxIdleMs: 60_000, maxWaitingBytes: 100 } }, async (served, _log, world) => {
    const silent = await served.connect()
    const halfFrame = await served.connect()
    halfFrame.write([Buffer.from('000000ff0003', 'hex')])
    const waiting = await served.connect()
    waiting.write(encodeRequest('fetch', terms(1, 11), fetched(30_000)).chunks)
    const slow = await served.connect()
    slow.pause()
    slow.write([frames(20, (at) => encodeRequest('metadata', terms(at, 9), { topics: null }).chunks)])
    const all = [silent, halfFrame, waiting, slow]
    await pass(world, 10)
    for (const socket of all) socket.vanish()
    const alive = WireClient.over(await served.connect())
    for (let passed = 0; passed < 5; passed++) {
      await pass(world, 20_000)
      await alive.ask('metadata', { topics: [] }, 9)
      // A frame that has begun and does not come is not waited for so long.
      if (passed === 1) expect([silent, waiting, slow].map(({ isHeld }) => isHeld)).toEqual([true, true, true])
    }
    expect(all.map(({ isHeld }) => isHeld)).toEqual([false, false, false, false])
    alive.destroy()
  }))

test('the transaction of a client that vanishes is aborted after its timeout, and the last stable offset reaches the end', () =>
  simulated({}, async (served, log, world) => {
    const socket = await served.connect()
    const client = WireClient.over(socket)
    const init = { transactionalId: 'tx', transactionTimeoutMs: 30_000 }
    const { producerId, producerEpoch } = await client.ask('initProducerId', init, 4)
    const builder = new BatchBuilder()
    builder.append(null, 'never committed', 1_000)
    const records = builder.build({ producerId, producerEpoch, baseSequence: 0, transactional: true })
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }]
    const written = await client.ask('produce', { transactionalId: 'tx', acks: -1, timeoutMs: 1_000, topicData }, 12)
    expect(written.responses[0]!.partitionResponses[0]!.errorCode).toBe(errorCodes.NONE)
    socket.vanish()
    const end = async (isolationLevel: 0 | 1): Promise<number> => {
      const other = WireClient.over(await served.connect())
      const topics = [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
      const answer = await other.ask('listOffsets', { replicaId: -1, isolationLevel, topics }, 7)
      other.destroy()
      return answer.topics[0]!.partitions[0]!.offset
    }
    expect([await end(1), await end(0)]).toEqual([1, 2])
    await pass(world, 25_000)
    expect([await end(1), await end(0)]).toEqual([1, 2])
    await pass(world, 30_000)
    expect([await end(1), await end(0)]).toEqual([3, 3])
    const consumer = await log.consumer({ isolation: 'read_committed' })
    await consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
    const values = (await consumer.poll()).flatMap((batch) => batch.toArray().map(({ value }) => String(value)))
    expect(values).toEqual(['first'])
    await consumer.close()
  }))
