import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { SimRandom } from './sim-random.ts'
import { SimScheduler } from './sim-scheduler.ts'
import { simWorld } from './sim-world.ts'

const io = (scheduler: SimScheduler): Promise<void> => new Promise((resolve) => scheduler.post(resolve))

async function codeOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'no error',
    (error: unknown) => (error instanceof MillraceError ? error.code : String(error)),
  )
}

describe('a run', () => {
  test('settles as its work does', async () => {
    const { run } = simWorld({ seed: 1 })
    expect(await run(async () => 7)).toBe(7)
    await expect(run(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
    await expect(
      run(() => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
  })

  test('completes one thing at a time, each after all microtasks of the last', async () => {
    const scheduler = new SimScheduler()
    const seen: string[] = []
    const chain = async (name: string): Promise<void> => {
      await io(scheduler)
      for (let index = 0; index < 50; index++) await Promise.resolve()
      queueMicrotask(() => process.nextTick(() => queueMicrotask(() => seen.push(name))))
    }
    await scheduler.run(async () => {
      await Promise.all([chain('a'), chain('b'), chain('c')])
      await io(scheduler)
      seen.push('end')
    })
    expect(seen).toEqual(['a', 'b', 'c', 'end'])
  })

  test('is refused while another one is under way, and may follow it', async () => {
    const { run, clock } = simWorld({ seed: 1 })
    const first = run(() => clock.turn())
    expect(() => run(() => clock.turn())).toThrow('SIMULATION_BUSY')
    await first
    await run(() => clock.turn())
  })

  test('fails when a callback throws', async () => {
    const { run, clock } = simWorld({ seed: 1 })
    const work = run(async () => {
      clock.after(5, () => {
        throw new Error('in a timer')
      })
      await new Promise(() => {})
    })
    await expect(work).rejects.toThrow('in a timer')
  })

  test('ends in a deadlock instead of waiting for ever', async () => {
    const { run, clock } = simWorld({ seed: 1 })
    const work = run(async () => {
      await new Promise<void>((resolve) => void clock.after(250, resolve))
      await new Promise(() => {})
    })
    await expect(work).rejects.toThrow(
      'SIMULATION_DEADLOCK: nothing is runnable, no timer waits, and the work has not settled (after 250',
    )
  })

  test('ends after so many steps', async () => {
    const { run, clock } = simWorld({ seed: 1, maxSteps: 1000 })
    const endless = async (): Promise<never> => {
      while (true) await clock.turn()
    }
    expect(await codeOf(run(endless))).toBe('SIMULATION_ENDLESS')
  })
})

describe('virtual time', () => {
  test('stands still while anything is runnable and jumps to the next timer', async () => {
    const { run, clock } = simWorld({ seed: 1, startTimeMs: 1_000_000 })
    const seen: string[] = []
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve) => void clock.after(ms, () => resolve(void seen.push(`${ms} at ${clock.monotonic()}`))))
    await run(() => Promise.all([wait(3_600_000), wait(10), wait(0.5), wait(10), clock.turn().then(() => seen.push('turn'))]))
    expect(seen).toEqual(['turn', '0.5 at 0.5', '10 at 10', '10 at 10', '3600000 at 3600000'])
    expect(clock.now()).toBe(1_000_000 + 3_600_000)
  })

  test('passes with each step when steps take time', async () => {
    const { run, clock } = simWorld({ seed: 1, stepMicros: 100 })
    await run(async () => {
      while (clock.monotonic() < 5) await clock.turn()
    })
    expect(clock.monotonic()).toBeCloseTo(5, 0)
  })

  test('does not run what was cancelled, not even when it is due already', async () => {
    const { run, clock } = simWorld({ seed: 1 })
    const seen: number[] = []
    await run(async () => {
      const second = clock.after(2, () => seen.push(2))
      const third = clock.after(2, () => seen.push(3))
      clock.after(1, () => second.cancel())
      clock.after(2, () => seen.push(4))
      clock.after(1, () => clock.after(1, () => third.cancel()))
      await new Promise<void>((resolve) => void clock.after(3, resolve))
      third.cancel()
    })
    expect(seen).toEqual([3, 4])
  })

  test('lets the wall clock jump without the monotonic one', async () => {
    const { clock } = simWorld({ seed: 1, startTimeMs: 5000 })
    clock.jump(-2000)
    expect([clock.now(), clock.monotonic()]).toEqual([3000, 0])
  })

  test('keeps ten thousand timers in order, most of them cancelled', async () => {
    const { run, clock, random } = simWorld({ seed: 3 })
    const seen: number[] = []
    await run(async () => {
      for (let index = 0; index < 10_000; index++) {
        const dueMs = random.int(500)
        const timer = clock.after(dueMs, () => seen.push(dueMs))
        if (index % 10 !== 0) timer.cancel()
      }
      await new Promise<void>((resolve) => void clock.after(500, resolve))
    })
    expect(seen).toHaveLength(1000)
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
  })
})

describe('the order of completions', () => {
  const orderOf = async (order: 'fifo' | 'shuffled', seed: number): Promise<string> => {
    const { run, scheduler, clock } = simWorld({ seed, order })
    const seen: string[] = []
    await run(async () => {
      const first = 'abcdef'.split('').map((name) => io(scheduler).then(() => seen.push(name)))
      const turn = clock.turn().then(() => seen.push('|'))
      const second = 'ghijkl'.split('').map((name) => io(scheduler).then(() => seen.push(name)))
      await Promise.all([...first, turn, ...second])
    })
    return seen.join('')
  }

  test('is that of the calls', async () => {
    expect(await orderOf('fifo', 1)).toBe('abcdef|ghijkl')
  })

  test('is any by the seed, and a turn still comes after what waited before it', async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const order = await orderOf('shuffled', seed)
      expect(await orderOf('shuffled', seed)).toBe(order)
      const [before, after] = order.split('|')
      expect(before?.split('').sort().join('')).toBe('abcdef')
      expect(after?.split('').sort().join('')).toBe('ghijkl')
      orders.add(order)
    }
    expect(orders.size).toBeGreaterThan(15)
  })

  test('leaves a trace that is equal for equal runs only', async () => {
    const traceOf = async (seed: number): Promise<string> => {
      const { run, scheduler, random, clock } = simWorld({ seed })
      await run(async () => {
        for (let index = 0; index < 100; index++) await new Promise<void>((resolve) => void clock.after(random.int(9), resolve))
      })
      return scheduler.trace
    }
    expect(await traceOf(1)).toBe(await traceOf(1))
    expect(await traceOf(1)).not.toBe(await traceOf(2))
  })
})

describe('SimRandom', () => {
  test('gives the same stream for the same seed, on every machine', () => {
    const random = new SimRandom(42)
    expect([random.int(1000), random.int(1000), random.int(1000), ...random.bytes(4)]).toMatchInlineSnapshot(`
      [
        575,
        457,
        441,
        125,
        41,
        225,
        138,
      ]
    `)
    expect(new SimRandom(42 + 2 ** 40).int(2 ** 30)).not.toBe(new SimRandom(42).int(2 ** 30))
  })

  test('is even enough', () => {
    const random = new SimRandom(7)
    const counts = new Uint32Array(10)
    for (let index = 0; index < 100_000; index++) counts[random.int(10)]! += 1
    expect(Math.min(...counts)).toBeGreaterThan(9500)
    expect(Math.max(...counts)).toBeLessThan(10_500)
  })

  test('forks into streams of their own', () => {
    const [one, other] = [new SimRandom(1), new SimRandom(1)]
    const [left, right] = [one.fork(1), other.fork(2)]
    expect(left.bytes(8)).not.toEqual(right.bytes(8))
    expect(one.next()).toBe(other.next())
  })
})
