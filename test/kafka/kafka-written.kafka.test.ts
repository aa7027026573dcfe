import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { factsOf, kafkaDump, millraceBatches, millraceDump, type DumpedBatch } from './dump-log.ts'
import { KafkaBroker } from './kafka-broker.ts'
import type { JsonRecord, Place } from './kafka-driver.ts'
import { KafkaRun } from './on-kafka.ts'
import { placesOf } from './operations.ts'
import { abortingOperations, compactingOperations, sampleOperations } from './sample-operations.ts'

/**
 * The other way: files that a Kafka wrote, read by Millrace's readers through `millrace dump-log`. What Kafka's own consumers saw
 * before it was stopped is kept (`seen`), for when Millrace can take such folders over and serve them itself.
 */
describe('partitions that a Kafka wrote, read by Millrace', () => {
  const places = placesOf([...sampleOperations, ...compactingOperations])
  const seen = new Map<string, Record<Isolation, readonly JsonRecord[]>>()
  let kafka: KafkaBroker

  beforeAll(async () => {
    kafka = await KafkaBroker.start({ 'log.cleaner.backoff.ms': '100' })
    await new KafkaRun(kafka.driver).apply(sampleOperations)
    // So that the second half has another leader epoch.
    await kafka.stop()
    await kafka.start()
    await new KafkaRun(kafka.driver).apply([...abortingOperations, ...compactingOperations])
    await isCleaned(kafka, { topic: 'cleaned', partition: 0 })
    for (const place of places) {
      const [read_committed, read_uncommitted] = [
        await consume(place, 'read_committed'),
        await consume(place, 'read_uncommitted'),
      ]
      seen.set(nameOf(place), { read_committed, read_uncommitted })
    }
    await kafka.stop()
  })

  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]()
  })

  const consume = (place: Place, isolation: Isolation): Promise<readonly JsonRecord[]> =>
    kafka.driver.call('consume', { ...place, isolation })

  const filesOf = (place: Place, suffix: string): readonly string[] => {
    const folder = kafka.folder(place.topic, place.partition)
    return readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => join(folder, name))
      .sort()
  }

  const filled = (suffix: string): readonly string[] =>
    places.flatMap((place) => filesOf(place, suffix)).filter((file) => readFileSync(file).length > 0)

  test('both tools print the same of every segment', async () => {
    const files = filled('.log')
    const all = await kafkaDump(kafka.driver, files, '--print-data-log')
    // What compaction has removed is no fault, but the tool tells of it.
    const theirs = all.filter((line) => !/^Non-consecutive offsets in \S*\/cleaned-0\/|^ {2}-?\d+ is followed by \d+$/.test(line))
    expect(await millraceDump(files, '--print-data-log')).toEqual(theirs)
    expect(theirs.length).toBeGreaterThan(500)
    expect(theirs.filter((line) => line.includes('deleteHorizonMs: OptionalLong[')).length).toBeGreaterThan(5)
  })

  test('the segments hold what consumers saw, aborted transactions by the transaction index', async () => {
    let hidden = 0
    for (const place of places) {
      const batches = await batchesOf(place)
      const { read_committed, read_uncommitted } = seen.get(nameOf(place))!
      const data = batches.filter(({ isControl }) => !isControl)
      expect(
        data.flatMap(({ records }) => records),
        nameOf(place),
      ).toEqual(read_uncommitted)
      const aborted = await abortedIn(place)
      const committed = data.filter((batch) => !aborted.some((range) => hides(range, batch)))
      expect(
        committed.flatMap(({ records }) => records),
        nameOf(place),
      ).toEqual(read_committed)
      hidden += data.length - committed.length
    }
    expect(hidden).toBeGreaterThan(5)
  })

  test('internal topics too', async () => {
    for (const topic of ['__consumer_offsets', '__transaction_state']) {
      const batches = await batchesOf({ topic, partition: 0 })
      const theirs = []
      for (const path of filesOf({ topic, partition: 0 }, '.log'))
        theirs.push(...(await kafka.driver.call('readSegment', { path })))
      const plain = batches.flatMap(({ records }) =>
        records.map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key, value, headers })),
      )
      expect(plain).toEqual(theirs.flatMap(({ records }) => records))
      expect(plain.length).toBeGreaterThan(10)
    }
  })

  // A Kafka that starts again counts the bytes since the last entry from 0; Millrace goes on counting. So segments that were
  // written over a restart are left out: every entry there is right as well, but the gaps are wider.
  test('the indexes hold the entries that Millrace would write', async () => {
    const isSmall = ({ topic }: Place): boolean => ['segments', 'cleaned'].includes(topic)
    const whole = places.filter(({ topic }) => topic !== 'transactions')
    const indexesOf = (of: readonly Place[]): readonly string[] =>
      of.flatMap((place) => [...filesOf(place, '.index'), ...filesOf(place, '.timeindex')])
    const [small, usual] = [indexesOf(whole.filter(isSmall)), indexesOf(whole.filter((place) => !isSmall(place)))]
    expect(await millraceDump(small, '--verify-index-only', '--index-interval-bytes', '300')).toEqual([])
    expect(await millraceDump(usual, '--verify-index-only')).toEqual([])
    const entries = (await millraceDump([...small, ...usual])).length
    expect(entries).toBeGreaterThan(30)
    for (const suffix of ['.index', '.timeindex'])
      expect(await millraceDump(filled(suffix))).toEqual(await kafkaDump(kafka.driver, filled(suffix)))
  })

  test('the transaction indexes and producer snapshots hold the same for both', async () => {
    const indexes = filled('.txnindex')
    expect(indexes.length).toBeGreaterThan(1)
    for (const path of indexes) {
      const ours = (await millraceDump([path], '--json')).map((line) => JSON.parse(line) as object)
      expect(ours).toEqual((await kafka.driver.call('readTransactionIndex', { path })).map((entry) => ({ version: 0, ...entry })))
    }
    const snapshots = filled('.snapshot')
    expect(snapshots.length).toBeGreaterThan(5)
    for (const path of snapshots) {
      const ours = (await millraceDump([path], '--json')).map((line) => JSON.parse(line) as object)
      expect(ours).toEqual(await kafka.driver.call('readProducerSnapshot', { path }))
    }
  })

  test('the leader epochs are those of the batches', async () => {
    const starts = new Set<number>()
    // Compaction may have removed the first batch of an epoch.
    for (const place of places.filter(({ topic }) => topic !== 'cleaned')) {
      const epochs = new Map<number, number>()
      for (const { partitionLeaderEpoch, baseOffset } of await batchesOf(place))
        if (!epochs.has(partitionLeaderEpoch)) epochs.set(partitionLeaderEpoch, baseOffset)
      const text = readFileSync(join(kafka.folder(place.topic, place.partition), 'leader-epoch-checkpoint'), 'utf8')
      const [version, count, ...rows] = text.trim().split('\n')
      expect([version, count]).toEqual(['0', String(rows.length)])
      // A leader that wrote nothing has a row too, at the end.
      const written = rows.map((row) => row.split(' ').map(Number)).filter(([epoch]) => epochs.has(epoch!))
      expect(written, nameOf(place)).toEqual([...epochs])
      for (const epoch of epochs.keys()) starts.add(epoch)
    }
    expect(starts.size).toBeGreaterThan(1)
  })

  async function batchesOf(place: Place): Promise<readonly DumpedBatch[]> {
    return millraceBatches(filesOf(place, '.log'))
  }

  async function abortedIn(place: Place): Promise<readonly Aborted[]> {
    const files = filesOf(place, '.txnindex')
    return files.length === 0 ? [] : (await millraceDump(files)).map((line) => numbers(factsOf(line)))
  }
})

type Isolation = 'read_committed' | 'read_uncommitted'
type Aborted = Readonly<Record<string, number>>

/** Waits until Kafka's cleaner has been through all but the growing segment, as its checkpoint tells. */
async function isCleaned(kafka: KafkaBroker, { topic, partition }: Place): Promise<void> {
  const checkpoint = join(kafka.data, 'cleaner-offset-checkpoint')
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    const growing = readdirSync(kafka.folder(topic, partition)).findLast((name) => name.endsWith('.log'))!
    const rows = existsSync(checkpoint) ? readFileSync(checkpoint, 'utf8').split('\n') : []
    if (rows.includes(`${topic} ${partition} ${Number(growing.slice(0, 20))}`)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${topic}-${partition} was not cleaned`)
}

function hides(aborted: Aborted, { isTransactional, producerId, baseOffset }: DumpedBatch): boolean {
  const { firstOffset, lastOffset } = aborted as Readonly<Record<'firstOffset' | 'lastOffset', number>>
  return isTransactional && producerId === aborted['producerId'] && baseOffset >= firstOffset && baseOffset < lastOffset
}

function numbers(facts: Readonly<Record<string, string>>): Aborted {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, Number(value)]))
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}-${partition}`
}
