/** What an application does when its inputs, or one of them, give nothing: maxTaskIdleMs (KIP-695) and idleAdvance. */
import { describe, expect, test } from 'vitest'
import { int64, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { suppress } from '../time/suppression.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'
import { inWorld, type AppWorld, type Row } from './app-world.fixtures.ts'
import type { StreamsOptions } from './streams-options.ts'

type Build = (builder: StreamsBuilder) => void

const text = { key: string, value: string }

const merging: Build = (builder) => {
  builder.stream('left', text).merge(builder.stream('right', text)).to('out', text)
}

describe('an input that is empty', () => {
  const joined = async (world: AppWorld, maxTaskIdleMs: number, afterMs: number): Promise<string[]> => {
    await world.topics(['left', 'right', 'out'])
    await using app = world.app(merging, { bounded: false, maxTaskIdleMs })
    await app.start()
    await world.put('left', [['l', '7', 7]])
    await world.after(afterMs)
    await world.put('right', [['r', '3', 3]])
    await world.until(async () => (await world.rows('out')).length === 2)
    return world.rows('out')
  }

  test('is waited for: its older record comes first', () =>
    inWorld(async (world) => expect(await joined(world, 1_000, 400)).toEqual(['r=3', 'l=7'])))

  test('is waited for no longer than it is said', () =>
    inWorld(async (world) => expect(await joined(world, 300, 400)).toEqual(['l=7', 'r=3'])))

  test('is not waited for without that', () =>
    inWorld(async (world) => expect(await joined(world, 0, 400)).toEqual(['l=7', 'r=3'])))

  test('holds nobody for ever: the others go on at the end of the wait, and do not wait again', () =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      await using app = world.app(merging, { bounded: false, maxTaskIdleMs: 5_000 })
      await app.start()
      await world.put('left', [['l', '1', 1]])
      const began = world.world.clock.monotonic()
      await world.until(async () => (await world.rows('out')).length === 1)
      const waited = world.world.clock.monotonic() - began
      expect(waited).toBeGreaterThan(4_900)
      expect(waited).toBeLessThan(5_300)
      await world.put('left', [['l', '2', 2]])
      await world.until(async () => (await world.rows('out')).length === 2)
      expect(world.world.clock.monotonic() - began - waited).toBeLessThan(300)
    }))
})

describe('idleAdvance', () => {
  const windows = tumbling({ size: millis(1_000), grace: millis(500) })
  const key = windowed(string, windows)
  const counting: Build = (builder) => {
    builder
      .stream('in', text)
      .groupByKey()
      .windowedBy(windows)
      .count({ store: 'counts' })
      .emitFinal()
      .to('out', { key, value: int64 })
  }
  const options: Partial<StreamsOptions> = { bounded: false, idleAdvance: { afterMs: 2_000 } }

  const counted = async (world: AppWorld): Promise<string[]> =>
    (await world.records('out')).map((record) => {
      const { key: inner, start } = key.read(record.key!)
      return `${inner}@${start}=${int64.read(record.value!)}`
    })

  const started = async (world: AppWorld, rows: readonly Row[]): Promise<void> => {
    await world.topics(['in', 'out'])
    await world.put('in', rows)
  }

  test('closes a window that stream time leaves open, not before its time', () =>
    inWorld(async (world) => {
      await started(world, [
        ['a', '1', 100],
        ['b', '1', 900],
      ])
      await using app = world.app(counting, options)
      await app.start()
      // Stream time is 900: the window and its grace end 600 ms later, and an input is idle after 2 s.
      await world.after(1_900)
      expect(await counted(world)).toEqual([])
      await world.until(async () => (await counted(world)).length === 2)
      expect(await counted(world)).toEqual(['a@0=1', 'b@0=1'])
    }))

  test('does not close what the wall clock has not reached either', () =>
    inWorld(async (world) => {
      await started(world, [
        ['a', '1', 100],
        ['b', '1', 9_900],
      ])
      await using app = world.app(counting, { ...options, idleAdvance: { afterMs: 10 } })
      await app.start()
      await world.after(500)
      expect(await counted(world)).toEqual(['a@0=1'])
      await world.after(300)
      expect(await counted(world)).toEqual(['a@0=1', 'b@9000=1'])
    }))

  test('does nothing while records come', () =>
    inWorld(async (world) => {
      await started(world, [['a', '1', 100]])
      await using app = world.app(counting, options)
      await app.start()
      for (let round = 0; round < 5; round++) {
        await world.after(1_000)
        await world.put('in', [['a', '1', 200]])
      }
      await world.after(1_000)
      expect(await counted(world)).toEqual([])
    }))

  test('makes late what comes for a window that it closed, and nothing else', () =>
    inWorld(async (world) => {
      await started(world, [['a', '1', 900]])
      await using app = world.app(counting, options)
      await app.start()
      await world.until(async () => (await counted(world)).length === 1)
      await world.put('in', [
        ['a', 'late', 999],
        ['a', 'in time', 1_000],
      ])
      await world.until(() => app.dropped.late === 1)
      await world.until(async () => (await counted(world)).length === 2)
      expect(await counted(world)).toEqual(['a@0=1', 'a@1000=1'])
    }))

  test.each([1, 1 << 20])(
    'writes nothing twice over restarts, and what was late stays late, in steps of %i bytes',
    (maxUncommittedBytes) =>
      inWorld(async (world) => {
        const names = Array.from({ length: 70 }, (_, index) => `k${String(index).padStart(2, '0')}`)
        await started(
          world,
          names.map((name): Row => [name, '1', 900]),
        )
        const expected = names.map((name) => `${name}@0=1`)
        for (let nth = 1; nth <= 6; nth++) {
          await using app = world.app(counting, { ...options, maxUncommittedBytes })
          await app.start()
          await world.after(2_600)
          await app.close()
          world.world.disk.faults.heal()
          expect(expected.slice(0, (await counted(world)).length)).toEqual(await counted(world))
        }
        await using app = world.app(counting, { ...options, maxUncommittedBytes })
        await app.start()
        await world.until(async () => (await counted(world)).length === names.length)
        await world.put('in', [['k00', 'late', 950]])
        await world.until(() => app.dropped.late === 1)
        await world.after(3_000)
        expect(await counted(world)).toEqual(expected)
      }),
  )

  const waiters: readonly (readonly [string, Build, string])[] = [
    [
      'a join of streams that waits for a partner',
      (builder) => {
        const [within, grace] = [millis(100), millis(0)]
        const join = (left: string, right: string | null): string => `${left}+${right}`
        builder
          .stream('left', text)
          .leftJoinStream(builder.stream('right', text), {
            name: 'pairs',
            within,
            grace,
            key: string,
            left: string,
            right: string,
            join,
          })
          .to('out', text)
      },
      'a=l+null',
    ],
    [
      'a join that waits for rows of a table',
      (builder) => {
        const table = builder.table('right', { ...text, store: 'rows', versioned: { historyRetention: millis(5_000) } })
        const later = { grace: millis(1_000), store: 'waiting', value: string }
        builder
          .stream('left', text)
          .join(table, (left, right) => `${left}+${right}`, later)
          .to('out', text)
      },
      'a=l+r',
    ],
    [
      'what is suppressed until windows close',
      (builder) => {
        builder
          .stream('left', text)
          .groupByKey()
          .windowedBy(windows)
          .reduce({ store: 'last', value: string, add: (_total, value) => value })
          .emitOnUpdate()
          .suppress({ store: 'held', value: string, until: suppress.untilWindowCloses() })
          .toStream()
          .map((value, { key: inner }) => ({ key: inner, value: value ?? '' }))
          .to('out', text)
      },
      'a=l',
    ],
    [
      'what is suppressed for a time',
      (builder) => {
        const until = suppress.untilTimeLimit(millis(1_000), { maxRecords: 5 })
        builder
          .stream('left', text)
          .toTable({ store: 'rows', ...text })
          .suppress({ store: 'held', value: string, until })
          .toStream()
          .mapValues((value) => value ?? '')
          .to('out', text)
      },
      'a=l',
    ],
    [
      'debounceTime',
      (builder) => {
        builder
          .stream('left', text)
          .debounceTime({ store: 'silent', value: string, time: millis(1_000) })
          .to('out', text)
      },
      'a=l',
    ],
    [
      'delay',
      (builder) => {
        builder
          .stream('left', text)
          .delay({ store: 'later', value: string, time: millis(1_000) })
          .to('out', text)
      },
      'a=l',
    ],
  ]

  test.each(waiters)('lets go on %s, and once', (_name, build, expected) =>
    inWorld(async (world) => {
      await world.topics(['left', 'right', 'out'])
      const first = world.app(build, options)
      await first.start()
      await world.put('left', [['a', 'l', 2_900]])
      await world.after(50)
      if (expected === 'a=l+r') await world.put('right', [['a', 'r', 2_500]])
      await world.after(1_500)
      expect(await world.rows('out')).toEqual([])
      await world.until(async () => (await world.rows('out')).length === 1)
      await first.close()
      await using second = world.app(build, options)
      await second.start()
      await world.after(3_000)
      expect(await world.rows('out')).toEqual([expected])
    }),
  )
})
