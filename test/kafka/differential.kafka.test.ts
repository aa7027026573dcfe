import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BothLogs } from './both-logs.ts'
import { kafkaDump } from './dump-log.ts'
import { placesOf, type Batch, type Operation } from './operations.ts'
import { randomOperations } from './random-operations.ts'
import { abortingOperations, compactingOperations, sampleOperations } from './sample-operations.ts'

/** The same is done to a Millrace and to a Kafka; then they must hold the same records at the same offsets. */
describe('Millrace and Kafka, after the same operations', () => {
  const samples = [...sampleOperations, ...abortingOperations]
  const seed = Number(process.env['MILLRACE_KAFKA_SEED'] ?? 1)
  const random = randomOperations(seed, 240)
  const places = placesOf([...samples, ...random])
  let both: BothLogs

  beforeAll(async () => {
    both = await BothLogs.start()
    await both.apply(samples)
  })

  afterAll(async () => {
    await both?.[Symbol.asyncDispose]()
  })

  test('hold the same records', async () => {
    for (const place of placesOf(samples)) await both.expectEqual(place)
  })

  // After each part some transactions are open, which last stable offsets and committed records must show.
  test('hold the same records also while transactions are open', async () => {
    for (let from = 0; from < random.length; from += 30) {
      await both.apply(random.slice(from, from + 30))
      for (const place of placesOf(random)) await both.expectEqual(place)
    }
  })

  test('have the same positions of groups', async () => {
    const sorted = <T extends { topic: string; partition: number }>(positions: readonly T[]): T[] =>
      [...positions].sort((a, b) => a.partition - b.partition)
    const ours = sorted(await both.log.admin.groupOffsets('readers'))
    expect(ours.length).toBe(2)
    expect(ours).toEqual(sorted(await both.kafka.driver.call('groupOffsets', { group: 'readers' })))
  })

  test('start at the same offset after records were deleted', async () => {
    const deletions = [0.3, 0.3, 0.9, 1].map((share, n): Operation => ({
      op: 'delete-records',
      topic: 'random',
      partition: n % 3,
      share,
    }))
    await both.apply(deletions)
    for (const partition of [0, 1, 2]) await both.expectEqual({ topic: 'random', partition })
  })

  test.each(Object.entries(retentions))('remove %s', async (topic, changes) => {
    await both.apply(agingOperations(topic, Date.now()))
    await both.expectEqual({ topic, partition: 0 })
    await both.apply([{ op: 'configure', topic, changes }])
    await both.expectEqualSoon({ topic, partition: 0 }, ({ offsets }) => offsets.earliest > 0)
  })

  test('leave the same records when they compact', async () => {
    await both.apply(compactingOperations)
    await both.reopen()
    const written = compactingOperations.reduce((sum, operation) => sum + recordsIn(operation), 0)
    await both.expectEqualSoon({ topic: 'cleaned', partition: 0 }, ({ uncommitted }) => uncommitted.length < written / 2)
  })

  test('know the same of aborted transactions', async () => {
    await both.stop()
    let found = 0
    for (const place of places) {
      const [ours, theirs] = await Promise.all(both.files(place, '.txnindex').map((files) => abortedIn(both, files)))
      // Producer ids are each log's own.
      expect(ours, `${place.topic}-${place.partition}`).toEqual(theirs)
      found += ours!.length
    }
    expect(found).toBeGreaterThan(10)
  })

  // Kafka's tool names offsets that compaction left out, on its own files too. Millrace keeps the last batch of a segment, without
  // records if need be, and the time of that batch may stand in the time index: the tool, which looks at records, finds none (-1).
  test('leave compacted files that are valid for Kafka', async () => {
    const place = { topic: 'cleaned', partition: 0 }
    const dump = (suffix: string, option: string): Promise<readonly string[]> =>
      kafkaDump(both.kafka.driver, both.files(place, suffix)[0], option)
    const isFault = (line: string): boolean =>
      !/^baseOffset: .* isvalid: true$|^\| offset: |^Non-consecutive| is followed by /.test(line)
    expect((await dump('.log', '--deep-iteration')).filter(isFault)).toEqual([])
    expect(await dump('.index', '--verify-index-only')).toEqual([])
    const timeFaults = await dump('.timeindex', '--verify-index-only')
    expect(timeFaults.filter((line) => !/^Found timestamp mismatch in|log timestamp: -1$/.test(line))).toEqual([])
  })

  // Of small plain batches: Millrace cuts large ones at 64 KiB, and codecs differ in what they make of them.
  test('close their segments at the same records, and index the same of them', async () => {
    for (const place of places.filter(({ topic }) => /^(segments|random|transactions)$/.test(topic))) {
      const where = `${place.topic}-${place.partition}`
      const [ours, theirs] = both.files(place, '.log')
      expect(
        ours.map((file) => basename(file)),
        where,
      ).toEqual(theirs.map((file) => basename(file)))
      expect(contentsOf(both.files(place, '.index')[0]), where).toEqual(contentsOf(both.files(place, '.index')[1]))
      // Markers have the time of their writing.
      if (place.topic !== 'segments') continue
      expect(contentsOf(both.files(place, '.timeindex')[0]), where).toEqual(contentsOf(both.files(place, '.timeindex')[1]))
    }
  })
})

async function abortedIn({ kafka }: BothLogs, files: readonly string[]): Promise<readonly object[]> {
  const found: object[] = []
  for (const path of files)
    for (const { producerId: _id, ...aborted } of await kafka.driver.call('readTransactionIndex', { path })) found.push(aborted)
  return found
}

function recordsIn(operation: Operation): number {
  if (operation.op === 'transact') return operation.batches.reduce((sum, { records }) => sum + records.length, 0)
  return operation.op === 'write' ? operation.batch.records.length : 0
}

function contentsOf(files: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map((file) => [basename(file), readFileSync(file).toString('hex')]))
}

/** A topic each. Records are 20 days old, or new. */
const retentions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'what-is-too-much': { 'retention.bytes': '5000' },
  'what-is-too-old': { 'retention.ms': String(10 * 86_400_000) },
  'what-is-old-or-too-much': { 'retention.ms': String(10 * 86_400_000), 'retention.bytes': '1000' },
}

function agingOperations(topic: string, now: number): Operation[] {
  const config = { 'retention.ms': '-1', 'segment.bytes': '2000' }
  const batch = (n: number): Batch => ({
    topic,
    partition: 0,
    records: Array.from({ length: 5 }, (_, i) => ({
      timestamp: now - (n < 20 ? 20 * 86_400_000 : 0) + n,
      key: `k${i}`,
      value: 'x'.repeat(50),
    })),
  })
  return [
    { op: 'create', topic, partitions: 1, config },
    ...Array.from({ length: 40 }, (_, n): Operation => ({ op: 'write', batch: batch(n) })),
  ]
}
