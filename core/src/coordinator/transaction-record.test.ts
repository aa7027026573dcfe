import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTransactionKey, readTransactionValue, transactionRecord } from './transaction-record.ts'
import type { TransactionState, TransactionStatus } from './transaction-state.ts'

const states = ['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead'] as const

const ongoing: TransactionState = {
  producerId: 258,
  producerEpoch: 3,
  status: 'Ongoing',
  previousProducerId: 257,
  nextProducerId: 259,
  timeoutMs: 60_000,
  partitions: [
    { topic: 'ab', partition: 1 },
    { topic: 'ab', partition: 2 },
  ],
  startedAt: 5,
  updatedAt: 6,
  version: 2,
}

describe('records of transactions', () => {
  test('are the bytes of TransactionLogValue version 1', () => {
    const { key, value } = transactionRecord('t', ongoing)
    expect(hexOf(key)).toBe('0000000174')
    expect(hexOf(value!)).toBe(
      [
        '0001', // version
        '0000000000000102', // producer id
        '0003', // epoch
        '0000ea60', // timeout
        '01', // Ongoing
        '02', // one topic
        '03 6162', // ab
        '03 00000001 00000002', // partitions
        '00', // tags of the topic
        '0000000000000006', // last update
        '0000000000000005', // start
        '03', // three tags
        '00 08 0000000000000101',
        '01 08 0000000000000103',
        '02 02 0002',
      ]
        .join('')
        .replaceAll(' ', ''),
    )
  })

  test('of version 0, without tags, are read', () => {
    const hex = '0000 0000000000000102 0003 0000ea60 04 00000001 00026162 00000001 00000007'
    expect(readTransactionValue(bytes(`${hex} 0000000000000006 ffffffffffffffff`))).toEqual({
      ...ongoing,
      status: 'CompleteCommit',
      partitions: [{ topic: 'ab', partition: 7 }],
      previousProducerId: -1,
      nextProducerId: -1,
      startedAt: -1,
      version: 1,
    } satisfies TransactionState)
    const none = '0000 0000000000000102 0003 0000ea60 00 ffffffff 0000000000000006 0000000000000005'
    expect(readTransactionValue(bytes(none))).toMatchObject({ status: 'Empty', partitions: [] })
  })

  test('come back as they were', () => {
    const id = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER })
    const topic = fc.constantFrom('a', 'b', 'a topic with a long name'.repeat(9))
    const state = fc.record({
      producerId: id,
      producerEpoch: fc.integer({ min: 0, max: 32_767 }),
      status: fc.constantFrom<TransactionStatus>(...states),
      previousProducerId: id,
      nextProducerId: id,
      timeoutMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      partitions: fc.uniqueArray(fc.record({ topic, partition: fc.nat(300) }), { selector: (place) => JSON.stringify(place) }),
      startedAt: id,
      updatedAt: id,
      version: fc.constantFrom(1 as const, 2 as const),
    })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), state, (name, before) => {
        fc.pre(name.isWellFormed())
        const { key, value } = transactionRecord(name, before)
        const { partitions, ...after } = readTransactionValue(value!)
        expect(readTransactionKey(key)).toBe(name)
        expect({ ...after, partitions: byName(partitions) }).toEqual({ ...before, partitions: byName(before.partitions) })
      }),
    )
  })

  test('that are cut short or of an unknown kind are refused', () => {
    const { value } = transactionRecord('t', ongoing)
    for (let size = 0; size < value!.length; size++) {
      expect(() => readTransactionValue(value!.subarray(0, size))).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
      )
    }
    expect(() => readTransactionValue(bytes('0002'))).toThrow(/version/)
    expect(() => readTransactionKey(bytes('0001'))).toThrow(/version/)
    const fence = Uint8Array.from(value!)
    fence[16] = 7
    expect(() => readTransactionValue(fence)).toThrow(/status/)
  })
})

/** Grouped by topic on the way; the order of topics is that of their first partitions. */
function byName(partitions: readonly { topic: string; partition: number }[]): readonly string[] {
  return partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort()
}

function hexOf(bytesOf: Uint8Array): string {
  return Buffer.from(bytesOf).toString('hex')
}

/** Hexadecimal digits, with spaces between fields. */
function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}
