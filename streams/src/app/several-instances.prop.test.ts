import { fc, test } from '@fast-check/vitest'
import { int64, string } from '@millrace/core'
import { expect } from 'vitest'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { inWorld, type AppWorld } from './app-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

/**
 * Instances come, go, pause and are given up at any time, also while they start; in between and meanwhile records come in. Every record
 * counts once, in order, whoever had its task.
 */
type Act =
  | { readonly do: 'put'; readonly partition: number }
  | { readonly do: 'start' | 'close' | 'desert' | 'pause' | 'resume'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }

const partitions = 3

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), partition: fc.nat({ max: partitions - 1 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const), which: fc.nat({ max: 2 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('close', 'desert', 'pause', 'resume'), which: fc.nat({ max: 2 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 5, 20, 100, 1_000, 400_000) }),
  },
)

function build(builder: StreamsBuilder): void {
  const text = { key: string, value: string }
  const rekeyed = builder.stream('in', text).selectKey((value) => value)
  const counts = rekeyed
    .repartition({ name: 'by-value', ...text })
    .groupByKey()
    .count({ store: 'counts' })
  counts.toStream().to('out', { key: string, value: int64 as never })
}

class Instances {
  readonly #world: AppWorld
  readonly #standbyReplicas: number
  readonly #apps: (StreamsApp | null)[] = [null, null, null]
  readonly #ends: Promise<unknown>[] = []

  constructor(world: AppWorld, standbyReplicas: number) {
    this.#world = world
    this.#standbyReplicas = standbyReplicas
  }

  start(which: number): void {
    if (this.#apps[which] !== null) return
    const { log } = this.#world
    const app = this.#world.app(build, { log, bounded: false, stateDir: `/${which}`, standbyReplicas: this.#standbyReplicas })
    this.#apps[which] = app
    this.#ends.push(app.start().catch(ignoreClosed))
  }

  /** The next one of this name waits until its directory is free. */
  async end(which: number, timeoutMs?: number): Promise<void> {
    const app = this.#apps[which]
    if (!app) return
    await app.close(timeoutMs === undefined ? {} : { timeoutMs })
    if (timeoutMs !== undefined) await this.#world.after(1_000)
    this.#apps[which] = null
  }

  async pause(which: number): Promise<void> {
    if (this.#apps[which]?.state === 'running') await this.#apps[which].pause()
  }

  resume(which: number): void {
    if (this.#apps[which]?.state === 'running') this.#apps[which].resume()
  }

  async finish(): Promise<void> {
    for (const which of this.#apps.keys()) await this.end(which)
    await Promise.all(this.#ends)
  }
}

function ignoreClosed(error: unknown): void {
  expect(error).toMatchObject({ code: 'APP_STATE' }) // closed while it started
}

async function run(world: AppWorld, instances: Instances, acts: readonly Act[]): Promise<number> {
  let put = 0
  for (const one of acts) {
    if (one.do === 'put') await world.put('in', [['k', `v${put++ % 4}`]], one.partition)
    else if (one.do === 'wait') await world.after(one.ms)
    else if (one.do === 'start') instances.start(one.which)
    else if (one.do === 'pause') await instances.pause(one.which)
    else if (one.do === 'resume') instances.resume(one.which)
    else await instances.end(one.which, one.do === 'desert' ? 0 : undefined)
  }
  return put
}

test.prop([fc.array(act, { minLength: 5, maxLength: 40 }), fc.nat({ max: 1 })], { numRuns: 30 })(
  'every record counts once, whoever runs its task',
  (acts, standbyReplicas) =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], partitions)
      const instances = new Instances(world, standbyReplicas)
      const put = await run(world, instances, acts)
      await instances.finish()
      instances.start(0)
      await world.until(async () => (await world.records('out')).length >= put)
      await world.after(1_000)
      await instances.finish()
      const counts = new Map<string, number[]>()
      for (const { key, value } of await world.records('out')) {
        const own = counts.get(string.read(key!)) ?? []
        counts.set(string.read(key!), [...own, int64.read(value!)])
      }
      for (const own of counts.values()) expect(own).toEqual(own.map((_, index) => index + 1))
      expect([...counts.values()].flat()).toHaveLength(put)
    }),
)
