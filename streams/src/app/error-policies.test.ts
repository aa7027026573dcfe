/** Policies for reading, processing and writing; the dead-letter topic over crashes and restarts (KIP-1033, KIP-1034). */
import { describe, expect, test } from 'vitest'
import { int64, string, type Header, type MillraceError } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Dropped } from '../runtime/dropped.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { hopping } from '../time/windows.ts'
import { inWorld, statesOf, type AppWorld } from './app-world.fixtures.ts'
import type { ErrorOptions } from './error-options.ts'

type Build = (builder: StreamsBuilder) => void

const text = { key: string, value: string }
const journal = '/log/millrace-journal-*'

/** Numbers in, their names out: text that is no number does not decode, 13 throws, there is no name for 99. */
const words = {
  name: 'words',
  write: (value: number) => {
    if (value === 99) throw new RangeError('there is no word for it')
    return Buffer.from(`n${value}`)
  },
}
const numerals = {
  name: 'numerals',
  write: (value: number) => Buffer.from(String(value)),
  read: (bytes: Uint8Array) => {
    const value = Number(Buffer.from(bytes).toString())
    if (Number.isNaN(value)) throw new TypeError('no number')
    return value
  },
}

function refuse13(value: number): number {
  if (value === 13) throw new RangeError('it brings bad luck')
  return value
}

function naming(check: (value: number) => number = refuse13): Build {
  return (builder) => {
    builder.stream('in', { key: string, value: numerals }).mapValues(check).to('out', { key: string, value: words })
  }
}

async function fed(world: AppWorld): Promise<void> {
  await world.topics(['in', 'out', 'dead'])
  await world.put('in', [
    ['a', '1', 10],
    ['b', 'x', 11],
    ['c', '13', 12],
    ['d', '99', 13],
    ['e', '5', 14],
    ['f', 'y', 15],
  ])
}

const allDead: ErrorOptions = { read: 'deadLetter', process: 'deadLetter', write: 'deadLetter', deadLetterTopic: 'dead' }

function headerTexts(headers: readonly Header[]): Record<string, string | null> {
  return Object.fromEntries(headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value).toString()]))
}

async function failureOf(world: AppWorld, build: Build, onError: ErrorOptions): Promise<MillraceError> {
  const app = world.app(build, { onError })
  await app.start()
  const error = await app.finished.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  await app.close()
  return error as MillraceError
}

describe('a policy is for what fails:', () => {
  test.each<[ErrorOptions, string, string]>([
    [{}, 'VALUE_UNREADABLE', 'offset 1'],
    [{ read: 'skip' }, 'USER_CODE_FAILED', 'offset 2'],
    [{ read: 'skip', process: 'skip' }, 'VALUE_UNWRITABLE', 'offset 3'],
    [{ process: 'skip', write: 'skip' }, 'VALUE_UNREADABLE', 'offset 1'],
    [{ read: 'skip', write: 'skip' }, 'USER_CODE_FAILED', 'offset 2'],
  ])('%j fails with %s', (onError, code, where) =>
    inWorld(async (world) => {
      await fed(world)
      expect(await failureOf(world, naming(), onError)).toMatchObject({ code, where: expect.stringContaining(where) })
      expect(await world.rows('out')).toEqual([])
    }),
  )

  test('skip for all three leaves out each, and says which', () =>
    inWorld(async (world) => {
      await fed(world)
      const told: Dropped[] = []
      const onError = { read: 'skip', process: 'skip', write: 'skip' } as const
      const app = await world.run(naming(), { onError, onDropped: (one) => told.push(one) })
      expect(await world.rows('out')).toEqual(['a=n1', 'e=n5'])
      expect(app.dropped).toEqual({ undecodable: 2, failed: 2 })
      expect(told.map(({ reason, node, offset }) => `${offset} ${reason} ${node?.replace(/-\d+$/, '')}`)).toEqual([
        '1 undecodable source',
        '2 failed map-values',
        '3 failed to',
        '5 undecodable source',
      ])
    }))
})

describe('the dead-letter topic', () => {
  test('gets the record as it came in, with the headers of KIP-1034', () =>
    inWorld(async (world) => {
      await fed(world)
      const app = await world.run(naming(), { onError: allDead })
      expect(await world.rows('out')).toEqual(['a=n1', 'e=n5'])
      expect(await world.rows('dead')).toEqual(['b=x', 'c=13', 'd=99', 'f=y'])
      expect(app.dropped).toEqual({ undecodable: 2, failed: 2 })
      const letters = await world.records('dead')
      expect(letters.map(({ timestamp }) => timestamp)).toEqual([11, 12, 13, 15])
      expect(headerTexts(letters[1]!.headers)).toEqual({
        '__streams.errors.exception': 'RangeError: it brings bad luck',
        '__streams.errors.message': 'it brings bad luck',
        '__streams.errors.stacktrace': expect.stringContaining('refuse13'),
        '__streams.errors.topic': 'in',
        '__streams.errors.partition': '0',
        '__streams.errors.offset': '2',
        '__millrace.errors.reason': 'failed',
        '__millrace.errors.node': expect.stringMatching(/^map-values/),
      })
      expect(headerTexts(letters[0]!.headers)).toMatchObject({
        '__streams.errors.exception': expect.stringContaining('VALUE_UNREADABLE'),
        '__millrace.errors.reason': 'undecodable',
      })
    }))

  test('keeps the headers of the record, and nulls', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await using producer = await world.log.producer()
      const batch = producer.batch('in', 0)
      batch.append(null, 'x', 1, [['trace', Buffer.from('t1')]])
      await producer.send(batch)
      await world.run(naming(), { onError: { deadLetterDrops: true, deadLetterTopic: 'dead' } })
      const [letter] = await world.records('dead')
      expect(letter).toMatchObject({ key: null, timestamp: 1 })
      expect(headerTexts(letter!.headers)).toMatchObject({
        trace: 't1',
        '__streams.errors.exception': null,
        '__streams.errors.message': 'dropped: null-key',
        '__millrace.errors.reason': 'null-key',
      })
    }))

  test('gets a failure that no record caused, without key and value', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await world.put('in', [['a', '1', 25]])
      const build: Build = (builder) => {
        builder.stream('in', text).process({
          name: 'ticking',
          open: (context) => {
            context.schedule(millis(10), 'stream-time', () => {
              throw new Error('not now')
            })
            return { process: () => {} }
          },
        })
      }
      await world.run(build, { onError: { process: 'deadLetter', deadLetterTopic: 'dead' } })
      const [letter, ...others] = await world.records('dead')
      expect(others).toEqual([])
      expect(letter).toMatchObject({ key: null, value: null, timestamp: 25 })
      expect(headerTexts(letter!.headers)).toMatchObject({
        '__streams.errors.message': 'not now',
        '__streams.errors.topic': '',
        '__streams.errors.offset': '-1',
        '__millrace.errors.node': 'ticking',
      })
    }))

  const counting: Build = (builder) => {
    const windows = hopping({ size: millis(30), advance: millis(10), grace: millis(0) })
    builder
      .stream('in', text)
      .groupByKey()
      .windowedBy(windows)
      .count({ store: 'counts' })
      .emitFinal()
      .to('out', { key: windowed(string, windows), value: int64 })
  }

  test('gets what operators leave out, one letter for a record and a reason', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await world.put('in', [
        ['a', '1', 100],
        ['a', 'late', 5],
        ['b', 'late', 6],
      ])
      const app = await world.run(counting, { onError: { deadLetterDrops: true, deadLetterTopic: 'dead' } })
      expect(app.dropped).toEqual({ late: 2 })
      expect(await world.rows('dead')).toEqual(['a=late', 'b=late'])
    }))

  test('without deadLetterDrops gets none of these', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await world.put('in', [
        ['a', '1', 100],
        ['a', 'late', 50],
      ])
      const app = await world.run(counting, { onError: { process: 'deadLetter', deadLetterTopic: 'dead' } })
      expect(app.dropped).toEqual({ late: 3 })
      expect(await world.rows('dead')).toEqual([])
    }))

  test('gets a letter without its stack where that makes it too large, and stops the application when that does not help', () =>
    inWorld(async (world) => {
      await fed(world)
      await world.log.admin.alterTopicConfig('dead', { 'max.message.bytes': '700' })
      await world.run(naming(), { onError: { ...allDead, read: 'skip', write: 'skip' } })
      const [letter] = await world.records('dead')
      expect(headerTexts(letter!.headers)).toMatchObject({ '__streams.errors.offset': '2', '__streams.errors.stacktrace': null })
    }))

  test('that takes none of it stops the application', () =>
    inWorld(async (world) => {
      await fed(world)
      await world.log.admin.alterTopicConfig('dead', { 'max.message.bytes': '100' })
      expect(await failureOf(world, naming(), allDead)).toMatchObject({
        code: 'RECORD_TOO_LARGE',
        where: expect.stringContaining('dead-letter topic dead'),
      })
      expect(await world.rows('out')).toEqual([])
    }))

  test('is read by no pattern', () =>
    inWorld(async (world) => {
      await fed(world)
      const build: Build = (builder) => {
        builder
          .stream(/^(in|dead)$/, { key: string, value: numerals })
          .mapValues(refuse13)
          .to('out', { key: string, value: words })
      }
      await using app = world.app(build, { bounded: false, onError: allDead })
      await app.start()
      await world.after(1_000)
      expect(await world.rows('dead')).toEqual(['b=x', 'c=13', 'd=99', 'f=y'])
    }))

  test('that is not there is found at the start', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(naming(), { onError: allDead })
      await expect(app.start()).rejects.toMatchObject({ code: 'DEAD_LETTER_TOPIC_MISSING', where: 'dead' })
    }))
})

test('what chooses a topic is about writing', () =>
  inWorld(async (world) => {
    await world.topics(['in', 'one', 'dead'])
    await world.put('in', [
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'none'],
    ])
    const choosing: Build = (builder) => {
      const topicOf = (value: string): string => {
        if (value === 'none') throw new Error('no topic for it')
        return value
      }
      builder.stream('in', text).to(topicOf, text)
    }
    expect(await failureOf(world, choosing, { process: 'skip' })).toMatchObject({ code: 'RECORD_INVALID' })
    await world.run(choosing, { onError: { write: 'deadLetter', deadLetterTopic: 'dead' } })
    expect(await world.rows('one')).toEqual(['a=one'])
    expect(await world.rows('dead')).toEqual(['b=two', 'c=none'])
  }))

describe('nothing is lost and nothing comes twice', () => {
  const expectedOut = ['a=n1', 'e=n5']
  const expectedDead = ['b=x', 'c=13', 'd=99', 'f=y']

  test.each([1, 2, 3, 4, 5])('when write %i of the log fails, and the application comes back', (nth) =>
    inWorld(async (world) => {
      await fed(world)
      await using app = world.app(naming(), { onError: allDead, maxUncommittedBytes: 1 })
      const states = statesOf(app)
      await app.start()
      world.world.disk.faults.add({ path: journal, operation: 'write', nth, error: 'ENOSPC' })
      await app.finished
      expect(states).toContain('restarting')
      expect(await world.rows('out')).toEqual(expectedOut)
      expect(await world.rows('dead')).toEqual(expectedDead)
    }),
  )

  test.each([1, 2, 3, 4, 5].flatMap((call) => [[call, 1] as const, [call, 1 << 20] as const]))(
    'when an instance dies in call %i with steps of %i bytes, and another one goes on',
    (call, maxUncommittedBytes) =>
      inWorld(async (world) => {
        await fed(world)
        let calls = 0
        const dying = naming((value) => {
          // A trouble of the runtime, not of the record.
          if (++calls === call) throw world.log.admin
          return refuse13(value)
        })
        await using app = world.app(dying, {
          onError: { ...allDead, process: 'fail' },
          maxUncommittedBytes,
        })
        await app.start()
        await app.finished.catch(() => {})
        await app.close()
        await world.run(naming(), { onError: allDead, maxUncommittedBytes })
        expect(await world.rows('out')).toEqual(expectedOut)
        expect(await world.rows('dead')).toEqual(expectedDead)
      }),
  )
})

describe('the policy retry', () => {
  /** Fails so often at 13, then does it. */
  function failing(times: number): { build: Build; calls: () => number; state: Build } {
    let calls = 0
    const check = (value: number): number => {
      if (value === 13 && calls++ < times) throw new RangeError('not yet')
      return value
    }
    const state: Build = (builder) => {
      builder
        .stream('in', { key: string, value: numerals })
        .groupBy(() => 'all', { name: 'by-all', key: string, value: numerals })
        .aggregate({ store: 'sums', value: int64, initial: () => 0, add: (total, value) => total + check(value) })
        .toStream()
        .mapValues((total) => total ?? 0)
        .to('out', { key: string, value: int64 })
    }
    return { build: naming(check), calls: () => calls, state }
  }

  test('calls again until it works; what the failed step did to stores and outputs is gone', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1'],
        ['b', '13'],
        ['c', '2'],
      ])
      const { state, calls } = failing(3)
      await using app = world.app(state, { onError: { process: { retry: 3, backoffMs: 50 } } })
      const states = statesOf(app)
      const began = world.world.clock.monotonic()
      await app.start()
      await app.finished
      expect(await world.numbers('out')).toEqual([1, 14, 16])
      expect(calls()).toBe(4)
      expect(states.filter((one) => one === 'restarting')).toHaveLength(3)
      // 50, 100 and 200 ms.
      expect(world.world.clock.monotonic() - began).toBeGreaterThanOrEqual(350)
      expect(app.dropped).toEqual({})
    }))

  test.each([
    ['fail', 'failed', ['a=n1']],
    ['skip', 'ended', ['a=n1', 'c=n2']],
    ['deadLetter', 'ended', ['a=n1', 'c=n2']],
  ] as const)('then, when it was in vain, does what it is told: %s', (otherwise, state, out) =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await world.put('in', [
        ['a', '1'],
        ['b', '13'],
        ['c', '2'],
      ])
      const { build, calls } = failing(Infinity)
      const topic = otherwise === 'deadLetter' ? { deadLetterTopic: 'dead' } : {}
      await using app = world.app(build, { onError: { process: { retry: 2, otherwise }, ...topic } })
      await app.start()
      await app.finished.catch((error: unknown) => expect(error).toMatchObject({ code: 'USER_CODE_FAILED' }))
      expect(app.state).toBe(state)
      expect(calls()).toBe(3)
      expect(await world.rows('out')).toEqual(out)
      expect(await world.rows('dead')).toEqual(otherwise === 'deadLetter' ? ['b=13'] : [])
    }),
  )

  test('counts the tries of a record, whatever is committed meanwhile', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await world.put('in', [['b', '13']])
      const { build, calls } = failing(Infinity)
      await using app = world.app(build, {
        bounded: false,
        maxUncommittedBytes: 1,
        onError: { process: { retry: 4, backoffMs: 0, otherwise: 'skip' } },
      })
      app.onState((state) => {
        // Another task has something to commit in every incarnation.
        if (state === 'running') void world.put('in', [['z', '1']], 1)
      })
      await app.start()
      await world.until(() => app.dropped.failed === 1)
      await app.close()
      expect(calls()).toBe(5)
    }))

  test('counts the tries of punctuations by the wall clock by their node', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      let calls = 0
      const build: Build = (builder) => {
        builder.stream('in', text).process({
          name: 'ticking',
          open: (context) => {
            context.schedule(millis(50), 'wall-clock', () => {
              calls++
              throw new Error('not now')
            })
            return { process: () => {} }
          },
        })
      }
      const onError = { process: { retry: 2, backoffMs: 10, otherwise: 'deadLetter' }, deadLetterTopic: 'dead' } as const
      await using app = world.app(build, { bounded: false, onError })
      await app.start()
      await world.until(() => app.dropped.failed === 1)
      expect(calls).toBe(3)
      expect(await world.rows('dead')).toEqual(['null=null'])
    }))

  test('is not for calls of mapAsync, which have their own: what is said for afterwards holds', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out', 'dead'])
      await world.put('in', [
        ['a', 'good'],
        ['b', 'bad'],
      ])
      let calls = 0
      const call = async (value: string): Promise<string> => {
        if (value === 'bad') calls++
        if (value === 'bad') throw new Error('not there')
        return value
      }
      const build: Build = (builder) => {
        const retry = { times: 1, backoffMs: 1 }
        builder
          .stream('in', text)
          .mapAsync(call, { name: 'calls', ...text, concurrency: 2, retry })
          .to('out', text)
      }
      const onError = { process: { retry: 3, otherwise: 'deadLetter' }, deadLetterTopic: 'dead' } as const
      await using app = world.app(build, { onError })
      const states = statesOf(app)
      await app.start()
      await app.finished
      expect(await world.rows('out')).toEqual(['a=good'])
      expect(states).not.toContain('restarting')
      const [letter] = await world.records('dead')
      expect(headerTexts(letter!.headers)).toMatchObject({ '__streams.errors.topic': 'in', '__streams.errors.offset': '1' })
      expect(calls).toBe(2)
    }))

  test('gives each record its own tries, and each event that no record caused', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', '1', 5],
        ['b', '2', 15],
        ['c', '3', 25],
      ])
      const tries: string[] = []
      const once = (name: string): void => {
        tries.push(name)
        if (tries.filter((one) => one === name).length < 3) throw new Error(name)
      }
      const build: Build = (builder) => {
        builder.stream('in', text).process({
          name: 'ticking',
          open: (context) => {
            context.schedule(millis(10), 'stream-time', (time) => once(`tick ${time}`))
            return { process: ({ value }) => once(value) }
          },
        })
      }
      const app = await world.run(build, { maxUncommittedBytes: 1, onError: { process: { retry: 2, backoffMs: 0 } } })
      expect(app.dropped).toEqual({})
      for (const name of ['1', '2', '3', 'tick 15', 'tick 25']) expect(tries.filter((one) => one === name)).toHaveLength(3)
    }))
})
