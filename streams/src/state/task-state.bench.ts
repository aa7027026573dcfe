/**
 * What a store costs a record: a get and a put, a commit every 15,000 records (100 ms at 150,000 records a second) and the
 * flushes that follow. Keys are texts, values int64. The log is not in it: marks are made up, changelog records are counted.
 *
 * Budgets: 1.5 million get and put a second on 10,000 keys, 150,000 on a million keys on classic-level, on a machine with two
 * cores of its own. The references make that comparable on any other: a bare map, and reads of a bare classic-level.
 *
 * Vitest's module runner adds a getter to every imported name: run it with `--experimental.viteModuleRunner=false`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { int64, nodeWorld, string } from '@millrace/core'
import { expect, test } from 'vitest'
import type { KeyValueStore } from '../task/stores.ts'
import type { StoreEngine, StoreEngines } from './engine.ts'
import { ClassicLevelEngines } from './engines/classic-level-engine.ts'
import { MemoryEngines } from './engines/memory-engine.ts'
import type { StoreSpec } from './store-spec.ts'
import { TaskState } from './task-state.ts'

const recordsPerCommit = 15_000
const recordsPerTurn = 1_000
const recordsPerRun = 60_000
const fewKeys = 10_000
const manyKeys = 1_000_000

const counts: StoreSpec = {
  name: 'counts',
  kind: 'key-value',
  key: string,
  value: int64,
  changelog: { topic: 'counts-changelog', topicId: 'none', kind: 'own' },
}

/** A task that counts keys. */
class Counting {
  readonly #state: TaskState
  readonly #store: KeyValueStore<string, number>
  readonly #keys: number
  readonly #clock = nodeWorld().clock
  #seed = 1
  #position = 0
  #appended = 0

  private constructor(state: TaskState, keys: number) {
    this.#state = state
    this.#store = state.keyValueStore('counts')
    this.#keys = keys
  }

  static async open(engines: StoreEngines, folder: string, keys: number): Promise<Counting> {
    const { disk, clock } = nodeWorld()
    const counting = new Counting(await TaskState.open({ taskId: '0_0', folder, stores: [counts], engines, disk, clock }), keys)
    for (let key = 0; key < keys; key += recordsPerRun) await counting.#records(recordsPerRun, (record) => (key + record) % keys)
    return counting
  }

  /** One run: keys at random, each as likely as any other. */
  run(): Promise<void> {
    return this.#records(recordsPerRun, () => this.#random(this.#keys))
  }

  close(): Promise<void> {
    return this.#state.abandon()
  }

  async #records(count: number, keyOf: (record: number) => number): Promise<void> {
    for (let record = 1; record <= count; record++) {
      this.#count(keyText(keyOf(record)))
      if (record % recordsPerCommit === 0) await this.#commit()
      if (record % recordsPerTurn === 0) await this.#clock.turn()
    }
  }

  #count(key: string): void {
    const old = this.#store.get(key)
    this.#store.put(key, old === undefined ? 1 : old.value + 1, 1_763_722_000_000)
  }

  async #commit(): Promise<void> {
    this.#position += this.#state.freeze(() => ({ append: () => this.#appended++ }))
    const [producerId, producerEpoch, leaderEpoch] = [1, 1, 0]
    const mark = {
      store: 'counts',
      position: this.#position,
      newestOffset: this.#position - 1,
      producerId,
      producerEpoch,
      leaderEpoch,
    }
    this.#state.commitSucceeded([mark], this.#clock.now())
    if (this.#state.flushDue(this.#clock.monotonic())) void this.#state.flush()
    if (this.#state.congested) await this.#state.flush()
  }

  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#seed / 2 ** 32) * below)
  }
}

function keyText(key: number): string {
  return `key-${key}`
}

function bareMap(): () => void {
  const rows = new Map<string, { value: number; timestamp: number }>()
  return () => {
    for (let record = 0; record < recordsPerRun; record++) {
      const key = keyText((Math.imul(record, 2_654_435_761) >>> 0) % fewKeys)
      const old = rows.get(key)
      rows.set(key, { value: old === undefined ? 1 : old.value + 1, timestamp: 1_763_722_000_000 })
    }
  }
}

/** As many reads as a run has records, of rows of the same size, in an engine that nobody writes to meanwhile. */
async function bareReads(folder: string): Promise<{ readonly read: () => void; readonly engine: StoreEngine }> {
  const engine = await new ClassicLevelEngines().open(folder)
  for (let first = 0; first < manyKeys; first += 100_000) {
    const batch = engine.batch()
    for (let key = first; key < first + 100_000; key++) batch.put(Buffer.from(`.${keyText(key)}`), Buffer.alloc(20, key))
    await batch.write()
  }
  const key = (record: number): string => `.${keyText((Math.imul(record, 2_654_435_761) >>> 0) % manyKeys)}`
  let at = 0
  const read = (): void => {
    for (let record = 0; record < recordsPerRun; record++) engine.get(Buffer.from(key(at++)))
  }
  return { read, engine }
}

const perSecond = (latencyMs: number): number => Math.round((recordsPerRun / latencyMs) * 1_000)

test('get and put on 10,000 keys', async ({ bench }) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const memory = await Counting.open(new MemoryEngines(), join(folder, 'memory'), fewKeys)
  const classic = await Counting.open(new ClassicLevelEngines(), join(folder, 'classic'), fewKeys)
  const results = await bench.compare(
    bench('memory', () => memory.run()),
    bench('classic-level', () => classic.run()),
    bench('a bare map', bareMap()),
    { time: 2_000 },
  )
  const [inMemory, onDisk, inMap] = (['memory', 'classic-level', 'a bare map'] as const).map(
    (name) => results.get(name).latency.p50,
  )
  expect(inMemory! / inMap!, `${perSecond(inMemory!)} get and put a second, ${perSecond(inMap!)} in a bare map`).toBeLessThan(5)
  expect(onDisk! / inMap!, `${perSecond(onDisk!)} get and put a second, ${perSecond(inMap!)} in a bare map`).toBeLessThan(5)
  await Promise.all([memory.close(), classic.close()])
  rmSync(folder, { recursive: true })
})

test('get and put on a million keys, on classic-level', { timeout: 300_000 }, async ({ bench }) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const { read, engine } = await bareReads(join(folder, 'bare'))
  const classic = await Counting.open(new ClassicLevelEngines(), join(folder, 'classic'), manyKeys)
  const results = await bench.compare(
    bench('classic-level', () => classic.run()),
    bench('reads of a bare classic-level', read),
    { time: 10_000 },
  )
  const [ours, bare] = (['classic-level', 'reads of a bare classic-level'] as const).map((name) => results.get(name).latency.mean)
  expect(ours! / bare!, `${perSecond(ours!)} get and put a second, ${perSecond(bare!)} bare reads`).toBeLessThan(3)
  await Promise.all([classic.close(), engine.close()])
  rmSync(folder, { recursive: true })
})
