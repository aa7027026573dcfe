import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedLog, serveLog, type LogClient, type ServedLog } from '@millrace/core'
import { KafkaDriver, type JsonOutgoing, type Settings } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { base64, recordsOf } from './millrace-records.ts'

const place = { topic: 't', partition: 0 }
const other = { topic: 't', partition: 1 }

/** Kafka's Java clients, and no Kafka: a log of Millrace answers them. */
describe('the Java producer on a served log', () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-served-'))
  let driver: KafkaDriver
  let log: LogClient
  let served: ServedLog

  beforeAll(async () => {
    driver = new KafkaDriver(findKafka())
    log = await embeddedLog({ dir })
    served = await serveLog(log, { listeners: [{ port: 0 }] })
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    await log.admin.createTopics([{ topic: 'idempotent', partitions: 1 }])
    const { host, port } = served.places[0]!
    await driver.call('connect', { bootstrap: `${host}:${port}` })
  })

  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
    await served?.close()
    await log?.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const open = (producer: string, config: Settings): Promise<null> => driver.call('openProducer', { producer, config })
  const send = (producer: string, ...values: readonly string[]): Promise<readonly number[]> =>
    driver.call('send', { producer, records: values.map((value) => outgoing(place, value)) })
  const seen = async (isolation: 'read_committed' | 'read_uncommitted'): Promise<readonly string[]> => {
    const byJava = textsOf(await driver.call('consume', { ...place, isolation }))
    expect(byJava).toEqual(textsOf(await recordsOf(log, place, isolation)))
    return byJava
  }

  test('is idempotent, with five requests under way', async () => {
    await open('idempotent', { 'linger.ms': '0', 'batch.size': '200' })
    const values = Array.from({ length: 500 }, (_, n) => `value ${n}`)
    const to = { topic: 'idempotent', partition: 0 }
    const offsets = await driver.call('send', { producer: 'idempotent', records: values.map((value) => outgoing(to, value)) })
    expect(offsets).toEqual(values.map((_, n) => n))
    expect(textsOf(await recordsOf(log, to))).toEqual(values)
    const [state] = await driver.call('describeProducers', to)
    expect(state).toMatchObject({ epoch: 0, lastSequence: 499, transactionFirstOffset: -1 })
  })

  test('commits and aborts transactions, with offsets of a group, and is fenced by the next one', async () => {
    await open('first', { 'transactional.id': 'tx' })
    for (const [value, how, offset] of [
      ['a', 'commit', 3],
      ['lost', 'abort', 9],
      ['b', 'commit', 4],
    ] as const) {
      await driver.call('begin', { producer: 'first' })
      await send('first', value, `${value}!`)
      await driver.call('sendOffsets', { producer: 'first', group: 'g', positions: [{ ...other, offset }] })
      expect(await seen('read_committed')).not.toContain(value)
      await driver.call('end', { producer: 'first', transactionalId: 'tx', how })
      expect(await log.admin.groupOffsets('g')).toMatchObject([{ ...other, offset: how === 'commit' ? offset : 3 }])
    }
    expect(await seen('read_committed')).toEqual(['a', 'a!', 'b', 'b!'])
    expect(await seen('read_uncommitted')).toEqual(['a', 'a!', 'lost', 'lost!', 'b', 'b!'])

    await driver.call('begin', { producer: 'first' })
    await send('first', 'left open')
    await open('second', { 'transactional.id': 'tx' })
    await expect(driver.call('end', { producer: 'first', transactionalId: 'tx', how: 'commit' })).rejects.toThrow(/Fenced/)
    await driver.call('begin', { producer: 'second' })
    await send('second', 'c')
    await driver.call('end', { producer: 'second', transactionalId: 'tx', how: 'commit' })
    expect(await seen('read_committed')).toEqual(['a', 'a!', 'b', 'b!', 'c'])
  })

  test('goes on after its transaction was aborted by an operator', async () => {
    await open('slow', { 'transactional.id': 'slow' })
    await driver.call('begin', { producer: 'slow' })
    await send('slow', 'lost')
    await log.admin.abortTransaction('slow')
    await expect(send('slow', 'late')).rejects.toThrow(/epoch/i)
    await driver.call('end', { producer: 'slow', transactionalId: 'slow', how: 'abort' })
    await driver.call('begin', { producer: 'slow' })
    await send('slow', 'd')
    await driver.call('end', { producer: 'slow', transactionalId: 'slow', how: 'commit' })
    expect((await seen('read_committed')).at(-1)).toBe('d')
  })
})

function outgoing(to: typeof place, value: string): JsonOutgoing {
  return { ...to, key: null, value: base64(value), headers: [] }
}

function textsOf(records: readonly { readonly value: string | null }[]): readonly string[] {
  return records.map(({ value }) => Buffer.from(value!, 'base64').toString())
}
