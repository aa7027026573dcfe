import { describe, expect, test } from 'vitest'
import { transactionRecord } from './transaction-record.ts'
import type { EndKind, ProducerIdentity, TransactionState, TransactionStatus } from './transaction-state.ts'
import { TransactionalIds } from './transactional-ids.ts'

const epochLimit = 10
const state: TransactionState = {
  producerId: 7,
  producerEpoch: 5,
  status: 'Empty',
  previousProducerId: -1,
  nextProducerId: -1,
  timeoutMs: 60_000,
  partitions: [{ topic: 'a', partition: 0 }],
  startedAt: 1,
  updatedAt: 1,
  version: 2,
}

function machineIn(change: Partial<TransactionState>): TransactionalIds {
  const machine = new TransactionalIds({ epochLimit })
  machine.replay(transactionRecord('t', { ...state, ...change }))
  return machine
}

/** What ending comes to: the code of the error, or the answer with the epoch that goes on. */
function outcome(machine: TransactionalIds, by: ProducerIdentity, kind: EndKind, version: 1 | 2): string {
  try {
    const { answer } = machine.end({ id: 't', by, kind, version }, 99, 2)
    return answer.kind === 'decided'
      ? `${answer.ending.kind}, then epoch ${answer.ending.next.producerEpoch}`
      : `again, epoch ${answer.next.producerEpoch}`
  } catch (error) {
    return (error as { code: string }).code
  }
}

type Row = readonly [status: TransactionStatus, epoch: number, commit: string, abort: string]

/** The epoch that is stored is 5: 4 repeats the request that raised it. */
const rows2: readonly Row[] = [
  ['Empty', 5, 'INVALID_TXN_STATE', 'abort, then epoch 6'],
  ['Empty', 4, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['Empty', 6, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['Ongoing', 5, 'commit, then epoch 6', 'abort, then epoch 6'],
  ['Ongoing', 4, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['Ongoing', 6, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['PrepareCommit', 4, 'CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  ['PrepareCommit', 5, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['PrepareCommit', 3, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['PrepareAbort', 4, 'INVALID_TXN_STATE', 'CONCURRENT_TRANSACTIONS'],
  ['PrepareAbort', 5, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['CompleteCommit', 4, 'again, epoch 5', 'INVALID_TXN_STATE'],
  ['CompleteCommit', 5, 'INVALID_TXN_STATE', 'abort, then epoch 6'],
  ['CompleteCommit', 3, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['CompleteCommit', 6, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['CompleteAbort', 4, 'INVALID_TXN_STATE', 'again, epoch 5'],
  ['CompleteAbort', 5, 'INVALID_TXN_STATE', 'abort, then epoch 6'],
  ['CompleteAbort', 3, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
]

/** The epoch stays, so it says nothing about which transaction is meant. */
const rows1: readonly Row[] = [
  ['Empty', 5, 'INVALID_TXN_STATE', 'INVALID_TXN_STATE'],
  ['Ongoing', 5, 'commit, then epoch 5', 'abort, then epoch 5'],
  ['Ongoing', 4, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ['PrepareCommit', 5, 'CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE'],
  ['PrepareAbort', 5, 'INVALID_TXN_STATE', 'CONCURRENT_TRANSACTIONS'],
  ['CompleteCommit', 5, 'again, epoch 5', 'INVALID_TXN_STATE'],
  ['CompleteAbort', 5, 'INVALID_TXN_STATE', 'again, epoch 5'],
  ['CompleteAbort', 4, 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
]

describe('ending a transaction, version 2 (KIP-890)', () => {
  test.each(rows2)('in %s with epoch %i: commit %s, abort %s', (status, producerEpoch, commit, abort) => {
    const machine = machineIn({ status })
    expect(outcome(machine, { producerId: 7, producerEpoch }, 'commit', 2)).toBe(commit)
    expect(outcome(machine, { producerId: 7, producerEpoch }, 'abort', 2)).toBe(abort)
  })

  test.each([
    ['CompleteCommit', 'again, epoch 0', 'INVALID_TXN_STATE'],
    ['CompleteAbort', 'INVALID_TXN_STATE', 'again, epoch 0'],
    ['Ongoing', 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
    ['Empty', 'PRODUCER_FENCED', 'PRODUCER_FENCED'],
  ] as const)('in %s, repeated from before the producer id was rotated', (status, commit, abort) => {
    const machine = machineIn({ status, producerId: 8, producerEpoch: 0, previousProducerId: 7 })
    const last = { producerId: 7, producerEpoch: epochLimit - 1 }
    expect(outcome(machine, last, 'commit', 2)).toBe(commit)
    expect(outcome(machine, last, 'abort', 2)).toBe(abort)
    expect(outcome(machine, { ...last, producerEpoch: epochLimit - 2 }, 'commit', 2)).toBe('INVALID_PRODUCER_ID_MAPPING')
  })

  test('the last epoch is decided under the limit, and a fresh producer id goes on', () => {
    const machine = machineIn({ status: 'Ongoing', producerEpoch: epochLimit - 1 })
    const { answer } = machine.end(
      { id: 't', by: { producerId: 7, producerEpoch: epochLimit - 1 }, kind: 'commit', version: 2 },
      99,
      2,
    )
    expect(answer).toMatchObject({
      ending: { marker: { producerId: 7, producerEpoch: epochLimit }, next: { producerId: 99, producerEpoch: 0 } },
    })
  })
})

describe('ending a transaction, version 1', () => {
  test.each(rows1)('in %s with epoch %i: commit %s, abort %s', (status, producerEpoch, commit, abort) => {
    const machine = machineIn({ status, version: 1 })
    expect(outcome(machine, { producerId: 7, producerEpoch }, 'commit', 1)).toBe(commit)
    expect(outcome(machine, { producerId: 7, producerEpoch }, 'abort', 1)).toBe(abort)
  })
})

test.each([1, 2] as const)('an id or producer id that is not known cannot be ended, version %i', (version) => {
  expect(outcome(new TransactionalIds(), state, 'commit', version)).toBe('INVALID_PRODUCER_ID_MAPPING')
  expect(outcome(machineIn({ status: 'Ongoing' }), { producerId: 8, producerEpoch: 5 }, 'abort', version)).toBe(
    'INVALID_PRODUCER_ID_MAPPING',
  )
  expect(outcome(machineIn({ status: 'Dead' }), state, 'abort', version)).toBe('INVALID_PRODUCER_ID_MAPPING')
})

describe('an identity for a producer (KIP-360)', () => {
  const timeoutMs = 1000
  function init(machine: TransactionalIds, by: ProducerIdentity | null): string {
    try {
      const { answer } = machine.initProducerId({ id: 't', timeoutMs, by }, 99, 2)
      return answer.kind === 'ready' ? `${answer.identity.producerId}/${answer.identity.producerEpoch}` : answer.kind
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const at = (producerId: number, producerEpoch: number): ProducerIdentity => ({ producerId, producerEpoch })

  test.each([
    ['idle, current', { status: 'Empty' }, at(7, 5), '7/6'],
    ['idle, taken over', { status: 'CompleteCommit' }, null, '7/6'],
    ['its answer was lost', { status: 'Empty', previousProducerId: 7 }, at(7, 4), '7/5'],
    ['older than that', { status: 'Empty', previousProducerId: 7 }, at(7, 3), 'PRODUCER_FENCED'],
    ['somebody took over', { status: 'Empty' }, at(7, 4), 'PRODUCER_FENCED'],
    ['another producer id', { status: 'Empty' }, at(8, 5), 'PRODUCER_FENCED'],
    ['epochs used up', { status: 'Empty', producerEpoch: epochLimit - 1 }, at(7, epochLimit - 1), '99/0'],
    ['that answer was lost', { producerId: 8, producerEpoch: 0, previousProducerId: 7 }, at(7, epochLimit - 1), '8/0'],
    ['open', { status: 'Ongoing' }, at(7, 5), 'abortFirst'],
    ['open, taken over', { status: 'Ongoing' }, null, 'abortFirst'],
    ['open, an older one', { status: 'Ongoing' }, at(7, 4), 'PRODUCER_FENCED'],
    ['decided', { status: 'PrepareCommit' }, null, 'CONCURRENT_TRANSACTIONS'],
    ['decided, its own', { status: 'PrepareAbort', previousProducerId: 7 }, at(7, 4), 'CONCURRENT_TRANSACTIONS'],
    ['decided, an older one', { status: 'PrepareAbort' }, at(7, 4), 'PRODUCER_FENCED'],
  ] as const)('%s', (_name, change, by, expected) => {
    expect(init(machineIn(change), by)).toBe(expected)
  })

  test('of an id that nobody knows is epoch 0 of a fresh one, also for somebody who had it before it was forgotten', () => {
    expect(init(new TransactionalIds(), null)).toBe('99/0')
    expect(init(new TransactionalIds(), at(7, 5))).toBe('99/0')
  })

  test.each([0, -1, 1.5, NaN, 900_001])('is not given with a timeout of %d', (bad) => {
    expect(() => new TransactionalIds().initProducerId({ id: 't', timeoutMs: bad, by: null }, 1, 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_TRANSACTION_TIMEOUT' }),
    )
  })
})

describe('writes', () => {
  const place = { topic: 'a', partition: 0 }
  const other = { topic: 'a', partition: 1 }
  const by = { producerId: 7, producerEpoch: 5 }

  test('of version 1 need their partition in an open transaction', () => {
    expect(() => machineIn({ status: 'Ongoing' }).verify('t', by, place)).not.toThrow()
    for (const [change, to] of [
      [{ status: 'Ongoing' }, other],
      [{ status: 'CompleteAbort' }, place],
      [{ status: 'Empty' }, place],
    ] as const) {
      expect(() => machineIn(change).verify('t', by, to)).toThrow(expect.objectContaining({ code: 'INVALID_TXN_STATE' }))
    }
  })

  test('add a partition once, in the order they come', () => {
    const machine = machineIn({ status: 'Ongoing' })
    expect(machine.addPartitions('t', by, [place], 2, 3).records).toEqual([])
    for (const record of machine.addPartitions('t', by, [other, place, other], 2, 3).records) machine.replay(record)
    expect(machine.get('t')).toMatchObject({ partitions: [place, other], startedAt: 1, updatedAt: 3 })
  })

  test('of a transaction that timed out say so; of one that was taken over are fenced', () => {
    const aborted = machineIn({ status: 'Ongoing' })
    for (const record of aborted.abort('t', 99, 3)!.records) aborted.replay(record)
    expect(() => aborted.addPartitions('t', by, [place], 2, 4)).toThrow(expect.objectContaining({ code: 'TRANSACTION_ABORTED' }))
    expect(() => machineIn({ producerEpoch: 6 }).addPartitions('t', by, [place], 2, 4)).toThrow(
      expect.objectContaining({ code: 'PRODUCER_FENCED' }),
    )
    expect(() => machineIn({ status: 'PrepareCommit' }).addPartitions('t', by, [place], 2, 4)).toThrow(
      expect.objectContaining({ code: 'CONCURRENT_TRANSACTIONS' }),
    )
  })
})

test('ids are forgotten when they were idle for long, and nobody holds them', () => {
  const week = 7 * 24 * 3_600_000
  expect(machineIn({ status: 'Empty' }).expire(week + 1, () => false).records).toHaveLength(0)
  expect(machineIn({ status: 'Empty' }).expire(week + 2, () => true).records).toHaveLength(0)
  expect(machineIn({ status: 'Ongoing' }).expire(week + 2, () => false).records).toHaveLength(0)
  const machine = machineIn({ status: 'CompleteAbort' })
  for (const record of machine.expire(week + 2, () => false).records) machine.replay(record)
  expect(machine.get('t')).toBeUndefined()
})
