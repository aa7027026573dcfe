import { describe, expect, test } from 'vitest'
import type { Admin } from '../client/admin.ts'
import type { Producer } from '../client/producer.ts'
import type { Transaction } from '../client/transaction.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { committedValues } from './committed-values.fixtures.ts'
import { openSimulatedLog, type SimulatedLog } from './simulated-log.ts'

const a0 = { topic: 'a', partition: 0 }
const a1 = { topic: 'a', partition: 1 }
const code = (expected: string): unknown => expect.objectContaining({ code: expected })

async function inLog(work: (opened: SimulatedLog, world: SimWorld) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const opened = await openSimulatedLog(world)
    await opened.log.admin.createTopics([{ topic: 'a', partitions: 2 }])
    await work(opened, world)
    await opened.log.close()
  })
}

function pass(world: SimWorld, ms: number): Promise<void> {
  return new Promise((resolve) => void world.clock.after(ms, resolve))
}

/** Appended and on the disk. */
async function write(producer: Producer, transaction: Transaction, value: string, partition = 0): Promise<void> {
  const batch = producer.batch('a', partition)
  batch.append(null, value, 0)
  await transaction.send(batch)
}

/** How far stable readers are behind. */
async function unstable(admin: Admin): Promise<number> {
  const offsets = await admin.listOffsets(
    [a0, a1].flatMap((place) => [
      { ...place, at: 'latest' as const },
      { ...place, at: 'stable' as const },
    ]),
  )
  return offsets[0]! - offsets[1]! + (offsets[2]! - offsets[3]!)
}

describe('a transaction that is begun', () => {
  test('is seen at once in all partitions when it is committed, and not before', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      transaction.append('a', null, 'one', { partition: 0 })
      transaction.append('a', null, 'two', { partition: 1 })
      await producer.flush()
      expect(await committedValues(log, a0)).toEqual([])
      expect(await committedValues(log, a0, 'read_uncommitted')).toEqual(['one'])
      await write(producer, transaction, 'three', 1)
      await transaction.sendOffsets({ group: 'g', positions: [{ ...a0, offset: 6 }] })
      await transaction.sendOffsets({ group: 'g', positions: [{ ...a0, offset: 7 }] })
      expect(await log.admin.groupOffsets('g')).toEqual([])
      await transaction.commit()
      expect(await committedValues(log, a0)).toEqual(['one'])
      expect(await committedValues(log, a1)).toEqual(['two', 'three'])
      expect(await log.admin.groupOffsets('g')).toMatchObject([{ offset: 7 }])
    })
  })

  test('leaves nothing when it is aborted, by hand or by leaving its block', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const first = await producer.begin()
      await write(producer, first, 'one')
      await first.sendOffsets({ group: 'g', positions: [{ ...a0, offset: 7 }] })
      first.append('a', 'key', 'never written')
      await first.abort()
      {
        await using second = await producer.begin()
        await write(producer, second, 'two')
      }
      await using third = await producer.begin()
      await write(producer, third, 'three')
      await third.commit()
      expect(await committedValues(log, a0)).toEqual(['three'])
      expect(await log.admin.groupOffsets('g')).toEqual([])
      expect(await unstable(log.admin)).toBe(0)
    })
  })

  test('can be followed by many, committed and aborted, with and without a frame of their own: epochs rotate', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const expected: string[] = []
      const ids = new Set<number>()
      for (let round = 0; round < 12; round++) {
        if (round % 3 === 2) {
          const batch = producer.batch('a', 0)
          batch.append(null, String(round), 0)
          ids.add((await producer.transact({ batches: [batch] })).producerId)
          expected.push(String(round))
          continue
        }
        const transaction = await producer.begin()
        await write(producer, transaction, String(round))
        if (round % 3 === 0) expected.push(String(round))
        await (round % 3 === 0 ? transaction.commit() : transaction.abort())
      }
      expect(await committedValues(log, a0)).toEqual(expected)
      expect(ids.size).toBeGreaterThan(3)
    })
  })

  test('without writes is unknown to the log', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const [before] = await log.admin.listTransactions()
      await (await producer.begin()).commit()
      await (await producer.begin()).abort()
      expect(await log.admin.listTransactions()).toEqual([before])
    })
  })

  test('is the only one of its producer, and ends once', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      await expect(producer.begin()).rejects.toThrow(code('TRANSACTION_OPEN'))
      await expect(producer.transact({ batches: [] })).rejects.toThrow(code('TRANSACTION_OPEN'))
      expect(() => producer.append('a', null, 'x')).toThrow(code('TRANSACTIONAL_ONLY'))
      const committing = transaction.commit()
      await expect(transaction.abort()).rejects.toThrow(code('TRANSACTION_ENDED'))
      await committing
      expect(() => transaction.append('a', null, 'x')).toThrow(code('TRANSACTION_ENDED'))
      await expect(transaction.commit()).rejects.toThrow(code('TRANSACTION_ENDED'))
      await expect(transaction.sendOffsets({ group: 'g', positions: [] })).rejects.toThrow(code('TRANSACTION_ENDED'))
      await producer.transact({ batches: [] })
      const plain = await log.producer()
      await expect(plain.begin()).rejects.toThrow(code('NOT_TRANSACTIONAL'))
    })
  })

  test('can only be aborted after a write that failed', async () => {
    await inLog(async ({ log }) => {
      await log.admin.createTopics([{ topic: 'b', partitions: 1 }])
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      await write(producer, transaction, 'one')
      const lost = producer.batch('b', 0)
      lost.append(null, 'lost', 0)
      await log.admin.deleteTopics(['b'])
      await expect(transaction.send(lost)).rejects.toThrow(code('UNKNOWN_TOPIC'))
      await expect(write(producer, transaction, 'two')).rejects.toThrow(code('TRANSACTION_MUST_ABORT'))
      await expect(transaction.commit()).rejects.toThrow(code('TRANSACTION_MUST_ABORT'))
      await transaction.abort()
      await using next = await producer.begin()
      await write(producer, next, 'three')
      await next.commit()
      expect(await committedValues(log, a0)).toEqual(['three'])
    })
  })

  test('ends in the topics that are left when one of them is deleted', async () => {
    await inLog(async ({ log }) => {
      await log.admin.createTopics([{ topic: 'b', partitions: 1 }])
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      transaction.append('b', null, 'gone')
      await write(producer, transaction, 'one')
      await producer.flush()
      await log.admin.deleteTopics(['b'])
      await transaction.commit()
      expect(await committedValues(log, a0)).toEqual(['one'])
    })
  })

  test('is aborted when its producer is closed', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      await write(producer, await producer.begin(), 'one')
      await producer.close()
      expect(await unstable(log.admin)).toBe(0)
      expect(await log.admin.describeTransaction('t')).toMatchObject({ state: 'CompleteAbort', partitions: [] })
    })
  })
})

describe('positions in a transaction', () => {
  test('are pending until it ends, by commit, abort or timeout', async () => {
    await inLog(async ({ log, broker }, world) => {
      const producer = await log.producer({ transactionalId: 't', transactionTimeoutMs: 20_000 })
      const positionAt = async (offset: number): Promise<Transaction> => {
        const transaction = await producer.begin()
        await transaction.sendOffsets({ group: 'g', positions: [{ ...a0, offset, metadata: 'm', leaderEpoch: 0 }] })
        await expect(broker.groups.committed('g', true)).rejects.toThrow(code('UNSTABLE_OFFSET_COMMIT'))
        return transaction
      }
      await (await positionAt(1)).commit()
      expect(await broker.groups.committed('g', true)).toMatchObject([{ offset: 1 }])
      await (await positionAt(2)).abort()
      expect(await broker.groups.committed('g', true)).toMatchObject([{ offset: 1 }])
      const slow = await positionAt(3)
      await pass(world, 31_000)
      expect(await broker.groups.committed('g', true)).toMatchObject([{ offset: 1, metadata: 'm' }])
      await slow.abort()
    })
  })

  test('of a member that its group has gone on without end it (KIP-447)', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      await write(producer, transaction, 'one')
      const stale = { group: 'g', positions: [{ ...a0, offset: 1 }], member: 'gone', generation: 3 }
      await expect(transaction.sendOffsets(stale)).rejects.toThrow(code('UNKNOWN_MEMBER_ID'))
      await expect(transaction.commit()).rejects.toThrow(code('TRANSACTION_MUST_ABORT'))
      await transaction.abort()
      const batch = producer.batch('a', 0)
      batch.append(null, 'two', 0)
      await expect(producer.transact({ batches: [batch], offsets: stale })).rejects.toThrow(code('UNKNOWN_MEMBER_ID'))
      await producer.transact({ batches: [batch] })
      expect(await committedValues(log, a0)).toEqual(['two'])
    })
  })
})

describe('a zombie', () => {
  test('writes, commits and begins nothing more; what it had open is aborted', async () => {
    await inLog(async ({ log }) => {
      const zombie = await log.producer({ transactionalId: 't' })
      const old = await zombie.begin()
      await write(zombie, old, 'zombie')
      const heir = await log.producer({ transactionalId: 't' })
      expect(await unstable(log.admin)).toBe(0)
      await using mine = await heir.begin()
      await write(heir, mine, 'heir')
      const fenced = expect.objectContaining({ outcome: 'fenced' }) as unknown
      await expect(old.commit()).rejects.toThrow(fenced)
      await expect(old.abort()).rejects.toThrow(fenced)
      await expect(write(zombie, old, 'late')).rejects.toThrow(fenced)
      await zombie.close()
      await mine.commit()
      expect(await committedValues(log, a0)).toEqual(['heir'])
    })
  })

  test('whose producer was fenced by an operator hears of it at its next step', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      await write(producer, transaction, 'one')
      await log.admin.fenceProducers(['t', 'nobody had this'])
      expect(await unstable(log.admin)).toBe(0)
      await expect(write(producer, transaction, 'two')).rejects.toThrow(code('PRODUCER_FENCED'))
      await transaction[Symbol.asyncDispose]()
      await expect(producer.begin()).rejects.toThrow(code('PRODUCER_FENCED'))
    })
  })
})

describe('a transaction that is open for too long', () => {
  test('is aborted after its timeout; its producer may go on behind it', async () => {
    await inLog(async ({ log }, world) => {
      const producer = await log.producer({ transactionalId: 't', transactionTimeoutMs: 20_000 })
      const transaction = await producer.begin()
      await write(producer, transaction, 'slow')
      await pass(world, 19_000)
      world.clock.jump(3_600_000) // the wall clock says nothing about durations
      expect(await unstable(log.admin)).toBe(1)
      await pass(world, 12_000)
      expect(await unstable(log.admin)).toBe(0)
      await expect(write(producer, transaction, 'late')).rejects.toThrow(code('TRANSACTION_ABORTED'))
      await expect(transaction.commit()).rejects.toThrow(code('TRANSACTION_MUST_ABORT'))
      await transaction.abort()
      await using next = await producer.begin()
      await write(producer, next, 'quick')
      await next.commit()
      expect(await committedValues(log, a0)).toEqual(['quick'])
    })
  })

  test('cannot be committed, though nothing was written since', async () => {
    await inLog(async ({ log }, world) => {
      const producer = await log.producer({ transactionalId: 't', transactionTimeoutMs: 1 })
      const transaction = await producer.begin()
      await write(producer, transaction, 'slow')
      await pass(world, 11_000)
      await expect(transaction.commit()).rejects.toThrow(code('INVALID_TXN_STATE'))
      await transaction.abort()
      expect(await committedValues(log, a0)).toEqual([])
    })
  })

  test('is aborted also when the log was closed and opened in between', async () => {
    const world = simWorld({ seed: 2 })
    await world.run(async () => {
      const first = await openSimulatedLog(world)
      await first.log.admin.createTopics([{ topic: 'a', partitions: 2 }])
      const by = await first.broker.transactions.open('t')
      await first.broker.transactions.addPartitions('t', by, [a0]) // no data: it is known to the coordinator alone
      await first.broker.transactions.addOffsets('t', by, 'g')
      await first.broker.close()
      const second = await openSimulatedLog(world)
      expect(await second.log.admin.describeTransaction('t')).toMatchObject({ state: 'Ongoing' })
      await pass(world, 75_000)
      expect(await second.log.admin.describeTransaction('t')).toMatchObject({ state: 'CompleteAbort' })
      await second.log.close()
    })
  })

  test('must have a timeout that the log allows', async () => {
    await inLog(async ({ log }) => {
      const tooLong = log.producer({ transactionalId: 't', transactionTimeoutMs: 900_001 })
      await expect(tooLong).rejects.toThrow(code('INVALID_TRANSACTION_TIMEOUT'))
      await expect(log.producer({ transactionTimeoutMs: 0 })).rejects.toThrow(code('INVALID_OPTION'))
    })
  })
})

describe('an operator', () => {
  test('lists and describes transactions', async () => {
    await inLog(async ({ log }, world) => {
      const producer = await log.producer({ transactionalId: 'open' })
      await log.producer({ transactionalId: 'idle' })
      const transaction = await producer.begin()
      await write(producer, transaction, 'one', 1)
      await pass(world, 5000)
      const names = async (filter: Parameters<Admin['listTransactions']>[0]): Promise<string[]> =>
        (await log.admin.listTransactions(filter)).map(({ transactionalId }) => transactionalId)
      expect(await names({})).toEqual(['idle', 'open'])
      expect(await names({ states: ['Ongoing'] })).toEqual(['open'])
      expect(await names({ olderThanMs: 4000 })).toEqual(['open'])
      expect(await names({ olderThanMs: 6000 })).toEqual([])
      expect(await log.admin.describeTransaction('open')).toMatchObject({ state: 'Ongoing', timeoutMs: 60_000, partitions: [a1] })
      expect(await names({ producerIds: [(await log.admin.describeTransaction('open')).producerId] })).toEqual(['open'])
      await expect(log.admin.describeTransaction('none')).rejects.toThrow(code('UNKNOWN_TRANSACTIONAL_ID'))
      await expect(log.admin.listTransactions({ other: 1 } as object)).rejects.toThrow(code('UNKNOWN_OPTION'))
    })
  })

  test('aborts a transaction by its id', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      await expect(log.admin.abortTransaction('t')).rejects.toThrow(code('INVALID_TXN_STATE'))
      await expect(log.admin.abortTransaction('none')).rejects.toThrow(code('UNKNOWN_TRANSACTIONAL_ID'))
      await write(producer, transaction, 'one')
      await log.admin.abortTransaction('t')
      expect(await unstable(log.admin)).toBe(0)
      await expect(transaction.commit()).rejects.toThrow(code('INVALID_TXN_STATE'))
    })
  })

  test('finds and aborts a transaction that no coordinator knows', async () => {
    await inLog(async ({ log, broker }) => {
      const producer = await log.producer({ transactionalId: 't' })
      await write(producer, await producer.begin(), 'known', 1)
      const batch = producer.batch('a', 0) as unknown as {
        take(): readonly { build(by: object): Uint8Array }[]
        append: (...record: unknown[]) => void
      }
      batch.append(null, 'hangs', 0)
      const [part] = batch.take()
      const bytes = part!.build({ producerId: 999, producerEpoch: 4, baseSequence: 0, transactional: true })
      await broker.directory.append([{ log: broker.topics.log(a0), batch: bytes }]).durable
      const hanging = await log.admin.findHangingTransactions()
      expect(hanging).toMatchObject([{ ...a0, producerId: 999, producerEpoch: 4, firstOffset: 0 }])
      await expect(log.admin.abortTransaction({ ...hanging[0]!, producerEpoch: 3 })).rejects.toThrow(code('INVALID_TXN_STATE'))
      await log.admin.abortTransaction(hanging[0]!)
      expect(await log.admin.findHangingTransactions()).toEqual([])
      await expect(log.admin.abortTransaction(hanging[0]!)).rejects.toThrow(code('INVALID_TXN_STATE'))
      expect(await committedValues(log, a0)).toEqual([])
    })
  })

  test('finds no id again that was idle for a week, unless its producer is open', async () => {
    const world = simWorld({ seed: 2 })
    await world.run(async () => {
      const first = await openSimulatedLog(world)
      for (const id of ['gone', 'kept']) await (await first.log.producer({ transactionalId: id })).close()
      await first.log.producer({ transactionalId: 'held' })
      world.clock.jump(8 * 24 * 3_600_000)
      await pass(world, 3_700_000)
      await first.log.producer({ transactionalId: 'new' })
      expect((await first.log.admin.listTransactions()).map((found) => found.transactionalId)).toEqual(['held', 'new'])
      await first.log.close()
    })
  })
})
