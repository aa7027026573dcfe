/** The views of an application show what the plain maps of a driver hold after the same input, whatever lies in layers or in the engine. */
import { string } from '@millrace/core'
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { TopologyTestDriver } from '../testing/topology-test-driver.ts'
import { millis } from '../time/duration.ts'
import { session, sliding } from '../time/windows.ts'
import { inWorld, topologyOf, type Row } from './app-world.fixtures.ts'
import { appOver, committed, list } from './query-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

const text = { key: string, value: string }
const keys = ['a', 'ab', 'ä', 'b']

function build(builder: StreamsBuilder): void {
  const values = { value: string, initial: () => '', add: (all: string, one: string) => all + one }
  const grouped = builder.stream('in', text).groupByKey()
  grouped
    .windowedBy(session({ gap: millis(7), grace: millis(20) }))
    .aggregate({ store: 'sessions', ...values, merge: (one, other) => one + other })
    .emitOnUpdate()
  grouped
    .windowedBy(sliding({ difference: millis(9), grace: millis(15) }))
    .aggregate({ store: 'sliding', ...values })
    .emitOnUpdate()
}

function buildVersions(builder: StreamsBuilder): void {
  builder.table('in', { ...text, store: 'versions', versioned: { historyRetention: millis(25) } })
}

interface Step {
  readonly rows: readonly Row[]
  readonly restart: boolean
}

/** Time goes on by and by, and some records come late. `values` of null delete. */
function steps(values: fc.Arbitrary<string | null>): fc.Arbitrary<readonly Step[]> {
  const row = fc.record({
    key: fc.constantFrom(...keys),
    value: values,
    ahead: fc.nat(12),
    behind: fc.constantFrom(0, 0, 3, 10, 18),
  })
  return fc
    .array(fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 8 }), restart: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((all) => {
      let now = 0
      return all.map(({ rows, restart }) => ({
        restart,
        rows: rows.map(({ key, value, ahead, behind }): Row => [key, value, Math.max(0, (now += ahead) - behind)]),
      }))
    })
}

/** Gives the steps to an application and to a driver, and compares after each. */
async function compare(
  given: readonly Step[],
  topology: (builder: StreamsBuilder) => void,
  store: string,
  check: (app: StreamsApp, driver: TopologyTestDriver) => Promise<void>,
): Promise<void> {
  await inWorld(async (world) => {
    using driver = new TopologyTestDriver(topologyOf(topology))
    let app = await appOver(world, [[]], topology)
    let count = 0
    for (const { rows, restart } of given) {
      await world.put('in', rows)
      for (const [key, value, timestamp] of rows) driver.pipeInput('in', { key, value, timestamp: timestamp! })
      count += rows.length
      const view = (): { position(): readonly { readonly offset: number }[] } =>
        store === 'versions' ? app.versionedStore(store) : app.sessionStore(store)
      await committed(world, view(), count)
      if (restart) {
        await app.close()
        app = world.app(topology, { bounded: false })
        await app.start()
        await committed(world, view(), count)
      }
      await check(app, driver)
    }
    await app.close()
  })
}

const rowsOf = (driver: TopologyTestDriver, store: string) =>
  driver.store<string, string>(store).map(({ key, start, end, value, timestamp }) => ({ key, start, end, value, timestamp }))

test.prop([steps(fc.constantFrom('x', 'y', 'z'))], { numRuns: 30 })('sessions and sliding windows', (given) =>
  compare(given, build, 'sessions', async (app, driver) => {
    const sessions = rowsOf(driver, 'sessions')
    const visits = app.sessionStore<string, string>('sessions')
    expect(await list(visits.range())).toEqual(sessions)
    expect(await list(visits.range({ reverse: true }))).toEqual(sessions.toReversed())
    const windows = rowsOf(driver, 'sliding')
    const near = app.windowStore<string, string>('sliding')
    expect(await list(near.range())).toEqual(windows)
    for (const key of keys) {
      expect(await visits.sessions(key)).toEqual(sessions.filter((row) => row.key === key))
      const range = { from: 10, to: 30 }
      expect(await near.windows(key, range)).toEqual(
        windows.filter((row) => row.key === key && row.start! >= 10 && row.start! <= 30),
      )
    }
    for (const { key, start, end, value, timestamp } of sessions)
      expect(await visits.get(key, start!, end!)).toEqual({ value, timestamp })
    for (const { key, start, value, timestamp } of windows) expect(await near.get(key, start!)).toEqual({ value, timestamp })
  }),
)

test.prop([steps(fc.constantFrom('x', 'y', null)), fc.nat(60), fc.nat(20)], { numRuns: 30 })('versions', (given, from, length) =>
  compare(given, buildVersions, 'versions', async (app, driver) => {
    const rows = driver.store<string, string>('versions')
    const store = app.versionedStore<string, string>('versions')
    for (const key of keys) {
      const own = rows
        .filter((row) => row.key === key)
        .map(({ value, timestamp, validTo }) => ({ value, validFrom: timestamp, validTo }))
      expect(await store.versions(key)).toEqual(own)
      expect(await store.versions(key, { reverse: true })).toEqual(own.toReversed())
      expect(await store.get(key)).toEqual(own.find(({ validTo }) => validTo === null) ?? null)
      for (const version of own) {
        if (version.validTo !== null) expect(await store.get(key, { asOf: version.validTo! - 1 })).toEqual(version)
      }
      const found = await store.versions(key, { from, to: from + length })
      expect(own).toEqual(expect.arrayContaining([...found]))
      for (let asOf = from; asOf <= from + length; asOf++) {
        const then = await store.get(key, { asOf })
        if (then !== null) expect(found).toContainEqual(then)
      }
    }
  }),
)
