import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog, int64, json, nullable, string, type LogClient, type MillraceError } from '@millrace/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { RestoreEvent } from '../runtime/restore.ts'
import { hours } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'
import { StreamsApp } from './streams-app.ts'
import type { StreamsOptions } from './streams-options.ts'

let folder = ''
let log: LogClient

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-app-'))
  log = await embeddedLog({ dir: join(folder, 'log') })
  await log.admin.createTopics([
    { topic: 'in', partitions: 2 },
    { topic: 'out', partitions: 1 },
  ])
})

afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

const options = (more: Partial<StreamsOptions> = {}): StreamsOptions => ({
  applicationId: 'app',
  log,
  stateDir: join(folder, 'state'),
  bounded: true,
  ...more,
})

async function fill(
  ...records: readonly (readonly [key: string | null, value: string | null, timestamp?: number])[]
): Promise<void> {
  const producer = await log.producer()
  for (const [key, value, timestamp = 0] of records) producer.append('in', key, value, { timestamp, partition: 0 })
  await producer.flush()
}

async function output(): Promise<string[]> {
  const consumer = await log.consumer()
  await consumer.assign([{ topic: 'out', partition: 0, offset: 'earliest' }])
  const rows: string[] = []
  for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll()) {
    for (const batch of batches) batch.forEach(({ key, value }) => rows.push(`${String(key)}=${String(value)}`))
  }
  return rows
}

async function runToEnd(app: StreamsApp): Promise<void> {
  await app.start()
  await app.finished
  await app.close()
}

async function refusal(work: Promise<unknown>): Promise<MillraceError> {
  return work.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => error as MillraceError,
  )
}

/** Copies the values; `f` is the user's function. */
function copying(f: (value: string) => string = (value) => value) {
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).mapValues(f).to('out', { key: string, value: string })
  return builder.build()
}

describe('a bounded application', () => {
  test('ends where its topics ended at the first start, also when it is started again', async () => {
    await fill(['a', '1'], ['b', '2'])
    const states: string[] = []
    const app = new StreamsApp(copying(), options())
    app.onState((state) => states.push(state))
    await runToEnd(app)
    expect(states).toEqual(['starting', 'running', 'ended', 'closing', 'closed'])
    await fill(['c', '3'])
    await runToEnd(new StreamsApp(copying(), options()))
    expect(await output()).toEqual(['a=1', 'b=2'])
  })

  test('closes its windows at the end, and counts what came late', async () => {
    const window = tumbling({ size: hours(1), grace: hours(0) })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .windowedBy(window)
      .count({ store: 'hourly' })
      .emitFinal()
      .filter((count) => count > 0)
      .mapValues((count) => `${count}`)
      .to('out', { key: windowed(string, window), value: string })
    const hour = 3_600_000
    await fill(['a', 'x', 0], ['a', 'x', 1], ['a', 'x', hour], ['a', 'late', 2], ['b', 'x', 2 * hour])
    const app = new StreamsApp(builder.build(), options())
    await runToEnd(app)
    expect((await output()).map((row) => row.slice(-1))).toEqual(['2', '1', '1'])
    expect(app.dropped).toEqual({ late: 1 })
  })
})

describe('user code that throws', () => {
  const topology = () =>
    copying((value) => {
      if (value === 'bad') throw new RangeError('no such thing')
      return value
    })

  test('stops the application with an error that says where, and writes nothing of the step', async () => {
    await fill(['a', 'good'], ['b', 'bad'])
    const app = new StreamsApp(topology(), options())
    await app.start()
    const error = await refusal(app.finished)
    expect(error).toMatchObject({ code: 'USER_CODE_FAILED', fault: 'caller' })
    expect(error.message).toMatch(/no such thing.*task 0_0.*in-0 at offset 1/)
    expect(app.state).toBe('failed')
    await app.close()
    expect(await output()).toEqual([])
  })

  test('is passed over and counted under the policy skip', async () => {
    await fill(['a', 'good'], ['b', 'bad'], ['c', 'fine'])
    const app = new StreamsApp(topology(), options({ onError: 'skip' }))
    await runToEnd(app)
    expect(await output()).toEqual(['a=good', 'c=fine'])
    expect(app.dropped).toEqual({ failed: 1 })
  })
})

describe('a record', () => {
  const parsing = () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: json<{ readonly n: number }>() })
      .mapValues(({ n }) => n)
      .to('out', { key: string, value: int64 })
    return builder.build()
  }

  test('that does not parse stops the application, or is counted', async () => {
    await fill(['a', '{"n":1}'], ['b', '{"n":'])
    const failing = new StreamsApp(parsing(), options())
    await failing.start()
    expect(await refusal(failing.finished)).toMatchObject({ code: 'VALUE_UNREADABLE' })
    await failing.close()
    const skipping = new StreamsApp(parsing(), options({ onError: 'skip' }))
    await runToEnd(skipping)
    expect(skipping.dropped).toEqual({ undecodable: 1 })
  })

  test('with a null that its serde cannot hold is dropped and counted; nullable lets it through', async () => {
    await fill(['a', '1'], [null, '2'], ['c', null])
    const strict = new StreamsApp(copying(), options())
    await runToEnd(strict)
    expect(strict.dropped).toEqual({ 'null-key': 1, 'null-value': 1 })
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: nullable(string), value: nullable(string) })
      .to('out', { key: nullable(string), value: nullable(string) })
    await runToEnd(new StreamsApp(builder.build(), options({ applicationId: 'nulls' })))
    expect(await output()).toEqual(['a=1', 'a=1', 'null=2', 'c=null'])
  })

  test('over the size limit of its topic stops the application, and nothing of the step is written', async () => {
    await log.admin.alterTopicConfig('out', { 'max.message.bytes': '200' })
    await fill(['a', '1'], ['b', '2'])
    const app = new StreamsApp(
      copying((value) => value.repeat(500)),
      options(),
    )
    await app.start()
    expect(await refusal(app.finished)).toMatchObject({ code: 'RECORD_TOO_LARGE' })
    await app.close()
    expect(await output()).toEqual([])
  })
})

describe('an application that cannot start', () => {
  test('names the source topic that does not exist', async () => {
    const builder = new StreamsBuilder()
    builder.stream('nowhere', { key: string, value: string }).to('out', { key: string, value: string })
    const app = new StreamsApp(builder.build(), options())
    expect(await refusal(app.start())).toMatchObject({
      code: 'SOURCE_TOPIC_MISSING',
      message: expect.stringContaining('nowhere'),
    })
    await app.close()
  })

  test.each([
    ['an unknown option', { surprise: 1 }],
    ['a wrong policy', { onError: 'ignore' }],
    ['no interval', { commitIntervalMs: 0 }],
    ['an application id that is no name', { applicationId: 'a/b' }],
  ])('is refused with %s', (_name, wrong) => {
    expect(() => new StreamsApp(copying(), options(wrong as Partial<StreamsOptions>))).toThrow(
      expect.objectContaining({ code: 'INVALID_STREAM_OPTION' }),
    )
  })

  test('says who holds its state directory', async () => {
    const counting = () => {
      const builder = new StreamsBuilder()
      builder.stream('in', { key: string, value: string }).groupByKey().count({ store: 'counts' })
      return builder.build()
    }
    const first = new StreamsApp(counting(), options({ bounded: false }))
    await first.start()
    const second = new StreamsApp(counting(), options())
    expect(await refusal(second.start())).toMatchObject({
      code: 'STATE_DIRECTORY_LOCKED',
      message: expect.stringContaining(String(process.pid)),
    })
    await second.close()
    await first.close()
  })

  test('says that a file stands where its state directory should be', async () => {
    writeFileSync(join(folder, 'state'), 'a file')
    const app = new StreamsApp(copying(), options())
    expect(await refusal(app.start())).toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE' })
    await app.close()
  })
})

describe('closing', () => {
  test('is possible before the start, while it runs, and twice', async () => {
    const unstarted = new StreamsApp(copying(), options())
    await unstarted.close()
    const running = new StreamsApp(copying(), options({ bounded: false }))
    await running.start()
    await fill(['a', '1'])
    await Promise.all([running.close(), running.close()])
    expect(running.state).toBe('closed')
    await expect(running.start()).rejects.toMatchObject({ code: 'APP_STATE' })
  })

  test('leaves state that cleanUp removes; the next start restores it', async () => {
    const build = () => {
      const builder = new StreamsBuilder()
      builder
        .stream('in', { key: string, value: string })
        .groupByKey()
        .count({ store: 'counts' })
        .toStream()
        .mapValues((count) => String(count))
        .to('out', { key: string, value: string })
      return builder.build()
    }
    await fill(['a', '1'], ['a', '2'])
    const first = new StreamsApp(build(), options())
    await runToEnd(first)
    const task = join(folder, 'state', 'app', '0_0')
    expect(existsSync(task)).toBe(true)
    await first.cleanUp()
    expect(existsSync(task)).toBe(false)
    const restored: RestoreEvent[] = []
    await runToEnd(new StreamsApp(build(), options({ onRestore: (event) => restored.push(event) })))
    expect(restored.findLast(({ kind }) => kind === 'end')).toMatchObject({ store: 'counts', records: 1 })
    expect(await output()).toEqual(['a=1', 'a=2'])
  })
})
