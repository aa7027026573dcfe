import { describe, expect, test } from 'vitest'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { CompactionHistory, retention, tableOf, type Promised, type Step } from './compaction-history.fixtures.ts'

function data(by: number, ...records: (readonly [number | null, number | null])[]): Step {
  return { kind: 'data', by, records, codec: 'none' }
}

function end(by: number, how: 'commit' | 'abort'): Step {
  return { kind: 'end', by, how, raisesEpoch: true }
}

/** Groups of several segments, tombstones, an abort in the first and in the last of them. */
const first: readonly Step[] = [
  data(3, [0, 1], [1, 1]),
  data(0, [0, 2]),
  end(3, 'abort'),
  data(1, [1, 3], [2, 3]),
  data(0, [2, null]),
  data(4, [0, 4], [3, 4]),
  data(3, [3, 5]),
  end(4, 'commit'),
  end(3, 'abort'),
  data(1, [1, 6]),
  data(0, [2, 7], [0, 7]),
  data(5, [0, 8]),
]
const second: readonly Step[] = [data(0, [1, 9]), end(5, 'commit'), data(0, [3, 9], [0, 9]), data(1, [1, 10])]

const segmentBytes = 320

async function write(history: CompactionHistory): Promise<void> {
  for (const step of first) await history.take(step)
  await history.compact(100)
  for (const step of second) await history.take(step)
  await history.take({ kind: 'wait', ms: retention() + 1 })
  await history.compact(100)
}

/** Old or new, never both or neither: a segment ends where the next one begins, and nothing is left of others. */
async function expectWhole(world: SimWorld, history: CompactionHistory): Promise<void> {
  if (history.end === 0) return
  expect(tableOf(await history.readCommitted())).toEqual(history.table)
  const found = await history.readAll()
  const last = found.at(-1)!.header
  expect(last.baseOffset + last.lastOffsetDelta + 1).toBe(history.end)
  const names = world.disk.list('/t-0')
  expect(names.filter((name) => /cleaned|swap|deleted/.test(name))).toEqual([])
  const bases = names.filter((name) => name.endsWith('.log')).map((name) => name.slice(0, 20))
  for (const name of names) if (/^\d{20}/.test(name)) expect(bases).toContain(name.slice(0, 20))
}

describe('a compaction that is cut off', () => {
  test.each(['kill9', 'prefix', 'any'] as const)('leaves the old segments or the new: %s', { timeout: 240_000 }, async (mode) => {
    let history: CompactionHistory | undefined
    let living: CompactionHistory | undefined
    let before: Promised
    const none: Promised = { mark: null, markEnd: 0, gapsBelow: 0, cleanedTo: 0, written: 0 }
    const tally = await enumerateCrashes<Promised>({
      seed: 1,
      modes: [mode],
      imagesPerPoint: 6,
      run: (world) => {
        history = new CompactionHistory(world, segmentBytes)
        return write(history)
      },
      observe: () => history?.promise ?? none,
      check: async (world, { observed }) => {
        living = undefined
        before = observed
        living = await history!.after(world, observed)
        await expectWhole(world, living)
        const { cleanedTo } = living
        await living.compact(100)
        expect(living.cleanedTo).toBeGreaterThanOrEqual(cleanedTo)
        await expectWhole(world, living)
        await living.reopen()
        await expectWhole(world, living)
        living.folder.close()
      },
      recovery: { every: 20, observe: () => living?.promise ?? before },
    })
    console.info(`${mode}: ${JSON.stringify(tally)}`)
    expect(tally.distinct).toBeGreaterThan(100)
  })
})

test('readers see the same table while segments are exchanged under them', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const world = simWorld({ seed, order: 'shuffled' })
    await world.run(async () => {
      const history = new CompactionHistory(world, segmentBytes)
      for (const step of [...first, ...second]) await history.take(step)
      const state = { isDone: false }
      const read = async (): Promise<number> => {
        let times = 0
        for (; !state.isDone; times++) expect(tableOf(await history.readCommitted())).toEqual(history.table)
        return times
      }
      const readers = [read(), read(), read()]
      for (let pass = 0; pass < 3; pass++) {
        await history.compact(3)
        await history.take({ kind: 'wait', ms: retention() + 1 })
      }
      state.isDone = true
      for (const times of await Promise.all(readers)) expect(times).toBeGreaterThan(0)
      history.folder.close()
    })
  }
})
