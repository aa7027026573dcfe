import { expect, test } from 'vitest'
import { valuesIn } from '../with-served.ts'
import { withPlatformatic } from './with-platformatic.ts'

test('transactions are committed and aborted, one after the other', () =>
  withPlatformatic(async ({ producer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const sender = producer({ transactionalId: 'x', idempotent: true })
    for (const [value, end] of [
      ['a', 'commit'],
      ['lost', 'abort'],
      ['b', 'commit'],
    ] as const) {
      const transaction = await sender.beginTransaction()
      await transaction.send({ messages: [{ topic: 't', value }] })
      expect(await valuesIn(log, 't')).not.toContain(value)
      await transaction[end]()
    }
    expect(await valuesIn(log, 't')).toEqual(['a', 'b'])
    expect(await valuesIn(log, 't', 0, 'read_uncommitted')).toEqual(['a', 'lost', 'b'])
  }))

test('reads, processes and writes: positions of its group are committed with a transaction, or not', () =>
  withPlatformatic(async ({ producer, consumer, log }) => {
    await log.admin.createTopics(['in', 'out'].map((topic) => ({ topic, partitions: 1 })))
    await producer().send({ messages: ['1', '2', '3'].map((value) => ({ topic: 'in', value })) })
    const reader = consumer()
    const stream = await reader.consume({ topics: ['in'], mode: 'committed', fallbackMode: 'earliest', autocommit: false })
    const sender = producer({ transactionalId: 'x', idempotent: true })
    for await (const message of stream) {
      const transaction = await sender.beginTransaction()
      await transaction.addConsumer(reader)
      await transaction.send({ messages: [{ topic: 'out', value: `${message.value}!` }] })
      await transaction.addOffset(message)
      await (message.value === '3' ? transaction.abort() : transaction.commit())
      if (message.value === '3') break
    }
    expect(await valuesIn(log, 'out')).toEqual(['1!', '2!'])
    expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 'in', partition: 0, offset: 2 }])
  }))

test('a producer is fenced by the next one of its transactional id', () =>
  withPlatformatic(async ({ producer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const options = { transactionalId: 'x', idempotent: true }
    const transaction = await producer(options).beginTransaction()
    await transaction.send({ messages: [{ topic: 't', value: 'lost' }] })
    const heir = await producer(options).beginTransaction()
    await expect(transaction.commit()).rejects.toThrow(/EndTxn|fence/)
    await heir.send({ messages: [{ topic: 't', value: 'kept' }] })
    await heir.commit()
    expect(await valuesIn(log, 't')).toEqual(['kept'])
  }))
