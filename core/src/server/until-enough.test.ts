import { describe, expect, test } from 'vitest'
import type { Partition } from '../broker/partition.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { Closing } from './closing.ts'
import { untilEnough } from './until-enough.ts'

/** A partition that tells its listeners, and knows how many there are. */
class AdvancingLog {
  readonly listeners = new Set<() => void>()

  onAdvance(wake: () => void): () => void {
    this.listeners.add(wake)
    return () => this.listeners.delete(wake)
  }

  advance(): void {
    for (const wake of this.listeners) wake()
  }

  get asPartition(): Partition {
    return this as unknown as Partition
  }
}

interface Parts {
  readonly log: AdvancingLog
  readonly closing: Closing
  value: number
  reads: number
}

/** Reads a number that the test sets until it is at least 10. */
async function waiting(
  waitMs: number,
  script: (parts: Parts) => void,
): Promise<{
  readonly found: number
  readonly reads: number
  readonly afterMs: number
  readonly listeners: number
}> {
  const world = simWorld({ seed: 1 })
  const log = new AdvancingLog()
  const made: Parts = { log, closing: new Closing(), value: 0, reads: 0 }
  const { clock } = world
  let afterMs = 0
  const found = await world.run(async () => {
    const began = clock.monotonic()
    const answer = untilEnough(
      { clock, waitMs, logs: [log.asPartition], untilClosing: (work) => made.closing.untilClosing(work) },
      () => {
        made.reads++
        return Promise.resolve(made.value)
      },
      (value) => value >= 10,
    )
    clock.after(100, () => script(made))
    const value = await answer
    afterMs = clock.monotonic() - began
    return value
  })
  return { found, reads: made.reads, afterMs, listeners: log.listeners.size }
}

describe('whoever waits for enough', () => {
  test('reads again when a log has gone on, until it is', async () => {
    const { found, reads, afterMs, listeners } = await waiting(60_000, (made) => {
      made.value = 12
      made.log.advance()
    })
    expect([found, reads, listeners]).toEqual([12, 2, 0])
    expect(afterMs).toBeLessThan(1_000)
  })

  test('takes what there is when its time is up', async () => {
    const { found, afterMs, listeners } = await waiting(500, (made) => {
      made.value = 3
      made.log.advance()
    })
    expect([found, listeners]).toEqual([3, 0])
    expect(afterMs).toBeGreaterThanOrEqual(500)
    expect(afterMs).toBeLessThan(1_000)
  })

  test('gives up when nobody waits for its answer any more', async () => {
    const { found, reads, afterMs, listeners } = await waiting(2 ** 31 - 1, ({ closing }) => closing.begin())
    expect([found, reads, listeners]).toEqual([0, 1, 0])
    expect(afterMs).toBeLessThan(1_000)
  })

  test('does not begin to wait when that is so already', async () => {
    const closing = new Closing()
    closing.begin()
    expect(await closing.untilClosing(new Promise(() => {}))).toBeNull()
  })
})
