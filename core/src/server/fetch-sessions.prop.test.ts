import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { errorCodes } from '../protocol/error-codes.ts'
import { noSession, Server, SessionClient } from './fetch-sessions.fixtures.ts'

const partition = fc.nat({ max: 7 })

/** What may happen between two answers. */
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fetch' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('want' as const), partition }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), partition }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append' as const), partition, count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stable' as const), partition }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('start' as const), partition }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('error' as const), partition, code: fc.constantFrom(0, 3, 100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evicted' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lostAnswer' as const) }) },
)

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

function happen(happened: Event, server: Server, client: SessionClient): void {
  const { truth } = server
  switch (happened.kind) {
    case 'fetch':
      return fetchAndCompare(server, client)
    case 'want':
      return void client.wanted.set(happened.partition, client.wanted.get(happened.partition) ?? 0)
    case 'drop':
      return void client.wanted.delete(happened.partition)
    case 'append':
      return truth.set(happened.partition, { highWatermark: truth.of(happened.partition).highWatermark + happened.count })
    case 'stable':
      return truth.set(happened.partition, { lastStableOffset: truth.of(happened.partition).highWatermark })
    case 'start':
      return truth.set(happened.partition, { logStartOffset: truth.of(happened.partition).highWatermark })
    case 'error':
      return truth.set(happened.partition, { errorCode: happened.code })
    case 'evicted':
      server.fetch({ sessionId: client.state.sessionId, sessionEpoch: -1 }, [])
      return
    case 'lostAnswer':
    default:
      if (!client.isFull) server.fetch(client.state, [])
  }
}

/** Whatever was left out of the answer, the client knows it. An error sends it back to a full fetch, which has none. */
function fetchAndCompare(server: Server, client: SessionClient): void {
  const wasFull = client.isFull
  if (client.fetch() !== errorCodes.NONE) {
    expect(wasFull).toBe(false)
    return
  }
  const truth = new Map([...client.wanted.keys()].map((one) => [one, server.truth.of(one)]))
  expect(client.known).toEqual(truth)
}

describe('fetch sessions', () => {
  test.prop([fc.array(event, { maxLength: 80 })], { numRuns: 500 })(
    'whoever applies all answers knows what full fetches would have told',
    (events) => {
      const server = new Server()
      const client = new SessionClient(server)
      for (const one of events) happen(one, server, client)
    },
  )

  test.prop([fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5 })])(
    'no partition starves where an answer has room for some only',
    (partitions, roomBytes) => {
      const server = new Server()
      server.roomBytes = roomBytes
      const client = new SessionClient(server)
      for (let one = 0; one < partitions; one++) {
        client.wanted.set(one, 0)
        server.truth.set(one, { highWatermark: 1_000 })
      }
      for (let round = 0; round < 2 * partitions; round++) client.fetch()
      expect(Math.min(...client.wanted.values())).toBeGreaterThan(0)
    },
  )

  test.prop([
    fc.array(fc.record({ owner: fc.constantFrom('a', 'b', 'c'), size: fc.integer({ min: 1, max: 20 }), later: fc.nat(80) })),
  ])('are never more, nor remember more partitions, than there is room for', (clients) => {
    const server = new Server({ slots: 3, partitions: 40, evictionMs: 100 })
    for (const { owner, size, later } of clients) {
      server.now += later
      const asked = Array.from({ length: size }, (_, index) => ({ partition: index }) as never)
      server.fetch(noSession, asked, [], { owner })
      expect(server.sessions.count).toBeLessThanOrEqual(3)
      expect(server.sessions.partitions).toBeLessThanOrEqual(40)
    }
  })
})
