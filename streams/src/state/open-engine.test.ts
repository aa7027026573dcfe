import { describe, expect, test } from 'vitest'
import { chainKey, metaKey } from './engine-rows.ts'
import type { StoreEngine } from './engine.ts'
import { MemoryEngines } from './engines/memory-engine.ts'
import { codeOf, commit, counts, folder, hours, Machine, stamped } from './machine.fixtures.ts'
import { spec } from './state.fixtures.ts'

describe('open', () => {
  test('keeps a sound engine, and lowers the sentinel', async () => {
    const machine = new Machine()
    await machine.withRow()
    const state = await machine.open()
    expect([state.wiped, state.position('counts')]).toEqual([null, 5])
    expect(machine.disk.names).toEqual(new Set())
  })

  const damages: Record<string, (engine: StoreEngine) => Promise<void>> = {
    'the meta row is gone': (engine) => change(engine, metaKey, null),
    'the meta row is damaged': (engine) => change(engine, metaKey, new Uint8Array(40)),
    'a batch is missing': (engine) => change(engine, chainKey(1), null),
    'a batch is there that nobody wrote': (engine) => change(engine, chainKey(2), new Uint8Array(0)),
  }

  test.each(Object.keys(damages))('wipes when %s', async (damage) => {
    const machine = new Machine()
    await machine.withRow()
    await machine.tamper(damages[damage]!)
    const state = await machine.open()
    expect(state.wiped).toMatch(/meta row|batch/)
    expect([state.position('counts'), state.keyValueStore('counts').get('a')]).toEqual([0, undefined])
    expect(machine.disk.names).toEqual(new Set())
  })

  test('wipes when a store has gone, has changed its kind or its changelog', async () => {
    const moved = spec('counts', { changelog: { topic: 'elsewhere', topicId: 'id of counts', kind: 'own' } })
    for (const stores of [[hours], [spec('counts', { kind: 'window' })], [moved]]) {
      const machine = new Machine()
      await machine.withRow()
      expect((await machine.open(stores)).wiped).toContain('"counts"')
    }
  })

  test('takes a new store in beside the old ones, wherever it stands in the plan', async () => {
    const machine = new Machine()
    await machine.withRow()
    const state = await machine.open([hours, counts])
    expect([state.wiped, state.position('counts'), state.position('hours')]).toEqual([null, 5, 0])
    state.windowStore('hours').put('a', 0, 7, 20)
    commit(state, 1, 'hours')
    await state.close()
    const reopened = await machine.open([counts, hours])
    expect(stamped(reopened.keyValueStore('counts').get('a'))).toEqual([1, 10])
    expect(stamped(reopened.windowStore('hours').get('a', 0))).toEqual([7, 20])
    expect(reopened.windowStore('hours').keysAt(0)).toEqual(['a'])
  })

  test('asks whether a kept engine agrees with the log, and wipes when it does not', async () => {
    const machine = new Machine()
    await machine.withRow()
    let asked: unknown
    const state = await machine.open([counts], {
      verify: async (marks) => {
        asked = marks
        return { decision: 'wipe', reason: 'the log went back' }
      },
    })
    expect(asked).toMatchObject({
      time: 1_000,
      stores: [{ store: 'counts', topic: 'counts-changelog', topicId: 'id of counts', position: 5 }],
    })
    expect([state.wiped, state.position('counts')]).toEqual(['the log went back', 0])
    expect(machine.disk.names).toEqual(new Set())
  })

  test('fails with what the question fails with, and harms nothing', async () => {
    const machine = new Machine()
    await machine.withRow()
    await expect(machine.open([counts], { verify: () => Promise.reject(new Error('no broker')) })).rejects.toThrow('no broker')
    expect((await machine.open()).position('counts')).toBe(5)
  })

  test('leaves an engine alone that is open elsewhere', async () => {
    const machine = new Machine()
    await machine.withRow()
    const first = await machine.open()
    expect(await codeOf(machine.open())).toBe('STATE_DIRECTORY_LOCKED')
    expect(stamped(first.keyValueStore('counts').get('a'))).toEqual([1, 10])
    await first.close()
    expect((await machine.open()).position('counts')).toBe(5)
  })

  test('wipes an engine that does not open, and gives up when a new one does not either', async () => {
    const machine = new Machine()
    await machine.withRow()
    machine.engines.abortOnOpen(`${folder}/store`, () => Promise.reject(new Error('Corruption: CURRENT')))
    const state = await machine.open()
    expect(state.wiped).toBe('Corruption: CURRENT')
    await state.close()
    const full = {
      name: 'full',
      lossy: false,
      open: () => Promise.reject(new Error('EACCES')),
      wipe: () => Promise.resolve(),
    }
    expect(await codeOf(machine.open([counts], { engines: full }))).toBe('STORE_UNUSABLE')
  })

  test('over a lossy engine begins empty every time, and touches no disk', async () => {
    const machine = new Machine()
    const engines = new MemoryEngines()
    const state = await machine.open([counts], { engines })
    state.keyValueStore('counts').put('a', 1, 10)
    commit(state, 5)
    await state.close()
    const reopened = await machine.open([counts], { engines })
    expect([reopened.wiped, reopened.position('counts')]).toEqual([null, 0])
    expect(machine.disk.names).toEqual(new Set())
  })
})

async function change(engine: StoreEngine, key: Uint8Array, value: Uint8Array | null): Promise<void> {
  const batch = engine.batch()
  if (value === null) batch.delete(key)
  else batch.put(key, value)
  await batch.write()
}
