/** Processors with stores and punctuations in a running application: over commits, crashes and restarts. */
import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { keyValueStore } from '../dsl/processors.ts'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext } from '../graph/processor.ts'
import { millis, seconds } from '../time/duration.ts'
import { AppWorld, inWorld, statesOf, type Row } from './app-world.fixtures.ts'

const text = { key: string, value: string }
const totals = keyValueStore({ name: 'totals', key: string, value: int64 })

/** What a test looks at from outside, and where it lets the processor fail. */
interface Probe {
  /** Called with each value that is processed. */
  readonly process?: (value: string, context: ProcessorContext<string, string>) => void
  readonly punctuate?: (timestamp: number, context: ProcessorContext<string, string>) => void
  readonly close?: () => void
}

/** Sums by key; every ten milliseconds of stream time it forwards how many records there were, and starts anew. */
function summing({ process, punctuate, close }: Probe = {}): (builder: StreamsBuilder) => void {
  return (builder) => {
    builder
      .stream('in', text)
      .process({
        name: 'sums',
        stores: [totals],
        open: (context: ProcessorContext<string, string>) => {
          const store = context.store(totals)
          context.schedule(millis(10), 'stream-time', (timestamp) => {
            punctuate?.(timestamp, context)
            context.forward({ key: 'tick', value: `${timestamp}:${store.get('count') ?? 0}` })
            store.put('count', 0)
          })
          return {
            process({ key, value }) {
              process?.(value, context)
              const total = (store.get(key) ?? 0) + Number(value)
              store.put(key, total)
              store.put('count', (store.get('count') ?? 0) + 1)
              context.forward({ key, value: `${total}` })
            },
            ...(close && { close }),
          }
        },
      })
      .to('out', text)
  }
}

const times = [3, 7, 12, 11, 19, 45, 44, 50, 58, 60, 75]
const rows: readonly Row[] = times.map((time, index) => [index % 2 === 0 ? 'a' : 'b', '1', time])
const expected = 'a=1 tick=3:1 b=1 a=2 tick=12:2 b=2 a=3 b=3 tick=45:3 a=4 b=4 tick=50:2 a=5 b=5 tick=60:2 a=6 tick=75:1'.split(
  ' ',
)

async function fed(world: AppWorld): Promise<void> {
  await world.topics(['in', 'out'])
  await world.put('in', rows)
}

test('a processor keeps state, and punctuates by stream time', async () => {
  await inWorld(async (world) => {
    await fed(world)
    await world.run(summing())
    expect(await world.rows('out')).toEqual(expected)
  })
})

/** The crash comes when so many records and punctuations have begun; a step holds all of them, or one event. */
const crashes = Array.from({ length: expected.length }, (_, index) => [index + 1, index % 2 === 0 ? 1 << 20 : 1] as const)

test.each(crashes)('a crash in event %s leaves state, stream time and punctuations as without it', async (event, stepBytes) => {
  await inWorld(async (world) => {
    await fed(world)
    let left = event
    const crash = (): void => {
      if (--left === 0) throw new Error('crash')
    }
    await using app = world.app(summing({ process: crash, punctuate: crash }), { maxUncommittedBytes: stepBytes })
    await app.start()
    await expect(app.finished).rejects.toThrow(/USER_CODE_FAILED.*crash/s)
    await app.close()
    expect(await world.rows('out')).toHaveLength(stepBytes === 1 ? event - 1 : 0)
    await world.run(summing())
    expect(await world.rows('out')).toEqual(expected)
  })
})

test('records that come one by one, with restarts between, give what all at once give', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    for (const row of rows) {
      await world.put('in', [row])
      const app = world.app(summing(), { bounded: false })
      await app.start()
      await world.until(async () => (await world.log.admin.groupOffsets('app'))[0]?.offset === rows.indexOf(row) + 1)
      await app.close()
    }
    expect(await world.rows('out')).toEqual(expected)
  })
})

test('the state of a processor is restored from its changelog when the engine is lost', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    await world.put('in', rows.slice(0, 6))
    const app = world.app(summing(), { bounded: false })
    await app.start()
    await world.until(async () => (await world.rows('out')).length === 9)
    await app.close()
    const lost = new AppWorld(world.world, world.log)
    await lost.put('in', rows.slice(6))
    await lost.run(summing(), { stateDir: '/elsewhere' })
    expect(await world.rows('out')).toEqual(expected)
  })
})

test('a punctuation by the wall clock is an event of the loop, also where no record comes', async () => {
  await inWorld(async (world) => {
    await world.topics(['in', 'out'])
    const ticks: number[] = []
    const build = (builder: StreamsBuilder): void =>
      builder
        .stream('in', text)
        .process({
          name: 'ticks',
          open: (context: ProcessorContext<string, string>) => {
            context.schedule(seconds(3), 'wall-clock', (timestamp) => {
              ticks.push(timestamp)
              context.forward({ key: 'tick', value: `${ticks.length}` })
            })
            return { process: (record) => context.forward(record) }
          },
        })
        .to('out', text)
    const began = world.world.clock.now()
    await using app = world.app(build, { bounded: false })
    await app.start()
    await world.put('in', [['a', 'x']])
    await world.until(async () => (await world.rows('out')).length === 4)
    expect(await world.rows('out')).toEqual(['a=x', 'tick=1', 'tick=2', 'tick=3'])
    expect(ticks.map((time) => Math.floor((time - began) / 1000))).toEqual([3, 6, 9])
    const records = await world.records('out')
    expect(records.slice(1).map(({ timestamp }) => timestamp)).toEqual(ticks)
  })
})

test('a processor may ask for a commit before its interval is over', async () => {
  const commits = async (asks: boolean): Promise<number> => {
    let transactions = 0
    await inWorld(async (world) => {
      await fed(world)
      const process = (_value: string, context: ProcessorContext<string, string>): void => {
        if (asks) context.commit()
      }
      await using app = world.app(summing({ process }), { bounded: false, commitIntervalMs: 3_600_000 })
      await app.start()
      await world.until(async () => (await world.rows('out')).length >= expected.length)
      await world.put('in', [['a', '1', 76]])
      await world.until(async () => (await world.rows('out')).length > expected.length)
      transactions = (await world.transactions('out')).length
    })
    return transactions
  }
  expect(await commits(true)).toBeGreaterThanOrEqual(2)
})

test('a punctuation that throws stops the application, or is skipped, counted and told', async () => {
  const punctuate = (timestamp: number): void => {
    if (timestamp === 45) throw new RangeError('no such tick')
  }
  await inWorld(async (world) => {
    await fed(world)
    await using app = world.app(summing({ punctuate }))
    await app.start()
    await expect(app.finished).rejects.toThrow(/USER_CODE_FAILED.*no such tick.*sums, task 0_0, between two records/s)
  })
  await inWorld(async (world) => {
    await fed(world)
    const told: unknown[] = []
    const app = await world.run(summing({ punctuate }), {
      onError: 'skip',
      onDropped: ({ reason, node, task, offset }) => told.push({ reason, node, task, offset }),
    })
    expect(app.dropped).toEqual({ failed: 1 })
    expect(told).toEqual([{ reason: 'failed', node: 'sums', task: '0_0', offset: -1 }])
    expect(await world.rows('out')).toEqual(
      expected.flatMap((row) => (row.startsWith('tick=45') ? [] : row === 'tick=50:2' ? ['tick=50:5'] : [row])),
    )
  })
})

test('open that throws makes start reject, and says where', async () => {
  await inWorld(async (world) => {
    await fed(world)
    const build = (builder: StreamsBuilder): void =>
      builder
        .stream('in', text)
        .process({
          name: 'p',
          open: () => {
            throw new Error('mine')
          },
        })
        .to('out', { key: json<unknown>(), value: json<unknown>() })
    await using app = world.app(build)
    await expect(app.start()).rejects.toThrow(/USER_CODE_FAILED.*mine.*p, task 0_0/s)
    await app.close()
  })
})

test('processors are closed with the application; one that throws there does not keep the stores from closing', async () => {
  await inWorld(async (world) => {
    await fed(world)
    let closed = 0
    const close = (): void => {
      closed++
      throw new Error('at the end')
    }
    const app = world.app(summing({ close }))
    const states = statesOf(app)
    await app.start()
    await expect(app.finished).rejects.toThrow(/at the end/)
    await app.close()
    expect(closed).toBeGreaterThanOrEqual(1)
    expect(states.at(-1)).toBe('closed')
    await world.run(summing())
    expect(await world.rows('out')).toEqual(expected)
  })
})
