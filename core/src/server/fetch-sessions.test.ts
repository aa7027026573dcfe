import { describe, expect, test } from 'vitest'
import { errorCodes } from '../protocol/error-codes.ts'
import { askedPartition, noSession, Server, type SessionState } from './fetch-sessions.fixtures.ts'

const all = [0, 1, 2].map((partition) => askedPartition(partition))
const indexes = (answer: { readonly told: readonly { readonly place: { readonly asked: { readonly partition: number } } }[] }) =>
  answer.told.map(({ place }) => place.asked.partition)

function opened(server: Server, asked = all): SessionState {
  const { sessionId } = server.fetch(noSession, asked)
  return { sessionId, sessionEpoch: 1 }
}

const next = ({ sessionId, sessionEpoch }: SessionState): SessionState => ({ sessionId, sessionEpoch: sessionEpoch + 1 })

describe('a fetch session', () => {
  test('leaves out what has not changed', () => {
    const server = new Server()
    let state = opened(server)
    expect(indexes(server.fetch(state, []))).toEqual([])
    server.truth.set(1, { lastStableOffset: 5 })
    state = next(state)
    expect(indexes(server.fetch(state, []))).toEqual([1])
    expect(indexes(server.fetch(next(state), []))).toEqual([])
  })

  test('says an error each time; only the first time it is news', () => {
    const server = new Server()
    const state = opened(server)
    server.truth.set(2, { errorCode: errorCodes.UNKNOWN_TOPIC_ID })
    const first = server.fetch(state, [])
    expect([indexes(first), first.isNew]).toEqual([[2], [false, false, true]])
    const second = server.fetch(next(state), [])
    expect([indexes(second), second.isNew]).toEqual([[2], [false, false, false]])
    server.truth.set(2, { errorCode: errorCodes.NONE })
    expect(indexes(server.fetch(next(next(state)), []))).toEqual([2])
  })

  test('takes on partitions and forgets them', () => {
    const server = new Server()
    const state = opened(server)
    expect(indexes(server.fetch(state, [askedPartition(7)], [0]))).toEqual([7])
    for (const partition of [0, 7]) server.truth.set(partition, { logStartOffset: 3 })
    expect(indexes(server.fetch(next(state), []))).toEqual([7])
  })

  test('that has nothing left is closed', () => {
    const server = new Server()
    const state = opened(server)
    expect(server.fetch(state, [], [0, 1, 2])).toMatchObject({ errorCode: errorCodes.NONE, sessionId: 0 })
    expect(server.fetch(next(state), []).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    expect(server.sessions).toMatchObject({ count: 0, partitions: 0 })
  })

  test('refuses an epoch that is not the next, and stays', () => {
    const server = new Server()
    const state = opened(server)
    expect(server.fetch(next(state), []).errorCode).toBe(errorCodes.INVALID_FETCH_SESSION_EPOCH)
    expect(server.fetch(state, []).errorCode).toBe(errorCodes.NONE)
    expect(server.fetch(state, []).errorCode).toBe(errorCodes.INVALID_FETCH_SESSION_EPOCH)
  })

  test('keeps to topic ids or to names', () => {
    const server = new Server()
    const state = opened(server)
    expect(server.fetch(state, [], [], { usesTopicIds: true }).errorCode).toBe(errorCodes.FETCH_SESSION_TOPIC_ID_ERROR)
    expect(server.fetch(state, []).errorCode).toBe(errorCodes.NONE)
  })

  test('is not there for another principal, who cannot close it either', () => {
    const server = new Server()
    const state = opened(server)
    const mallory = { owner: 'mallory' }
    expect(server.fetch(state, [], [], mallory).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    server.fetch({ ...state, sessionEpoch: -1 }, all, [], mallory)
    server.fetch({ ...state, sessionEpoch: 0 }, all, [], mallory)
    expect(server.fetch(state, []).errorCode).toBe(errorCodes.NONE)
  })

  test('is closed by epoch -1, and replaced by epoch 0', () => {
    const server = new Server()
    const state = opened(server)
    const replaced = server.fetch({ ...state, sessionEpoch: 0 }, all)
    expect(replaced.sessionId).not.toBe(state.sessionId)
    expect(server.sessions.count).toBe(1)
    expect(server.fetch({ sessionId: replaced.sessionId, sessionEpoch: -1 }, all)).toMatchObject({ sessionId: 0 })
    expect(server.sessions).toMatchObject({ count: 0, partitions: 0 })
  })

  test('0 is none: what asks for more of it is refused', () => {
    const server = new Server()
    expect(server.fetch({ sessionId: 0, sessionEpoch: 3 }, all).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    expect(server.fetch({ sessionId: 9, sessionEpoch: -5 }, all).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
  })

  test('that grows beyond all room is closed', () => {
    const server = new Server({ partitions: 5 })
    const state = opened(server)
    const more = [3, 4, 5].map((partition) => askedPartition(partition))
    expect(server.fetch(state, more).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    expect(server.sessions).toMatchObject({ count: 0, partitions: 0 })
  })
})

describe('the cache of fetch sessions', () => {
  test('gives no session where all slots are in use', () => {
    const server = new Server({ slots: 1 })
    const state = opened(server)
    expect(server.fetch(noSession, all)).toMatchObject({ errorCode: errorCodes.NONE, sessionId: 0 })
    expect(server.fetch(state, []).errorCode).toBe(errorCodes.NONE)
  })

  test('gives the slot of one that was unused for two minutes', () => {
    const server = new Server({ slots: 2 })
    const unused = opened(server)
    const used = opened(server)
    server.now = 100_000
    server.fetch(used, [])
    server.now = 120_001
    expect(server.fetch(noSession, [askedPartition(0)]).sessionId).not.toBe(0)
    expect(server.fetch(unused, []).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    expect(server.fetch(next(used), []).errorCode).toBe(errorCodes.NONE)
  })

  test('gives the slot of the smallest that is two minutes old to a larger one', () => {
    const server = new Server({ slots: 2 })
    const small = opened(server, all.slice(0, 1))
    const middle = opened(server, all.slice(0, 2))
    server.now = 120_001
    server.fetch(small, [])
    server.fetch(middle, [])
    expect(server.fetch(noSession, all.slice(0, 1)).sessionId).toBe(0)
    expect(server.fetch(noSession, all).sessionId).not.toBe(0)
    expect(server.fetch(next(small), []).errorCode).toBe(errorCodes.FETCH_SESSION_ID_NOT_FOUND)
    expect(server.fetch(next(middle), []).errorCode).toBe(errorCodes.NONE)
  })
})
