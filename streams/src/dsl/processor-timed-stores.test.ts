/** Stores of processors that keep several values of a key: versions and sessions. */
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { SessionStore, VersionedStore } from '../graph/timed-stores.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { sessionStore, versionedStore } from './processors.ts'

const prices = versionedStore({ name: 'prices', key: string, value: int64, historyRetention: millis(100) })
const visits = sessionStore({ name: 'visits', key: string, value: int64, retention: millis(100) })
type Rec = StreamRecord<string, number>
type Context = ProcessorContext<string, string, typeof prices | typeof visits>

/** A processor with both stores; `work` is done at each record. */
function withStores(work: (context: Context, record: Rec) => void): MemoryStream {
  return memoryStream<number>((input) =>
    input.process({
      name: 'p',
      stores: [prices, visits],
      open: (context: Context) => ({ process: (record) => work(context, record) }),
    }),
  )
}

describe('a versioned store', () => {
  /** Puts each record (0: null) and then looks. */
  const looking = (look: (store: VersionedStore<string, number>, context: Context) => unknown) => {
    const seen: unknown[] = []
    const stream = withStores((context, { key, value }) => {
      const store = context.store(prices)
      if (key !== 'look') return value === 0 ? store.delete(key) : store.put(key, value)
      seen.push(look(store, context))
    })
    return { stream, seen }
  }

  test('gives the version that was valid at a time', () => {
    const { stream, seen } = looking((store) => [
      store.get('a'),
      ...[9, 10, 19, 20, 34, 35, 99].map((asOf) => store.get('a', { asOf })),
      store.get('nobody'),
    ])
    stream.feed('a', 2, 20).feed('a', 1, 10).feed('a', 0, 35).feed('look', 1, 40).feed('a', 4, 50).feed('look', 1, 50)
    expect(seen).toEqual([
      [undefined, undefined, 1, 1, 2, 2, undefined, undefined, undefined],
      [4, undefined, 1, 1, 2, 2, undefined, 4, undefined],
    ])
  })

  test('tells from when to when a version was valid', () => {
    const { stream, seen } = looking((store) => [store.getVersion('a'), store.getVersion('a', { asOf: 15 })])
    stream.feed('a', 1, 10).feed('a', 2, 20).feed('look', 1, 20)
    expect(seen).toEqual([
      [
        { value: 2, timestamp: 20, validTo: null },
        { value: 1, timestamp: 10, validTo: 20 },
      ],
    ])
  })

  test('forgets what is older than its history, but never the newest version (KIP-889)', () => {
    const { stream, seen } = looking((store) => [20, 59, 60].map((asOf) => store.get('a', { asOf })).concat(store.get('b')))
    stream.feed('b', 9, 1).feed('a', 1, 10).feed('a', 2, 50).feed('look', 1, 50)
    stream.feed('c', 5, 160).feed('look', 1, 160).feed('b', 3, 59).feed('b', 4, 60).feed('look', 1, 160)
    expect(seen).toEqual([
      [1, 2, 2, 9],
      [undefined, 2, 2, 9],
      [undefined, 2, 2, 4],
    ])
    expect(stream.drops).toEqual({ expired: 1 })
  })

  test('is scanned by key, as of now or of a time', () => {
    const { stream, seen } = looking((_, context) => {
      const rows: unknown[] = []
      context.scan(prices, { reverse: true }, ({ key, value }) => void rows.push(`${key}${value}`))
      context.scan(prices, { from: 'a', to: 'b', asOf: 15 }, (row) => void rows.push(row))
      return rows
    })
    stream.feed('a', 1, 10).feed('b', 2, 12).feed('c', 3, 13).feed('a', 4, 20).feed('c', 0, 21).feed('look', 1, 21)
    expect(seen).toEqual([
      ['b2', 'a4', { key: 'a', value: 1, timestamp: 10, validTo: 20 }, { key: 'b', value: 2, timestamp: 12, validTo: null }],
    ])
  })

  property.prop([fc.array(fc.record({ at: fc.nat(300), value: fc.nat(5) }), { maxLength: 30 }), fc.nat(300)])(
    'equals all that was put in time, looked up naively',
    (puts, asOf) => {
      let time = -1
      const kept: { at: number; value: number }[] = []
      for (const put of puts) {
        if (put.at < time - 100) continue
        time = Math.max(time, put.at)
        kept.push(put)
      }
      const newestOf = (until: number) =>
        kept.findLast(({ at }) => at === Math.max(...kept.map((one) => (one.at <= until ? one.at : -1))))
      const [newest, then] = [newestOf(Infinity), newestOf(asOf)]
      const isReached = asOf >= time - 100 || then === newest
      let seen: unknown
      const { stream } = looking((store) => (seen = [store.get('a'), store.get('a', { asOf })]))
      for (const { at, value } of puts) stream.feed('a', value, at)
      stream.feed('look', 1, 0)
      const shown = (one: { value: number } | undefined): number | undefined => (one?.value === 0 ? undefined : one?.value)
      expect(seen).toEqual([shown(newest), isReached ? shown(then) : undefined])
    },
  )
})

describe('a session store', () => {
  interface Session {
    readonly start: number
    readonly end: number
  }
  const bounds = (sessions: readonly Session[]): string => sessions.map(({ start, end }) => `${start}-${end}`).join(' ')

  test('finds sessions by where they end and begin', () => {
    const seen: unknown[] = []
    const stream = withStores((context, { key }) => {
      const store = context.store(visits)
      for (const [start, end] of [
        [10, 20],
        [12, 20],
        [30, 40],
        [5, 90],
      ] as const)
        store.put({ key, start, end }, end - start)
      store.put({ key: 'other', start: 1, end: 50 }, 1, 7)
      seen.push(
        bounds(store.fetch(key)),
        bounds(store.findSessions(key, 20, 12)),
        bounds(store.findSessions(key, 21, 30)),
        bounds(store.findSessions(key, 91, 1000)),
        store.findSessions('other', 0, 1000),
        [store.get({ key, start: 12, end: 20 }), store.get({ key, start: 11, end: 20 })],
      )
      store.put({ key, start: 12, end: 20 }, 99)
      store.remove({ key, start: 10, end: 20 })
      store.remove({ key, start: 11, end: 20 })
      seen.push([bounds(store.fetch(key)), store.get({ key, start: 12, end: 20 })])
    })
    stream.feed('a', 0, 50)
    expect(seen).toEqual([
      '10-20 12-20 30-40 5-90',
      '10-20 12-20 5-90',
      '30-40 5-90',
      '',
      [{ key: 'other', start: 1, end: 50, value: 1, timestamp: 7 }],
      [8, undefined],
      ['12-20 30-40 5-90', 99],
    ])
  })

  property.prop([
    fc.array(
      fc.record({ key: fc.constantFrom('a', 'b'), start: fc.nat(300), length: fc.nat(40), value: fc.nat(3), at: fc.nat(300) }),
      {
        maxLength: 40,
      },
    ),
    fc.nat(300),
    fc.nat(300),
  ])('equals a list of sessions, less those that are gone', (puts, earliestEnd, latestStart) => {
    let sessions: { key: string; start: number; end: number; value: number }[] = []
    let [time, expired] = [-1, 0]
    let store: SessionStore<string, number>
    const stream = withStores((context, { value }) => {
      const put = puts[value]
      store = context.store(visits)
      if (put === undefined) return
      const session = { key: put.key, start: put.start, end: put.start + put.length }
      store.put(session, put.value === 0 ? null : put.value)
    })
    for (const [index, { key, start, length, value, at }] of puts.entries()) {
      stream.feed('x', index, at)
      time = Math.max(time, at)
      const end = start + length
      if (end <= time - 100) expired++
      sessions = sessions.filter((one) => (one.key !== key || one.start !== start || one.end !== end) && one.end > time - 100)
      if (value > 0 && end > time - 100) sessions.push({ key, start, end, value })
    }
    stream.feed('x', puts.length, 0)
    time = Math.max(time, 0)
    const shown = (key: string, from: number, to: number): unknown[] =>
      store.findSessions(key, from, to).map(({ start, end, value }) => ({ key, start, end, value }))
    for (const key of ['a', 'b']) {
      const all = sessions.filter((one) => one.key === key).toSorted((a, b) => a.end - b.end || a.start - b.start)
      expect(shown(key, -Infinity, Infinity)).toEqual(all)
      expect(shown(key, earliestEnd, latestStart)).toEqual(
        all.filter(({ start, end }) => end >= earliestEnd && start <= latestStart),
      )
    }
    expect(stream.drops).toEqual(expired === 0 ? {} : { expired })
  })

  test('refuses what is no session', () => {
    for (const session of [
      { start: 5, end: 4 },
      { start: -1, end: 4 },
      { start: 0.5, end: 4 },
    ]) {
      const stream = withStores((context, { key }) => context.store(visits).put({ key, ...session }, 1))
      expect(() => stream.feed('a', 1)).toThrow(/INVALID_STREAM_OPTION.*visits/s)
    }
    const scanned = withStores((context) => context.scan('visits' as 'prices', {}, () => {}))
    expect(() => scanned.feed('a', 1)).toThrow(/INVALID_STREAM_OPTION.*findSessions/s)
  })
})

test('versioned and session stores have names, serdes and durations', () => {
  expect(() => versionedStore({ name: 'x', key: string, value: int64, historyRetention: millis(0) })).toThrow(
    /INVALID_STREAM_OPTION/,
  )
  expect(() => sessionStore({ name: 'x', key: string, value: 5 as never, retention: millis(1) })).toThrow(/INVALID_STREAM_OPTION/)
  expect(() => sessionStore({ name: 'x', key: string, value: string, retention: millis(1), ttl: 5 } as never)).toThrow(/ttl/)
})
