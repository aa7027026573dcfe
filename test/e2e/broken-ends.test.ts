import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BatchBuilder, errorCodes, type RequestDraft } from '@millrace/core/testing'
import { startBroker, type BrokerProcess } from '../wire/broker-process.ts'
import { ConnectionLost, WireClient } from '../wire/wire-client.ts'
import { makeTopics, moved, nothingHangs, plain, readAll } from './on-the-wire/topics.ts'
import { startProgram } from './real-process.ts'

let dir = ''
let broker: BrokerProcess

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-ends-'))
  broker = await startBroker({ dir })
})

afterEach(() => {
  broker.child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

test('a client that is killed in the middle of a transaction leaves nothing behind', { timeout: 90_000 }, async () => {
  using client = await WireClient.connect(broker.port)
  await makeTopics(client)
  const killed = startProgram(new URL('on-the-wire/deserting-client.ts', import.meta.url), [`${broker.port}`])
  await killed.speaking
  expect(killed.kill()).toBe(true)
  expect((await killed.ended).stdout).toBe('written\n')
  await nothingHangs(client)
  expect(await readAll(client, moved, 0)).toEqual(new Map())
})

function note(value: string): RequestDraft<'produce'> {
  const builder = new BatchBuilder()
  builder.append(null, value, 1_000)
  return { acks: -1, timeoutMs: 10_000, topicData: [{ name: plain, partitionData: [{ index: 0, records: builder.build() }] }] }
}

test(
  'SIGTERM under load: what is in hand is answered, who waits is told, and the next broker takes the same port',
  { timeout: 90_000 },
  async () => {
    const { port } = broker
    using writer = await WireClient.connect(port)
    using reader = await WireClient.connect(port)
    using first = await WireClient.connect(port)
    using second = await WireClient.connect(port)
    await makeTopics(writer)

    const fetch = { maxWaitMs: 600_000, minBytes: 2 ** 31 - 1, forgottenTopicsData: [] }
    const topics = [{ topic: moved, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }]
    const waiting = reader.ask('fetch', { ...fetch, topics }, 11)
    const member = (client: WireClient): Promise<{ readonly errorCode: number }> =>
      client.ask(
        'joinGroup',
        {
          groupId: 'g',
          sessionTimeoutMs: 60_000,
          rebalanceTimeoutMs: 60_000,
          memberId: '',
          protocolType: 'consumer',
          protocols: [{ name: 'range', metadata: new Uint8Array() }],
        },
        3,
      )
    const leads = await member(first)
    expect(leads.errorCode).toBe(errorCodes.NONE)
    // It waits for the first one, who never joins again.
    const joining = member(second)

    const answered: number[] = []
    const stopping = Promise.withResolvers<void>()
    const writing = Array.from({ length: 400 }, async (_, at) => {
      try {
        const answer = (await writer.ask('produce', note(`${at}`), 9)).responses[0]!.partitionResponses[0]!
        expect(answer.errorCode).toBe(errorCodes.NONE)
        answered.push(at)
      } finally {
        if (at === 0) stopping.resolve()
      }
    })
    await stopping.promise
    broker.child.kill('SIGTERM')
    await Promise.allSettled(writing)
    expect((await waiting).errorCode).toBe(errorCodes.NONE)
    // Those that say: find the coordinator again.
    expect([errorCodes.COORDINATOR_NOT_AVAILABLE, errorCodes.NOT_COORDINATOR, errorCodes.REBALANCE_IN_PROGRESS]).toContain(
      (await joining).errorCode,
    )
    expect(await broker.ended).toEqual({ code: 0, signal: null })
    expect(broker.complaints).toEqual([])

    broker = await startBroker({ dir, port })
    using again = await WireClient.connect(port)
    const kept = [...(await readAll(again, plain, 0)).values()].map(Number)
    // In order, and what was answered is the beginning of it: what came last may have been written without its answer being read.
    expect(kept).toEqual(kept.map((_, at) => at))
    expect(kept.length).toBeGreaterThanOrEqual(answered.length)
    expect(answered).toEqual(answered.map((_, at) => at))
  },
)

test.skipIf(process.platform !== 'linux')(
  'more connections than the process may have files harm no other',
  { timeout: 90_000 },
  async () => {
    broker.child.kill('SIGKILL')
    await broker.ended
    broker = await startBroker({ dir, openFiles: 100 })
    using early = await WireClient.connect(broker.port)
    await makeTopics(early)
    const open = Array.from({ length: 300 }, () => {
      const socket = connect({ host: '127.0.0.1', port: broker.port })
      return { socket, ended: new Promise((resolve) => socket.on('error', () => {}).once('close', resolve)) }
    })
    await Promise.race(open.map(({ ended }) => ended))
    const write = async (client: WireClient): Promise<number> =>
      (await client.ask('produce', note('x'), 9)).responses[0]!.partitionResponses[0]!.errorCode
    expect(await write(early)).toBe(errorCodes.NONE)
    for (const { socket } of open) socket.destroy()
    await Promise.all(open.map(({ ended }) => ended))
    // The broker may hear of the others later than of the next one, which it cannot take then.
    for (let tries = 1; ; tries++) {
      using late = await WireClient.connect(broker.port)
      const answer = await write(late).catch((error: unknown) => error)
      if (answer instanceof ConnectionLost && tries < 100) continue
      expect(answer).toBe(errorCodes.NONE)
      break
    }
    expect((await readAll(early, plain, 0)).size).toBe(2)
  },
)
