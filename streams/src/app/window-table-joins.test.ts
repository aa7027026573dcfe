/** Tables of windows that meet window by window, on the real runtime. */
import { describe, expect, test } from 'vitest'
import { int64, json, string, type Serde } from '@millrace/core'
import type { WindowTable } from '../dsl/window-table.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { calendar, hopping, session, sliding, tumbling, type SessionWindows, type TimeWindows } from '../time/windows.ts'
import { inWorld, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const grace = millis(1_000)
const out: { readonly key: Serde<string>; readonly value: Serde<string | null> } = { key: string, value: json<string | null>() }

function countsOf(builder: StreamsBuilder, topic: string, windows: TimeWindows): WindowTable<string, number> {
  return builder.stream(topic, text).groupByKey().windowedBy(windows).count({ store: topic })
}

const rowsOf = (step: number): Row[] => Array.from({ length: 40 }, (_, index) => [`k${(index * step) % 3}`, 'x', index * step])

/** What counts of both come to, in windows of that size and advance. */
function naive(size: number, advance: number): Map<string, string> {
  const count = (rows: readonly Row[], key: string, start: number): number =>
    rows.filter(([one, , time]) => one === key && time! >= start && time! < start + size).length
  const found = new Map<string, string>()
  for (const key of ['k0', 'k1', 'k2']) {
    for (let start = 0; start <= 40 * 7; start += advance) {
      const [left, right] = [count(rowsOf(5), key, start), count(rowsOf(7), key, start)]
      if (left > 0 || right > 0) found.set(`${key}@${start}`, `${left || '-'}/${right || '-'}`)
    }
  }
  return found
}

describe('tables of windows', () => {
  test.each<readonly [string, TimeWindows, number, 'update' | 'commit', number]>([
    ['tumbling', tumbling({ size: millis(20), grace }), 20, 'update', 100_000],
    ['tumbling, every commit, small steps', tumbling({ size: millis(20), grace }), 20, 'commit', 600],
    ['hopping, every commit', hopping({ size: millis(20), advance: millis(10), grace }), 10, 'commit', 100_000],
  ])('%s: come to the join of what each comes to', (_name, windows, advance, emitEvery, maxUncommittedBytes) =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('left', rowsOf(5))
      await world.put('right', rowsOf(7))
      await world.run(
        (builder) => {
          const [left, right] = ['left', 'right'].map((topic) => countsOf(builder, topic, windows).emitOnUpdate({ emitEvery }))
          left!
            .outerJoin(right!, (a, b) => `${a ?? '-'}/${b ?? '-'}`)
            .toStream()
            .map((value, { key, start }) => ({ key: `${key}@${start}`, value }))
            .to('out', out)
        },
        { maxUncommittedBytes },
      )
      const last = (await world.records('out')).map(({ key, value }) => [String(key), JSON.parse(String(value))] as const)
      expect(new Map(last)).toEqual(naive(20, advance))
    }),
  )

  test.each([
    ['while it is open', 8, '1/1'],
    ['when it is closed', 30, '1/-'],
  ])('a row is met %s', (_name, time, expected) =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('right', [
        ['a', 'x', 8],
        ['c', 'x', time],
      ])
      await world.put('left', [
        ['b', 'x', 40],
        ['a', 'x', 5],
      ])
      await world.run((builder) => {
        const left = countsOf(builder, 'left', tumbling({ size: millis(10), grace }))
        const right = countsOf(builder, 'right', tumbling({ size: millis(10), grace: millis(0) }))
        left
          .emitOnUpdate()
          .leftJoin(right.emitOnUpdate(), (a, b) => `${a}/${b ?? '-'}`)
          .toStream()
          .map((value, { key, start }) => ({ key: `${key}@${start}`, value }))
          .to('out', out)
      })
      expect(await world.rows('out')).toEqual(['b@40="1/-"', `a@0="${expected}"`])
    }),
  )

  test.each([
    ['while it is open', 8, '1/1'],
    ['when it is closed and others in its row of the store are not', 12, '1/-'],
  ])('a hopping window is met %s', (_name, time, expected) =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await world.put('right', [
        ['a', 'x', 8],
        ['c', 'x', time],
      ])
      await world.put('left', [
        ['b', 'x', 40],
        ['a', 'x', 5],
      ])
      const hops = { size: millis(10), advance: millis(5) }
      await world.run((builder) => {
        const left = countsOf(builder, 'left', hopping({ ...hops, grace }))
        const right = countsOf(builder, 'right', hopping({ ...hops, grace: millis(0) }))
        left
          .emitOnUpdate()
          .leftJoin(right.emitOnUpdate(), (a, b) => `${a}/${b ?? '-'}`)
          .toStream()
          .map((value, { key, start }) => ({ key: `${key}@${start}`, value }))
          .to('out', out)
      })
      expect(await world.rows('out')).toEqual(['b@35="1/-"', 'b@40="1/-"', `a@0="${expected}"`, 'a@5="1/1"'])
    }),
  )

  test('of other windows do not meet; those without rows of their own need a store', () => {
    const builder = new StreamsBuilder()
    const zone = { unit: 'day', zone: 'UTC', grace } as const
    const left = countsOf(builder, 'left', tumbling({ size: millis(10), grace })).emitOnUpdate()
    const other = countsOf(builder, 'other', tumbling({ size: millis(20), grace })).emitOnUpdate()
    const days = countsOf(builder, 'days', calendar(zone)).emitOnUpdate()
    const add = (a: number, b: number): number => a + b
    expect(() => left.join(other, add)).toThrow('TOPOLOGY_INVALID: the keys of the two tables have other windows (join)')
    expect(() => left.join(days, add)).toThrow('the keys of the two tables have other windows')
    const sliding10 = countsOf(builder, 'sliding', sliding({ difference: millis(10), grace })).emitOnUpdate()
    const gap: SessionWindows = session({ gap: millis(10), grace })
    const sessions = builder.stream('sessions', text).groupByKey().windowedBy(gap).count({ store: 'sessions' }).emitOnUpdate()
    for (const table of [sliding10, sessions]) {
      expect(() => table.join(table, add)).toThrow('TOPOLOGY_INVALID: the rows of this table are not stored; give the operator')
      const kept = table.filter(() => true, { store: `kept-${table === sessions}`, value: int64 })
      kept.join(kept, add)
    }
  })
})
