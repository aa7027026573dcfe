import { describe, expect, test } from 'vitest'
import { int64, MillraceError, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import { inWorld, mapping, statesOf } from './app-world.fixtures.ts'

const copy = mapping((value) => value)

function counting(builder: StreamsBuilder): void {
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .filter((count): count is number => count !== null)
    .to('out', { key: string, value: int64 })
}

const store = '/state/app/0_0/store'
const journal = '/log/millrace-journal-*'

describe('an application from start to end', () => {
  test('processes what is there, ends, and tells its states', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
      ])
      await world.put('in', [['c', '3']], 1)
      const app = world.app(copy)
      const states = statesOf(app)
      expect(app.state).toBe('created')
      await app.start()
      expect(app.state).toBe('running')
      await app.finished
      expect(app.state).toBe('ended')
      await app.close()
      expect(states).toEqual(['starting', 'running', 'ended', 'closing', 'closed'])
      expect((await world.rows('out')).toSorted()).toEqual(['a=1', 'b=2', 'c=3'])
    }))

  test('follows what comes until it is closed, and the next one goes on there', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const first = world.app(counting, { bounded: false })
      await first.start()
      await world.put('in', [['a', '1']])
      await world.until(async () => (await world.rows('out')).length === 1)
      await world.put('in', [['a', '2']])
      await first.close()
      await first.finished
      await using second = world.app(counting, { bounded: false })
      await second.start()
      await world.until(async () => (await world.rows('out')).length === 2)
      expect(await world.numbers('out')).toEqual([1, 2])
    }))

  test('starts once', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(copy)
      await app.start()
      await expect(app.start()).rejects.toMatchObject({ code: 'APP_STATE' })
      await app.finished
    }))

  test('a listener that was taken away hears nothing more', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy)
      const heard: string[] = []
      const stop = app.onState((state, before) => {
        heard.push(`${before} ${state}`)
        if (state === 'running') stop()
      })
      await app.start()
      await app.close()
      expect(heard).toEqual(['created starting', 'starting running'])
    }))
})

describe('close', () => {
  test('before the start: nothing was ever there', () =>
    inWorld(async (world) => {
      const app = world.app(copy)
      await app.close()
      expect(app.state).toBe('closed')
      await app.finished
      await expect(app.start()).rejects.toMatchObject({ code: 'APP_STATE' })
      expect(world.world.disk.stat('/state')).toBeNull()
    }))

  test('while it starts, after any number of turns: start() says so, and everything is free again', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['a', '1']])
      const seen = new Set<string>()
      for (let turns = 0; turns < 30; turns++) {
        const app = world.app(counting, { applicationId: `app${turns}` })
        const starting = app.start().then(() => 'started', codeOf)
        for (let turn = 0; turn < turns; turn++) await world.world.clock.turn()
        await Promise.all([app.close(), app.close()])
        expect(app.state).toBe('closed')
        await app.finished
        seen.add(await starting)
        await world.run(counting, { applicationId: `app${turns}` })
      }
      expect([...seen]).toEqual(['APP_STATE', 'started'])
      expect(await world.rows('out')).toHaveLength(30)
    }))

  test('while it runs: what is processed is committed, and the stores are written', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(counting, { bounded: false, commitIntervalMs: 1_000_000 })
      await app.start()
      await world.put('in', [
        ['a', '1'],
        ['b', '2'],
      ])
      await world.after(1)
      await app.close()
      expect(app.state).toBe('closed')
      expect(await world.rows('out')).toHaveLength(2)
      expect(world.engines.rows(store).size).toBeGreaterThan(2)
    }))

  test('a second call waits for the first, and a third has nothing to wait for', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy, { bounded: false })
      await app.start()
      const states: string[] = []
      await Promise.all([app.close().then(() => states.push(app.state)), app.close().then(() => states.push(app.state))])
      expect(states).toEqual(['closed', 'closed'])
      await app.close()
    }))

  test('does not wait for records that do not come', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy, { bounded: false })
      await app.start()
      await world.after(1_000)
      const before = world.world.clock.monotonic()
      await app.close()
      expect(world.world.clock.monotonic() - before).toBeLessThan(20)
    }))
})

describe('a failure', () => {
  const failing = mapping((value) => {
    if (value === 'bad') throw new TypeError('no such thing')
    return value
  })

  test('of user code ends the application, and says where', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', 'bad'],
        ['c', '3'],
      ])
      const app = world.app(failing)
      const states = statesOf(app)
      await app.start()
      const error = await app.finished.catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'USER_CODE_FAILED', fault: 'caller', cause: expect.any(TypeError) })
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(/user code threw: no such thing \(map-values-\d+, task 0_0, in-0 at offset 1\)\. Correct/),
      )
      expect(app.state).toBe('failed')
      await app.close()
      expect(states).toEqual(['starting', 'running', 'failed', 'closing', 'closed'])
      expect(await world.rows('out')).toEqual([])
    }))

  test('that nobody has asked for comes out of close()', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [['b', 'bad']])
      const app = world.app(failing)
      await app.start()
      await world.until(() => app.state === 'failed')
      await expect(app.close()).rejects.toMatchObject({ code: 'USER_CODE_FAILED' })
      expect(app.state).toBe('closed')
    }))

  test('leaves everything in place for a start with corrected code', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', 'bad'],
        ['c', '3'],
      ])
      const app = world.app(failing)
      await app.start()
      await app.finished.catch(codeOf)
      await app.close()
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1', 'b=bad', 'c=3'])
    }))

  test('at the start comes out of start(), and close() has nothing to add', () =>
    inWorld(async (world) => {
      const app = world.app(copy)
      await expect(app.start()).rejects.toMatchObject({ code: 'SOURCE_TOPIC_MISSING', where: 'in' })
      expect(app.state).toBe('failed')
      await app.close()
      await expect(app.finished).rejects.toMatchObject({ code: 'SOURCE_TOPIC_MISSING' })
    }))

  test('of a listener harms itself only', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const uncaught = await uncaughtDuring(async () => {
        await using app = world.app(copy)
        app.onState((state) => {
          if (state === 'running') throw new Error('of the listener')
        })
        await app.start()
        await app.finished
      })
      expect(uncaught).toEqual([new Error('of the listener')])
    }))

  test('is there when the log is closed first', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy, { bounded: false })
      await app.start()
      await world.log.close()
      await expect(app.finished).rejects.toMatchObject({ code: 'CLOSED' })
      await app.close()
    }))
})

describe('a trouble that passes', () => {
  test('brings the application back, at what is committed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['a', '2'],
      ])
      await using app = world.app(counting, { bounded: false })
      const states = statesOf(app)
      await app.start()
      await world.until(async () => (await world.rows('out')).length === 2)
      // The first write is the record's own, the second one its commit.
      world.world.disk.faults.add({ path: journal, operation: 'write', nth: 2, error: 'ENOSPC' })
      await world.put('in', [['a', '3']])
      await world.until(async () => (await world.rows('out')).length === 3)
      expect(await world.numbers('out')).toEqual([1, 2, 3])
      expect(states).toEqual(['starting', 'running', 'restarting', 'starting', 'running'])
    }))

  test('is waited for longer and longer, and then given up', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy, { bounded: false })
      const waits: number[] = []
      let since = 0
      app.onState((state) => {
        if (state === 'restarting') since = world.world.clock.monotonic()
        if (state === 'starting' && since > 0) waits.push(Math.round(world.world.clock.monotonic() - since))
      })
      await app.start()
      await world.put('in', [['a', '1']])
      world.world.disk.faults.add({ path: journal, operation: 'write', error: 'ENOSPC', times: 'forever' })
      await expect(app.finished).rejects.toMatchObject({ code: 'DISK_FULL', outcome: 'retriable' })
      expect(app.state).toBe('failed')
      expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000])
      world.world.disk.faults.heal()
      await app.close()
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1'])
    }))

  test('is not waited for once the application is closed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(copy, { bounded: false })
      await app.start()
      world.world.disk.faults.add({ path: journal, operation: 'write', nth: 2, error: 'ENOSPC', times: 'forever' })
      await world.put('in', [['a', '1']])
      await world.until(() => app.state === 'restarting')
      world.world.disk.faults.heal()
      await app.close()
      await app.finished
      expect(app.state).toBe('closed')
      await world.run(copy)
      expect(await world.rows('out')).toEqual(['a=1'])
    }))

  test('of an engine, too: it is written anew from the changelog', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(counting, { bounded: false })
      const states = statesOf(app)
      await app.start()
      await world.put('in', [['a', '1']])
      world.engines.failWrite(store, new Error('no space left'))
      await world.until(() => states.includes('restarting'))
      await world.put('in', [['a', '2']])
      await world.until(async () => (await world.rows('out')).length === 2)
      expect(await world.numbers('out')).toEqual([1, 2])
      expect(world.engines.wiped).toEqual([store])
    }))

  test('of an engine while the application ends, too', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['a', '2'],
      ])
      world.engines.failWrite(store, new Error('no space left'))
      await using app = world.app(counting)
      const states = statesOf(app)
      await app.start()
      await app.finished
      expect(states).toEqual(['starting', 'running', 'restarting', 'starting', 'running', 'ended'])
      expect(world.engines.rows(store).size).toBeGreaterThan(2)
      expect(await world.numbers('out')).toEqual([1, 2])
    }))

  test('a newer instance is none: the older one fails', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const older = world.app(copy, { bounded: false })
      await older.start()
      const instance = Buffer.from(world.world.disk.readFile('/state/app/instance-id')).toString().trim()
      await using _newer = await world.log.producer({ transactionalId: `app-${instance}` })
      await world.put('in', [['a', '1']])
      await expect(older.finished).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
      await older.close()
    }))
})

function codeOf(error: unknown): string {
  return error instanceof MillraceError ? error.code : 'no error of ours'
}

/** What became an uncaught exception while the work ran. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = []
  const before = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error))
  try {
    await work()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener)
  }
  return uncaught
}
