/**
 * What the tree of subscribers costs a record: five nodes with a fan-out, a store that is a bare map, a sink that counts. Serdes,
 * the real stores and the commit are not in it. The reference is the same work in nodes without RxJS.
 *
 * Vitest's module runner adds a getter to every imported name, several times the work itself; the budget in nanoseconds holds with
 * `--experimental.viteModuleRunner=false`, the one against the reference always.
 */
import { expect, test } from 'vitest'
import { noHeaders } from '@millrace/core'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import { Completions } from '../task/completions.ts'
import { HeldUpdates } from '../task/held-updates.ts'
import { Punctuators } from '../task/punctuators.ts'
import { RecordContext } from '../task/record-context.ts'
import { Scans } from '../task/scans.ts'
import type { Stamped } from '../task/stores.ts'
import type { TaskContext } from '../task/task-context.ts'
import { buildTopology, type Entry, type TopologyNode } from './build-topology.ts'

const recordCount = 10_000
const mostTimesTheReference = 2.5

const positive = (value: unknown): boolean => (value as number) >= 0
const next = (value: unknown): unknown => (value as number) + 1

/** filter → left → count, and left → right → to. */
const nodes: readonly TopologyNode[] = [
  { kind: 'source', name: 'source', inputs: [], topics: ['in'] },
  { kind: 'filter', name: 'filter', inputs: ['source'], predicate: positive },
  { kind: 'map-values', name: 'left', inputs: ['filter'], mapper: next },
  { kind: 'aggregate', name: 'count', inputs: ['left'], store: 'counts', start: () => 1, add: next },
  { kind: 'map-values', name: 'right', inputs: ['left'], mapper: next },
  { kind: 'to', name: 'to', inputs: ['right'] },
]

class BareStore {
  readonly name = 'counts'
  readonly #rows = new Map<unknown, Stamped<unknown>>()

  get(key: unknown): Stamped<unknown> | undefined {
    return this.#rows.get(key)
  }

  put(key: unknown, value: unknown, timestamp: number): void {
    this.#rows.set(key, { value, timestamp })
  }

  delete(key: unknown): void {
    this.#rows.delete(key)
  }
}

function bareContext(written: { count: number }): TaskContext {
  const unused = (): never => expect.unreachable()
  const record = new RecordContext()
  record.headers = noHeaders
  return {
    taskId: '0_0',
    partition: 0,
    errorPolicy: 'fail',
    writePolicy: 'fail',
    record,
    node: '',
    keyValueStore: () => new BareStore() as never,
    output: () => ({ append: () => void written.count++, partitions: () => 1 }),
    expiringStore: unused,
    windowStore: unused,
    globalStore: unused,
    streamTime: unused,
    drop: unused,
    failed: unused,
    unwritten: unused,
    punctuators: new Punctuators(null, () => 0),
    completions: new Completions(),
    held: new HeldUpdates(),
    scans: new Scans(),
    after: unused,
    requestCommit: () => undefined,
    addCloser: unused,
    addLoop: unused,
    due: unused,
  }
}

/** The same nodes written by hand. */
function withoutRx(context: TaskContext): Entry {
  const { record } = context
  const store = context.keyValueStore<unknown, unknown>('counts')
  const output = context.output<unknown, unknown>('to')
  const begin = (node: string, rec: Rec): void => {
    context.node = node
    record.timestamp = rec.timestamp
  }
  const target: Entry[] = []
  const to: Entry = { next: (rec) => output.append(rec.key, rec.value, rec.timestamp, record.headers) }
  const mapper = (name: string, then: readonly Entry[]): Entry => ({
    next: (rec) => {
      begin(name, rec)
      const mapped = new Rec(rec.key, next(rec.value), rec.timestamp)
      for (let i = 0; i < then.length; i++) then[i]!.next(mapped)
    },
  })
  const count: Entry = {
    next: (rec) => {
      begin('count', rec)
      const old = store.get(rec.key)
      const total = old === undefined ? 1 : next(old.value)
      store.put(rec.key, total, rec.timestamp)
      const changed = new Rec(rec.key, new Change(total, old === undefined ? null : old.value), rec.timestamp)
      for (let i = 0; i < target.length; i++) target[i]!.next(changed)
    },
  }
  const left = mapper('left', [count, mapper('right', [to])])
  return {
    next: (rec) => {
      begin('filter', rec)
      if (positive(rec.value)) left.next(rec)
    },
  }
}

test('five nodes and a fan-out', async ({ bench }) => {
  const written = { count: 0 }
  const records = Array.from({ length: recordCount }, (_, i) => new Rec(`k${i % 100}`, i, 1_000_000_000_000 + i))
  const feed = (entry: Entry) => (): void => {
    for (const rec of records) entry.next(rec)
  }
  const results = await bench.compare(
    bench('RxJS', feed(buildTopology({ nodes }, bareContext(written)).source('in'))),
    bench('by hand', feed(withoutRx(bareContext(written)))),
    { time: 1_000 },
  )
  const [rx, byHand] = (['RxJS', 'by hand'] as const).map((name) => (results.get(name).latency.p50 * 1e6) / recordCount)
  expect(written.count).toBeGreaterThan(recordCount)
  expect(rx! / byHand!, `${rx!.toFixed(1)} ns a record with RxJS, ${byHand!.toFixed(1)} by hand`).toBeLessThan(
    mostTimesTheReference,
  )
})
