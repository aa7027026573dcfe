import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, type Producer, type Transaction } from 'kafkajs'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog, string, type Isolation, type LogClient } from '@millrace/core'

/** kafkajs writes as a client of transaction version 1: it adds partitions and groups, and keeps its epoch. */
async function withProducer(
  work: (producer: Producer, log: LogClient, kafka: Kafka) => Promise<void>,
  config: { readonly transactionalId?: string } = { transactionalId: 'tx' },
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kafkajs-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    const { host, port } = served.places[0]!
    const kafka = new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING })
    const producer = openProducer(kafka, config)
    await producer.connect()
    await work(producer, log, kafka)
    await producer.disconnect()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function openProducer(kafka: Kafka, config: { readonly transactionalId?: string }): Producer {
  return kafka.producer({ ...config, idempotent: true, maxInFlightRequests: 1, retry: { retries: 3 } })
}

async function valuesOf(log: LogClient, isolation: Isolation = 'read_committed'): Promise<string[]> {
  await using consumer = await log.consumer({ isolation })
  await consumer.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
  const values: string[] = []
  for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll())
    for (const batch of batches) batch.forEach(({ value }) => values.push(string.read(value!)))
  return values
}

function send(transaction: Transaction | Producer, ...values: readonly string[]): Promise<unknown> {
  return transaction.send({ topic: 't', acks: -1, messages: values.map((value) => ({ value })) })
}

test('an idempotent producer writes each record once', () =>
  withProducer(async (producer, log) => {
    for (const value of ['a', 'b', 'c']) await send(producer, value, `${value}!`)
    expect(await valuesOf(log)).toEqual(['a', 'a!', 'b', 'b!', 'c', 'c!'])
  }, {}))

test('transactions are committed and aborted, one after the other', () =>
  withProducer(async (producer, log) => {
    for (const [value, end] of [
      ['a', 'commit'],
      ['lost', 'abort'],
      ['b', 'commit'],
    ] as const) {
      const transaction = await producer.transaction()
      await send(transaction, value)
      expect(await valuesOf(log)).not.toContain(value)
      await transaction[end]()
    }
    await (await producer.transaction()).commit() // of nothing
    expect(await valuesOf(log)).toEqual(['a', 'b'])
    expect(await valuesOf(log, 'read_uncommitted')).toEqual(['a', 'lost', 'b'])
  }))

test('offsets of a group are committed with a transaction, or not', () =>
  withProducer(async (producer, log) => {
    for (const [offset, end, then] of [
      ['7', 'commit', 7],
      ['9', 'abort', 7],
    ] as const) {
      const transaction = await producer.transaction()
      await send(transaction, offset)
      await transaction.sendOffsets({ consumerGroupId: 'g', topics: [{ topic: 't', partitions: [{ partition: 0, offset }] }] })
      await transaction[end]()
      expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 't', partition: 0, offset: then }])
    }
  }))

test('a producer is fenced by the next one of its transactional id', () =>
  withProducer(async (producer, log, kafka) => {
    const transaction = await producer.transaction()
    await send(transaction, 'lost')
    const heir = openProducer(kafka, { transactionalId: 'tx' })
    await heir.connect()
    const next = await heir.transaction() // kafkajs asks for its identity with its first transaction
    await expect(send(transaction, 'late')).rejects.toThrow(/epoch/i)
    await expect(transaction.commit()).rejects.toThrow(/epoch/i)
    await send(next, 'kept')
    await next.commit()
    await heir.disconnect()
    expect(await valuesOf(log)).toEqual(['kept'])
  }))
