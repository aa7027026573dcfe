import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedLog } from '@millrace/core'
import { rowsOf, runExample } from '../e2e/flight-example.ts'
import { factsOf, kafkaDump, millraceDump } from './dump-log.ts'
import { KafkaDriver } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { recordsOf } from './millrace-records.ts'

/** Kafka's own tools on what a real application has left behind after a clean close. */
describe('the directory of the flight example, read by Kafka', () => {
  const data = mkdtempSync(join(tmpdir(), 'millrace-kafka-flights-'))
  const directory = join(data, 'log')
  let driver: KafkaDriver
  let files: readonly string[] = []

  beforeAll(async () => {
    driver = new KafkaDriver(findKafka())
    rowsOf(await runExample(['--data', data, '--json']))
    files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .sort()
  })

  afterAll(async () => {
    await driver[Symbol.asyncDispose]()
    rmSync(data, { recursive: true, force: true })
  })

  const ending = (suffix: string, within = ''): readonly string[] =>
    files.filter((file) => file.endsWith(suffix) && file.slice(directory.length).startsWith(`/${within}`))

  const holdsSomething = (file: string): boolean => statSync(file).size > 0

  test('there is something to look at', () => {
    for (const suffix of ['.log', '.index', '.timeindex', '.snapshot']) expect(ending(suffix).length).toBeGreaterThan(10)
  })

  test('kafka-dump-log finds every batch and record valid, and sees the same as millrace dump-log', async () => {
    const theirs = await kafkaDump(driver, ending('.log'), '--deep-iteration')
    expect(theirs.filter((line) => !/^baseOffset: .* isvalid: true$|^\| offset: /.test(line))).toEqual([])
    expect(theirs.length).toBeGreaterThan(20_000)
    const withData = await kafkaDump(driver, ending('.log', 'flights'), '--deep-iteration', '--print-data-log')
    const ours = await millraceDump(ending('.log', 'flights'), '--print-data-log')
    expect(ours).toEqual(withData)
    expect(ours.length).toBeGreaterThan(20_000)
  })

  test('its indexes pass the check of a broker that starts, and point where they say', async () => {
    const indexes = ending('.index')
    const verdict = (file: string): string => `${file} ${statSync(file).size === 0 ? 'is empty' : 'passed sanity check'}.`
    expect(await kafkaDump(driver, indexes, '--index-sanity-check')).toEqual(indexes.map(verdict))
    for (const suffix of ['.index', '.timeindex']) {
      const filled = ending(suffix).filter(holdsSomething)
      expect(await kafkaDump(driver, filled, '--verify-index-only')).toEqual([])
      expect(await millraceDump(filled)).toEqual(await kafkaDump(driver, filled))
    }
  })

  test('its indexes have entries where a broker makes them', async () => {
    const logs = ending('.log').filter(holdsSomething)
    const indexed: string[] = []
    for (const log of logs) {
      const batches = await kafkaDump(driver, [log])
      // A batch with more than index.interval.bytes before it: how many logs have one depends on how the records came into batches.
      if (Number(factsOf(batches.at(-1)!)['position']) > 4096) indexed.push(log.replace(/log$/, 'index'))
    }
    expect(ending('.index').filter(holdsSomething)).toEqual(indexed)
    expect(indexed.length).toBeGreaterThan(0)
    expect(ending('.timeindex').filter(holdsSomething)).toEqual(logs.map((log) => log.replace(/log$/, 'timeindex')))
  })

  test('producer snapshots hold the same for both', async () => {
    for (const file of ending('.snapshot')) {
      const theirs = await driver.call('readProducerSnapshot', { path: file })
      const ours = (await millraceDump([file])).map(factsOf)
      expect(ours).toEqual(
        theirs.map((entry) => Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, `${value}`]))),
      )
    }
  })

  test('the records of the coordinators decode as Kafka writes its own', async () => {
    const offsets = await kafkaDump(driver, ending('.log', '__consumer_offsets'), '--offsets-decoder')
    const committed = offsets.filter((line) => line.includes('payload: {"version":"3"'))
    expect(committed.length).toBeGreaterThan(0)
    expect(offsets.filter((line) => line.startsWith('|')).length).toBe(
      committed.length + offsets.filter((line) => line.includes('endTxnMarker: COMMIT')).length,
    )
    const ids = await kafkaDump(driver, ending('.log', '__transaction_state'), '--transaction-log-decoder')
    const records = ids.filter((line) => line.startsWith('|'))
    expect(records.length).toBeGreaterThan(0)
    for (const line of records) {
      expect(line).toMatch(/key: \{"type":"0","data":\{"transactionalId":"[\w-]+"\}\} payload: \{"version":"1",/)
      expect(line).toContain('"clientTransactionVersion":2')
    }
    expect(records.some((line) => line.includes('"transactionalId":"ingest-airports"'))).toBe(true)
  })

  test("Kafka's classes read the records that Millrace reads", async () => {
    await using log = await embeddedLog({ dir: directory })
    let records = 0
    for (const topic of await log.admin.listTopics()) {
      const [description] = await log.admin.describeTopics([topic])
      for (let partition = 0; partition < description!.partitions; partition++) {
        const batches = []
        for (const path of ending('.log', `${topic}-${partition}/`)) batches.push(...(await driver.call('readSegment', { path })))
        const theirs = batches.filter(({ control }) => !control).flatMap((batch) => batch.records)
        expect(await recordsOf(log, { topic, partition }), `${topic}-${partition}`).toEqual(theirs)
        records += theirs.length
      }
    }
    expect(records).toBeGreaterThan(30_000)
  })
})
