import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { counts, freeze, hours, Machine, succeed } from './machine.fixtures.ts'
import type { RowBounds, RowRange } from './row-scan.ts'
import type { ScanRange, StoreRow } from '../task/scans.ts'
import type { TaskState } from './task-state.ts'

/** Also such as UTF-16 and UTF-8 order differently. */
const key = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', 'é', '\u{1F600}', '\uFF00', 'z')
const command = fc.oneof(
  fc.record({ do: fc.constant('put' as const), key, start: fc.integer({ min: 0, max: 5 }), value: fc.nat(9) }),
  fc.record({ do: fc.constant('delete' as const), key, start: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ do: fc.constantFrom('freeze' as const, 'commit' as const, 'flush' as const, 'rollback' as const) }),
)

interface Row {
  readonly key: string
  readonly start: number
  readonly value: number
}

async function all(rows: AsyncIterable<StoreRow>): Promise<Row[]> {
  const found: Row[] = []
  for await (const { key: one, start, row } of rows) found.push({ key: one as string, start, value: row.value as number })
  return found
}

function inOrder(rows: ReadonlyMap<string, Row>, reverse: boolean): Row[] {
  const sign = reverse ? -1 : 1
  return [...rows.values()].sort((a, b) => sign * (a.start - b.start || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))))
}

const bounds = fc.record({ from: fc.option(key), to: fc.option(key), reverse: fc.boolean() })

describe('a query over a stretch of a store', () => {
  test.prop([fc.array(command, { maxLength: 30 }), bounds, fc.constantFrom('a', 'b', 'é', ''), fc.tuple(fc.nat(5), fc.nat(5))])(
    'shows what is committed, in the order of the bytes, wherever it is kept',
    async (commands, { from, to, reverse }, prefix, [first, last]) => {
      const state: TaskState = await new Machine().open([counts, hours])
      let [open, committed] = [new Map<string, Row>(), new Map<string, Row>()]
      let [openWindows, committedWindows] = [new Map<string, Row>(), new Map<string, Row>()]
      let frozen: readonly [Map<string, Row>, Map<string, Row>] | null = null
      let position = 0
      for (const one of commands) {
        if (one.do === 'put') {
          state.keyValueStore<string, number>('counts').put(one.key, one.value, 1)
          state.windowStore<string, number>('hours').put(one.key, one.start, one.value, 1)
          open.set(one.key, { key: one.key, start: -1, value: one.value })
          openWindows.set(`${one.start}/${one.key}`, one)
        } else if (one.do === 'delete') {
          state.keyValueStore<string, number>('counts').delete(one.key, 1)
          state.windowStore<string, number>('hours').delete(one.key, one.start, 1)
          open.delete(one.key)
          openWindows.delete(`${one.start}/${one.key}`)
        } else if (one.do === 'freeze') {
          if (frozen !== null) continue
          freeze(state)
          frozen = [new Map(open), new Map(openWindows)]
        } else if (one.do === 'commit') {
          if (frozen === null) freeze(state)
          ;[committed, committedWindows] = frozen ?? [new Map(open), new Map(openWindows)]
          succeed(state, ++position)
          frozen = null
        } else if (one.do === 'rollback') {
          state.rollback()
          frozen = null
          ;[open, openWindows] = [new Map(committed), new Map(committedWindows)]
        } else await state.flush()
      }
      const scan = (store: string, rangeOf: (given: RowBounds) => RowRange): Promise<Row[]> => all(state.scan(store, rangeOf))
      const within = ({ key: one }: Row): boolean =>
        (from === null || Buffer.compare(Buffer.from(one), Buffer.from(from)) >= 0) &&
        (to === null || Buffer.compare(Buffer.from(one), Buffer.from(to)) <= 0)
      const rows = inOrder(committed, reverse)
      expect(await scan('counts', (given) => given.between(from ?? undefined, to ?? undefined, reverse))).toEqual(
        rows.filter(within),
      )
      expect(await scan('counts', (given) => given.prefix(Buffer.from(prefix), reverse))).toEqual(
        rows.filter((row) => row.key.startsWith(prefix)),
      )
      const windows = inOrder(committedWindows, reverse).map(({ key: one, start, value }) => ({ key: one, start, value }))
      const started = windows.filter(({ start }) => start >= first && start <= last)
      expect(await scan('hours', (given) => given.starts(first, last, reverse))).toEqual(started)
      const ofA = state.committedWindows<string, number>('hours', 'a', first, last).map(({ start, row }) => [start, row.value])
      const wanted = started.filter((row) => row.key === 'a').sort((a, b) => a.start - b.start)
      expect(ofA).toEqual(wanted.map(({ start, value }) => [start, value]))
      const asStepSees = (range: ScanRange): Promise<Row[]> =>
        all(state.scanOpen(range.by === 'start' ? 'hours' : 'counts', range))
      const [byKey, byPrefix] = [
        { by: 'key', from: from ?? undefined, to: to ?? undefined, reverse } as const,
        { by: 'prefix', prefix: Buffer.from(prefix), reverse } as const,
      ]
      const openRows = inOrder(open, reverse)
      expect(await asStepSees(byKey)).toEqual(openRows.filter(within))
      expect(await asStepSees(byPrefix)).toEqual(openRows.filter((row) => row.key.startsWith(prefix)))
      const openStarts = inOrder(openWindows, reverse).map(({ key: one, start, value }) => ({ key: one, start, value }))
      expect(await asStepSees({ by: 'start', from: first, to: last, reverse })).toEqual(
        openStarts.filter(({ start }) => start >= first && start <= last),
      )
      await state.close()
    },
  )
})
