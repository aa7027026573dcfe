import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  readAssignment,
  readStickyUserData,
  readSubscription,
  subscribesTo,
  writeAssignment,
  writeStickyUserData,
  writeSubscription,
  type Subscription,
} from './consumer-protocol.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const subscription: Subscription = {
  topics: ['ab'],
  userData: Buffer.from([7]),
  owned: [
    { topic: 'ab', partition: 1 },
    { topic: 'ab', partition: 3 },
  ],
  generation: 5,
  rackId: 'r',
}

/** Field by field after Kafka's ConsumerProtocolSubscription and ConsumerProtocolAssignment. */
const topics = ['00000001', '00026162'].join('')
const userData = ['00000001', '07'].join('')
const owned = ['00000001', '00026162', '00000002', '00000001', '00000003'].join('')

describe('a subscription', () => {
  test.each([
    [0, `0000${topics}${userData}`],
    [1, `0001${topics}${userData}${owned}`],
    [2, `0002${topics}${userData}${owned}00000005`],
    [3, `0003${topics}${userData}${owned}00000005000172`],
  ] as const)('of version %i has the bytes of Kafka', (version, expected) => {
    expect(hex(writeSubscription(subscription, version))).toBe(expected)
    expect(readSubscription(writeSubscription(subscription, version))).toEqual({
      ...subscription,
      owned: version >= 1 ? subscription.owned : [],
      generation: version >= 2 ? 5 : -1,
      rackId: version >= 3 ? 'r' : null,
    })
  })

  test('null user data and no rack', () => {
    const bytes = writeSubscription({ topics: [], userData: null, owned: [], generation: -1, rackId: null })
    expect(hex(bytes)).toBe('000300000000ffffffff00000000ffffffffffff')
    expect(readSubscription(bytes)).toEqual({ topics: [], userData: null, owned: [], generation: -1, rackId: null })
  })

  test('fields of a newer version are passed over', () => {
    const bytes = Buffer.concat([writeSubscription(subscription), Buffer.from([1, 2, 3])])
    bytes.writeInt16BE(4, 0)
    expect(readSubscription(bytes)).toEqual(subscription)
  })

  test('one that ends early is refused, wherever', () => {
    const bytes = writeSubscription(subscription)
    for (let size = 0; size < bytes.length; size++) {
      expect(() => readSubscription(bytes.subarray(0, size))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }))
    }
  })

  test('any bytes are read or refused, and never take long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const read of [readSubscription, readAssignment, readStickyUserData]) {
          try {
            read(bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'UNSUPPORTED_FORMAT' })
          }
        }
      }),
    )
  })

  test('bytes that cannot be read count as subscribed', () => {
    expect(subscribesTo(writeSubscription(subscription), 'ab')).toBe(true)
    expect(subscribesTo(writeSubscription(subscription), 'other')).toBe(false)
    expect(subscribesTo(Buffer.from('?'), 'other')).toBe(true)
  })
})

describe('an assignment', () => {
  test('has the bytes of Kafka', () => {
    const assignment = { partitions: subscription.owned, userData: null }
    expect(hex(writeAssignment(assignment, 1))).toBe(`0001${owned}ffffffff`)
    expect(readAssignment(writeAssignment(assignment))).toEqual(assignment)
  })

  test('no bytes are no partitions', () => {
    expect(readAssignment(new Uint8Array(0))).toEqual({ partitions: [], userData: null })
  })
})

test('user data of the sticky assignor: partitions, then the generation, which older ones lack', () => {
  const bytes = writeStickyUserData(subscription.owned, 5)
  expect(hex(bytes)).toBe(`${owned}00000005`)
  expect(readStickyUserData(bytes)).toEqual({ owned: subscription.owned, generation: 5 })
  expect(readStickyUserData(bytes.subarray(0, bytes.length - 4))).toEqual({ owned: subscription.owned, generation: -1 })
})
