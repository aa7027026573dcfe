import { describe, expect, test } from 'vitest'
import { codeOf, commit, counts, folder, freeze, hours, Machine, stamped, succeed } from './machine.fixtures.ts'
import { jsonSerde, spec, textSerde } from './state.fixtures.ts'
import type { StoreSpec } from './store-spec.ts'
import type { TaskState } from './task-state.ts'

describe('freeze', () => {
  test('gives the last change of every key, with its time, to the sink of its store', async () => {
    const state = await new Machine().open([counts, hours])
    state.keyValueStore('counts').put('a', 1, 10)
    state.keyValueStore('counts').put('b', 2, 11)
    state.keyValueStore('counts').put('a', { n: 3 }, 12)
    state.windowStore('hours').put('a', 3_600_000, 4, 13)
    expect(state.openChanges).toBe(3)
    expect(freeze(state)).toEqual([
      ['counts', 'a', '{"n":3}', 12],
      ['counts', 'b', '2', 11],
      ['hours', Buffer.from('61000000000036ee8000000000', 'hex'), '4', 13],
    ])
    expect(state.openChanges).toBe(0)
  })

  test('gives a deletion as null, and nothing for a row that came and went in the step', async () => {
    const state = await new Machine().open()
    const store = state.keyValueStore('counts')
    store.put('kept', 1, 10)
    commit(state, 1)
    store.delete('kept', 11)
    store.put('passing', 1, 12)
    store.delete('passing', 13)
    expect(freeze(state)).toEqual([['counts', 'kept', null, 11]])
  })

  test('gives nothing for a source topic, which others write, and for a store without a changelog', async () => {
    const source = spec('table', { changelog: { topic: 'prices', topicId: 'x', kind: 'source' } })
    const memory: StoreSpec = { name: 'memory', kind: 'key-value', key: textSerde, value: jsonSerde }
    const state = await new Machine().open([source, memory])
    state.keyValueStore('table').put('a', 1, 10)
    state.keyValueStore('memory').put('a', 1, 10)
    expect(freeze(state)).toEqual([])
  })

  test('is refused while a step is frozen', async () => {
    const state = await new Machine().open()
    freeze(state)
    expect(await codeOf(() => freeze(state))).toBe('BUG')
  })

  test('says which store a value does not serialize for', async () => {
    const state = await new Machine().open()
    state.keyValueStore('counts').put('a', 1n, 10)
    expect(await codeOf(() => freeze(state))).toBe('VALUE_UNWRITABLE')
    state.rollback()
    expect(freeze(state)).toEqual([])
  })
})

describe('a query', () => {
  test('sees what is committed, and neither the open step nor the frozen one', async () => {
    const state = await new Machine().open([counts, hours])
    state.keyValueStore('counts').put('a', 1, 10)
    state.windowStore('hours').put('a', 0, 1, 10)
    expect(state.committedGet('counts', 'a')).toBeUndefined()
    freeze(state)
    state.keyValueStore('counts').put('a', 2, 11)
    expect(state.committedGet('counts', 'a')).toBeUndefined()
    expect(state.committedWindowGet('hours', 'a', 0)).toBeUndefined()
    succeed(state, 1)
    expect(stamped(state.committedGet('counts', 'a'))).toEqual([1, 10])
    expect(stamped(state.committedWindowGet('hours', 'a', 0))).toEqual([1, 10])
    expect(stamped(state.keyValueStore('counts').get('a'))).toEqual([2, 11])
  })

  test('of a name that the task does not have says so', async () => {
    const state = await new Machine().open()
    expect(await codeOf(() => state.committedGet('coutns', 'a'))).toBe('STORE_UNKNOWN')
    expect(await codeOf(() => state.windowStore('counts'))).toBe('STORE_UNKNOWN')
  })

  test('after close is refused, and does no harm', async () => {
    const machine = new Machine()
    const state = await machine.open()
    await state.close()
    expect(await codeOf(() => state.committedGet('counts', 'a'))).toBe('STORE_CLOSED')
    expect(machine.disk.names).toEqual(new Set())
  })
})

describe('flush', () => {
  test('is due by age, by records and by bytes', async () => {
    const machine = new Machine()
    const state = await machine.open([counts], { limits: { flushRecords: 2, flushBytes: 100 } })
    expect(state.flushDue(Infinity)).toBe(false)
    state.keyValueStore('counts').put('a', 1, 10)
    expect(state.flushDue(Infinity)).toBe(false)
    commit(state, 1)
    const since = machine.clock.monotonic()
    expect([state.flushDue(since + 4_999), state.flushDue(since + 5_000)]).toEqual([false, true])
    state.keyValueStore('counts').put('a', 2, 10)
    commit(state, 2)
    expect(state.flushDue(since)).toBe(true)
    await state.flush()
    expect(state.flushDue(Infinity)).toBe(false)
    state.keyValueStore('counts').put('a', 'x'.repeat(100), 10)
    commit(state, 3)
    expect(state.flushDue(since)).toBe(true)
  })

  test('puts its batch together in turns of a thousand rows, while the next step goes on', async () => {
    const machine = new Machine()
    const state = await machine.open()
    const store = state.keyValueStore<string, number>('counts')
    for (let i = 0; i < 2_500; i++) store.put(`key ${i}`, i, i)
    commit(state, 2_500)
    const turns = machine.clock.turns
    const flush = state.flush()
    store.put('key 0', -1, 0)
    expect(store.get('key 1')?.value).toBe(1)
    commit(state, 2_501)
    await flush
    expect(machine.clock.turns - turns).toBeGreaterThanOrEqual(2)
    await state.abandon()
    const reopened = await machine.open()
    expect(reopened.position('counts')).toBe(2_500)
    expect(reopened.keyValueStore<string, number>('counts').get('key 0')?.value).toBe(0)
  })

  test('lets the log become durable between fixing what it writes and writing it', async () => {
    const machine = new Machine()
    const seen: number[] = []
    const batches = (): number => machine.engines.snapshot().get(`${folder}/store`)?.log.length ?? 0
    const state = await machine.open([counts], { syncLog: async () => void seen.push(batches()) })
    state.keyValueStore('counts').put('a', 1, 10)
    commit(state, 1)
    await state.flush()
    expect([...seen, batches()]).toEqual([0, 1])
  })

  test('that fails before its write loses nothing and is tried again', async () => {
    const machine = new Machine()
    let broken = true
    const syncLog = (): Promise<void> => (broken ? Promise.reject(new Error('no log')) : Promise.resolve())
    const state = await machine.open([counts], { syncLog })
    const store = state.keyValueStore('counts')
    store.put('a', 1, 10)
    store.put('b', 1, 10)
    commit(state, 2)
    const flush = state.flush()
    store.put('a', 2, 11)
    commit(state, 3)
    await expect(flush).rejects.toThrow('no log')
    expect([stamped(store.get('a')), stamped(store.get('b')), state.damage]).toEqual([[2, 11], [1, 10], null])
    broken = false
    await state.close()
    const reopened = await machine.open()
    expect(reopened.position('counts')).toBe(3)
    expect(stamped(reopened.keyValueStore('counts').get('a'))).toEqual([2, 11])
    expect(stamped(reopened.keyValueStore('counts').get('b'))).toEqual([1, 10])
  })

  test('that falls behind is reported as congestion', async () => {
    const state = await new Machine().open([counts], { limits: { flushRecords: 1 } })
    const grow = (position: number): void => {
      state.keyValueStore('counts').put('a', position, 10)
      commit(state, position)
    }
    grow(1)
    expect(state.congested).toBe(false)
    const flush = state.flush()
    expect([state.congested, state.flushDue(Infinity)]).toEqual([false, false])
    grow(2)
    expect([state.congested, state.flushDue(Infinity)]).toEqual([true, false])
    await flush
    expect([state.congested, state.flushDue(Infinity)]).toEqual([false, true])
  })

  test('that the engine refuses is the end of the engine', async () => {
    const machine = new Machine()
    await machine.withRow()
    const state = await machine.open()
    state.keyValueStore('counts').put('b', 2, 10)
    commit(state, 6)
    machine.engines.failWrite(`${folder}/store`, new Error('ENOSPC'))
    expect(await codeOf(state.flush())).toBe('STORE_WRITE_FAILED')
    expect(state.damage).toBe('a write to the engine failed')
    expect(await codeOf(() => state.keyValueStore('counts').get('a'))).toBe('STORE_CORRUPT')
    expect(await codeOf(state.flush())).toBe('STORE_CORRUPT')
    await state.close()
    const reopened = await machine.open()
    expect(reopened.wiped).toContain('damage was found')
    expect(reopened.position('counts')).toBe(0)
  })
})

test('values of any size come back from the engine', async () => {
  const machine = new Machine()
  const texts = [0, 40, 90, 100, 4_000, 5_000, 300_000].map((size) => 'ü'.repeat(size))
  const state = await machine.open()
  for (const text of texts) state.keyValueStore('counts').put(`${text.length}`, text, 10)
  commit(state, 7)
  await state.close()
  const reopened = await machine.open()
  for (const text of texts) expect(reopened.keyValueStore('counts').get(`${text.length}`)?.value).toBe(text)
})

describe('close', () => {
  test('writes what is committed, and drops the open and the frozen step', async () => {
    const machine = new Machine()
    const state = await machine.open()
    const store = state.keyValueStore('counts')
    store.put('a', 1, 10)
    commit(state, 1)
    store.put('a', 2, 11)
    freeze(state)
    store.put('a', 3, 12)
    await state.close()
    const reopened = await machine.open()
    expect(reopened.position('counts')).toBe(1)
    expect(stamped(reopened.keyValueStore('counts').get('a'))).toEqual([1, 10])
  })

  test('by abandoning leaves the engine behind the log', async () => {
    const machine = new Machine()
    await machine.withRow()
    const state = await machine.open()
    state.keyValueStore('counts').put('a', 2, 11)
    commit(state, 6)
    await state.abandon()
    expect((await machine.open()).position('counts')).toBe(5)
  })
})

describe('damage', () => {
  test('in a row is found when the row is read, and wipes at the next open', async () => {
    const machine = new Machine()
    await machine.withRow()
    const state = await machine.open()
    // Rows in the order of their keys: meta, then the row.
    machine.engines.rotValue(`${folder}/store`, 1, 70)
    expect(await codeOf(() => state.keyValueStore('counts').get('a'))).toBe('STORE_CORRUPT')
    expect(machine.disk.names).toEqual(new Set(['/state/0_0/OPENING']))
    await state.close()
    expect((await machine.open()).wiped).toContain('damage was found')
  })
})

describe('restore', () => {
  const batch = (
    records: readonly [offset: number, key: string | null, value: string | null][],
    nextOffset: number,
  ): Parameters<TaskState['restore']>[1] => ({
    nextOffset,
    producerId: 4,
    producerEpoch: 5,
    leaderEpoch: 6,
    forEach: (visit) =>
      records.forEach(([offset, key, value]) => {
        const bytes = [key, value].map((text) => (text === null ? null : Buffer.from(text)))
        visit({ offset, key: bytes[0]!, value: bytes[1]!, timestamp: offset * 10, headers: [] })
      }),
  })

  test('applies records and deletions, and keeps who wrote the newest of them', async () => {
    const machine = new Machine()
    const state = await machine.open()
    await state.restore(
      'counts',
      batch(
        [
          [0, 'a', '1'],
          [1, 'b', '2'],
          [3, 'a', null],
        ],
        5,
      ),
    )
    await state.restore('counts', batch([], 8))
    expect(state.position('counts')).toBe(8)
    expect(state.keyValueStore('counts').get('a')).toBeUndefined()
    expect(stamped(state.keyValueStore('counts').get('b'))).toEqual([2, 10])
    await state.close()
    let marks: unknown
    await machine.open([counts], { verify: async (found) => ((marks = found.stores), { decision: 'keep' }) })
    expect(marks).toMatchObject([{ position: 8, newestOffset: 3, producerId: 4, producerEpoch: 5, leaderEpoch: 6 }])
  })

  test('flushes as it grows', async () => {
    const machine = new Machine()
    const state = await machine.open([counts], { limits: { flushRecords: 2 } })
    await state.restore(
      'counts',
      batch(
        [
          [0, 'a', '1'],
          [1, 'b', '2'],
        ],
        3,
      ),
    )
    await state.abandon()
    expect((await machine.open()).position('counts')).toBe(3)
  })

  test('passes over what a source topic holds that does not decode or has no key', async () => {
    const source = spec('table', { changelog: { topic: 'prices', topicId: 'x', kind: 'source' } })
    const state = await new Machine().open([source])
    await state.restore(
      'table',
      batch(
        [
          [0, 'a', '1'],
          [1, 'a', '{'],
          [2, null, '3'],
        ],
        3,
      ),
    )
    expect(stamped(state.keyValueStore('table').get('a'))).toEqual([1, 0])
  })

  test('stops at a key of an own changelog that does not decode', async () => {
    const state = await new Machine().open([hours])
    expect(await codeOf(state.restore('hours', batch([[0, 'short', '1']], 1)))).toBe('VALUE_UNREADABLE')
  })
})

test('a store without a changelog lives in memory: committed, rolled back, and empty after a restart', async () => {
  const memory: StoreSpec = { name: 'memory', kind: 'key-value', key: textSerde, value: jsonSerde }
  const machine = new Machine()
  const state = await machine.open([memory])
  const store = state.keyValueStore('memory')
  store.put('a', 1, 10)
  freeze(state)
  state.commitSucceeded([], 1_000)
  store.put('a', 2, 11)
  state.rollback()
  expect(stamped(store.get('a'))).toEqual([1, 10])
  store.delete('a', 12)
  freeze(state)
  state.commitSucceeded([], 1_000)
  expect(store.get('a')).toBeUndefined()
  await state.close()
  expect(machine.engines.snapshot().get(`${folder}/store`)).toBeUndefined()
})
