import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adoptKafka, embeddedLog, type AdoptionReport, type LogClient } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import type { JsonRecord } from './kafka-driver.ts'
import { recordsOf } from './millrace-records.ts'
import { KafkaRun } from './on-kafka.ts'
import { placesOf } from './operations.ts'
import { abortingOperations, compactingOperations, sampleOperations } from './sample-operations.ts'

/** The partitions of a stopped Kafka, taken over by Millrace, which then serves them and goes on writing. */
describe('the topics of a Kafka, adopted', () => {
  const temp = mkdtempSync(join(tmpdir(), 'millrace-kafka-adopt-'))
  const directory = join(temp, 'log')
  const operations = [...sampleOperations, ...abortingOperations, ...compactingOperations]
  const places = placesOf(operations)
  const isolations = ['read_committed', 'read_uncommitted'] as const
  const seen = new Map<string, readonly JsonRecord[]>()
  const offsets = new Map<string, readonly number[]>()
  const groups = new Map<string, readonly unknown[]>()
  const groupNames = [...new Set(operations.flatMap((one) => (one.op === 'transact' && one.offsets ? [one.offsets.group] : [])))]
  let kafka: KafkaBroker
  let report: AdoptionReport
  let log: LogClient

  beforeAll(async () => {
    kafka = await KafkaBroker.start({ 'log.cleaner.backoff.ms': '100' })
    await new KafkaRun(kafka.driver).apply(sampleOperations)
    await kafka.stop()
    await kafka.start()
    await new KafkaRun(kafka.driver).apply([...abortingOperations, ...compactingOperations])
    await isCleaned(kafka)
    await kafka.driver.call('deleteRecords', { topic: 'segments', partition: 0, before: 30 })
    for (const place of places) {
      for (const isolation of isolations)
        seen.set(`${nameOf(place)} ${isolation}`, await kafka.driver.call('consume', { ...place, isolation }))
      const found: number[] = []
      for (const at of ['earliest', 'latest', 'stable'] as const)
        found.push((await kafka.driver.call('listOffset', { ...place, at })).offset)
      offsets.set(nameOf(place), found)
    }
    for (const group of groupNames) groups.set(group, await kafka.driver.call('groupOffsets', { group }))
    await kafka.stop()
    report = await adoptKafka({
      dir: directory,
      from: kafka.data,
      groups: true,
      configs: { cleaned: { 'cleanup.policy': 'compact' }, segments: { 'retention.ms': '-1' } },
    })
    log = await embeddedLog({ dir: directory })
  })

  afterAll(async () => {
    await log?.close()
    await kafka?.[Symbol.asyncDispose]()
    rmSync(temp, { recursive: true, force: true })
  })

  test('the report names them, and what was left', () => {
    const expected = new Set(places.map(({ topic }) => topic))
    expect(report.topics.map(({ topic }) => topic)).toEqual(expect.arrayContaining([...expected]))
    expect(report.topics.reduce((sum, { records }) => sum + records, 0)).toBeGreaterThan(300)
    expect(report.skipped.map(({ topic }) => topic)).toEqual(
      expect.arrayContaining(['__consumer_offsets', '__transaction_state']),
    )
  })

  test('consumers see the same records at the same offsets', async () => {
    for (const place of places) {
      for (const isolation of isolations)
        expect(await recordsOf(log, place, isolation), `${nameOf(place)} ${isolation}`).toEqual(
          seen.get(`${nameOf(place)} ${isolation}`),
        )
      const found = await log.admin.listOffsets((['earliest', 'latest', 'stable'] as const).map((at) => ({ ...place, at })))
      expect(found, nameOf(place)).toEqual(offsets.get(nameOf(place)))
    }
  })

  test('groups go on where they were', async () => {
    expect(groupNames.length).toBeGreaterThan(0)
    for (const group of groupNames) {
      const ours = await log.admin.groupOffsets(group)
      const plain = ours.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }))
      const theirs = groups.get(group)!
      expect(plain).toHaveLength(theirs.length)
      expect(plain).toEqual(expect.arrayContaining([...theirs]))
    }
    expect(report.groups).toEqual([...groupNames].sort())
  })

  test('Millrace goes on writing, transactions too, and verify finds nothing', { timeout: 120_000 }, async () => {
    const transactional = await log.producer({ transactionalId: 'goes on' })
    const plain = await log.producer()
    const before = new Map<string, number>()
    for (const place of places) {
      const [end] = await log.admin.listOffsets([{ ...place, at: 'latest' }])
      before.set(nameOf(place), end!)
      plain.append(place.topic, 'key', 'plain', { partition: place.partition })
      await plain.flush()
      const aborted = await transactional.begin()
      const doomed = transactional.batch(place.topic, place.partition)
      doomed.append('key', 'aborted', 1)
      await aborted.send(doomed)
      await aborted.abort()
      const batch = transactional.batch(place.topic, place.partition)
      batch.append('key', 'committed', 2)
      await transactional.transact({ batches: [batch] })
    }
    await log.close()
    log = await embeddedLog({ dir: directory })
    for (const place of places) {
      const all = await recordsOf(log, place)
      const old = seen.get(`${nameOf(place)} read_committed`)!
      expect(all.slice(0, old.length), nameOf(place)).toEqual(old)
      expect(
        all
          .slice(old.length)
          .map(({ offset, value }) => [offset - before.get(nameOf(place))!, String(Buffer.from(value!, 'base64'))]),
      ).toEqual([
        [0, 'plain'],
        [3, 'committed'],
      ])
    }
    await log.close()
    const main = fileURLToPath(new URL('../../core/src/cli/main.ts', import.meta.url))
    const { status, stdout } = spawnSync(process.execPath, ['--conditions=@millrace/source', main, 'verify', '--dir', directory])
    expect({ status, stdout: String(stdout) }).toEqual({ status: 0, stdout: expect.stringContaining('no damage found') })
    log = await embeddedLog({ dir: directory })
  })
})

/** Waits until Kafka's cleaner has been there once. */
async function isCleaned({ data }: KafkaBroker): Promise<void> {
  const checkpoint = join(data, 'cleaner-offset-checkpoint')
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    if (existsSync(checkpoint) && /^cleaned 0 [1-9]/m.test(readFileSync(checkpoint, 'utf8'))) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('nothing was cleaned')
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`
}
