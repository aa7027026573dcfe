import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedLog, type LogClient } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import type { JsonRecord, OffsetSpec, Place } from './kafka-driver.ts'
import { recordsOf } from './millrace-records.ts'
import { kafkaConfig } from './on-kafka.ts'
import { MillraceRun } from './on-millrace.ts'
import { placesOf } from './operations.ts'
import { abortingOperations, sampleOperations } from './sample-operations.ts'

/** A Kafka that finds Millrace's files in the folders of its partitions, and serves them to its own clients. */
describe('a Kafka on partitions that Millrace wrote', () => {
  const temp = mkdtempSync(join(tmpdir(), 'millrace-kafka-foreign-'))
  const directory = join(temp, 'log')
  const places = placesOf(sampleOperations)
  let kafka: KafkaBroker
  let log: LogClient

  beforeAll(async () => {
    // Half of it is written before a crash, so that the log's epoch rises: all that was acknowledged stands in a copy of its files.
    const before = await embeddedLog({ dir: join(temp, 'before') })
    await new MillraceRun(before).apply(sampleOperations)
    cpSync(join(temp, 'before'), directory, { recursive: true })
    await before.close()
    log = await embeddedLog({ dir: directory })
    await new MillraceRun(log).apply(abortingOperations)
    await log.close()
    kafka = await KafkaBroker.start()
    for (const operation of sampleOperations) {
      if (operation.op !== 'create') continue
      const { topic, partitions, config = {} } = operation
      await kafka.driver.call('createTopic', { topic, partitions, config: kafkaConfig(config) })
    }
    await kafka.stop()
    for (const { topic, partition } of places)
      transplant(join(directory, `${topic}-${partition}`), kafka.folder(topic, partition))
    kafka.driver.forgetLog()
    await kafka.start()
    log = await embeddedLog({ dir: directory })
  })

  afterAll(async () => {
    await log?.close()
    await kafka?.[Symbol.asyncDispose]()
    rmSync(temp, { recursive: true, force: true })
  })

  test('it has nothing to complain of, and knows the epochs', async () => {
    expect(kafka.driver.logLines).toEqual([])
    const epochsIn = (folder: string): readonly string[] =>
      readFileSync(join(folder, 'leader-epoch-checkpoint'), 'utf8').trim().split('\n').slice(2)
    const ours = epochsIn(join(directory, 'transactions-0'))
    expect(ours.map((row) => row.split(' ')[0])).toEqual(['0', '1'])
    // Its own leader may have an epoch behind them.
    expect(epochsIn(kafka.folder('transactions', 0)).slice(0, 2)).toEqual(ours)
  })

  test.each(['read_committed', 'read_uncommitted'] as const)('its consumer sees the same records, %s', async (isolation) => {
    let records = 0
    for (const place of places) {
      const theirs = await kafka.driver.call('consume', { ...place, isolation })
      expect(theirs, `${place.topic}-${place.partition}`).toEqual(await recordsOf(log, place, isolation))
      records += theirs.length
    }
    expect(records).toBeGreaterThan(300)
  })

  test('first, last and stable offsets are the same', async () => {
    for (const place of places) {
      for (const at of ['earliest', 'latest', 'stable'] as const)
        expect(await kafkaOffset(place, at)).toBe(await ourOffset(place, at))
    }
  })

  // Where the two differ: a marker is no record for Millrace, and where no record is found its port answers the end.
  test('every time is found at the same offset', async () => {
    for (const place of places) {
      const entries = await entriesOf(place)
      const end = await ourOffset(place, 'latest')
      for (const at of new Set(entries.flatMap(({ timestamp }) => [timestamp - 1, timestamp, timestamp + 1]))) {
        if (at < 0) continue
        const isFound = ({ timestamp }: { timestamp: number }): boolean => timestamp >= at
        const where = `${place.topic}-${place.partition} at ${at}`
        expect(await kafkaOffset(place, at), where).toBe(entries.find(isFound)?.offset ?? -1)
        expect(await ourOffset(place, at), where).toBe(entries.filter(({ control }) => !control).find(isFound)?.offset ?? end)
      }
    }
  })

  test('it knows the producers from the snapshot', async () => {
    for (const { topic, partition } of places.filter((place) => place.topic === 'transactions')) {
      const file = readdirSync(join(directory, `${topic}-${partition}`)).findLast((name) => name.endsWith('.snapshot'))!
      const ours = await kafka.driver.call('readProducerSnapshot', { path: join(directory, `${topic}-${partition}`, file) })
      const theirs = await kafka.driver.call('describeProducers', { topic, partition })
      expect(byId(theirs)).toMatchObject(byId(ours).map(({ lastOffset: _offset, offsetDelta: _delta, ...rest }) => rest))
      expect(theirs.length).toBeGreaterThan(1)
    }
  })

  test('after an unclean stop it makes the same indexes and snapshots of the segments', async () => {
    await kafka.stop()
    forgetWhatWasRecovered(kafka.data, places)
    await kafka.start()
    await kafka.stop()
    for (const { topic, partition } of places) {
      const [ours, theirs] = [join(directory, `${topic}-${partition}`), kafka.folder(topic, partition)]
      if (!existsSync(ours)) continue
      for (const name of readdirSync(ours).filter((one) => /\.(log|index|timeindex|txnindex)$/.test(one)))
        expect(readFileSync(join(theirs, name)).toString('hex'), `${topic}-${partition}/${name}`).toBe(
          readFileSync(join(ours, name)).toString('hex'),
        )
      const snapshot = readdirSync(ours).findLast((one) => one.endsWith('.snapshot'))
      if (snapshot === undefined) continue
      const read = (path: string): ReturnType<typeof producersIn> => producersIn(kafka, join(path, snapshot))
      expect(await read(theirs)).toEqual(await read(ours))
    }
    await kafka.start()
  })

  test('an idempotent producer goes on where it stood', async () => {
    const place = { topic: 'transactions', partition: 0 }
    const [{ producerId, epoch }] = (await kafka.driver.call('describeProducers', place)) as [
      Record<'producerId' | 'epoch', number>,
    ]
    const end = await kafkaOffset(place, 'latest')
    const send = (producerEpoch: number, baseSequence: number): Promise<{ error: string; baseOffset: number }> =>
      kafka.driver.call('produceRaw', { ...place, producerId, producerEpoch, baseSequence, count: 3 })
    expect(await send(epoch - 1, 0)).toMatchObject({ error: 'INVALID_PRODUCER_EPOCH' })
    expect(await send(epoch, 5)).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
    expect(await send(epoch, 0)).toEqual({ error: 'NONE', baseOffset: end })
    expect(await send(epoch, 0)).toEqual({ error: 'NONE', baseOffset: end })
    expect(await send(epoch, 3)).toEqual({ error: 'NONE', baseOffset: end + 3 })
    expect(await kafkaOffset(place, 'latest')).toBe(end + 6)
  })

  test('its own producers append behind', async () => {
    const place = { topic: 'segments', partition: 0 }
    const end = await kafkaOffset(place, 'latest')
    await kafka.driver.call('openProducer', { producer: 'next', config: { 'enable.idempotence': 'false' } })
    const records = [{ ...place, key: null, value: 'eA==', headers: [] }]
    expect(await kafka.driver.call('send', { producer: 'next', records })).toEqual([end])
  })

  /** Records and markers, in order. */
  async function entriesOf({ topic, partition }: Place): Promise<readonly (JsonRecord & { control: boolean })[]> {
    const folder = kafka.folder(topic, partition)
    const entries: (JsonRecord & { control: boolean })[] = []
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.log')))
      for (const { control, records } of await kafka.driver.call('readSegment', { path: join(folder, name) }))
        entries.push(...records.map((record) => ({ ...record, control })))
    return entries
  }

  async function kafkaOffset(place: Place, at: OffsetSpec): Promise<number> {
    return (await kafka.driver.call('listOffset', { ...place, at })).offset
  }

  async function ourOffset(place: Place, at: Exclude<OffsetSpec, 'max-timestamp'>): Promise<number> {
    const [offset] = await log.admin.listOffsets([{ ...place, at }])
    return offset!
  }
})

/**
 * The broker was stopped cleanly, so it recovers nothing when it starts: it takes the segments, their indexes, the epochs and the
 * newest producer snapshot as they lie there, and the high watermark is their end, as it has no other replica. Its checkpoints of
 * recovery points and high watermarks may stay: what they say (0, the partitions were empty) lies below the end.
 * `partition.metadata` must stay, since its topic id is the one that Kafka's metadata knows.
 */
function transplant(from: string, to: string): void {
  if (!existsSync(from)) return
  for (const name of readdirSync(to)) if (name !== 'partition.metadata') rmSync(join(to, name))
  for (const name of readdirSync(from)) if (name !== 'partition.metadata') cpSync(join(from, name), join(to, name))
}

function byId<T extends Readonly<Record<string, number>>>(producers: readonly T[]): readonly T[] {
  return [...producers].sort((a, b) => a['producerId']! - b['producerId']!)
}

async function producersIn(kafka: KafkaBroker, path: string): Promise<readonly Readonly<Record<string, number>>[]> {
  return byId(await kafka.driver.call('readProducerSnapshot', { path }))
}

/** As after a crash, when nothing but the segments can be trusted. */
function forgetWhatWasRecovered(data: string, places: readonly Place[]): void {
  rmSync(join(data, '.kafka_cleanshutdown'))
  rmSync(join(data, 'recovery-point-offset-checkpoint'))
  for (const { topic, partition } of places) {
    const folder = join(data, `${topic}-${partition}`)
    for (const name of readdirSync(folder))
      if (/\.(index|timeindex|txnindex|snapshot)$|^leader-epoch/.test(name)) rmSync(join(folder, name))
  }
}
