import { int64, prometheusText, string } from '@millrace/core'
import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext } from '../graph/processor.ts'
import { streamMetricGroups } from '../metrics/stream-metric-rows.ts'
import { seconds } from '../time/duration.ts'
import { suppress } from '../time/suppression.ts'
import { tumbling } from '../time/windows.ts'
import { inWorld, mapping, type AppWorld } from './app-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'
import { version } from './version.ts'

const text = { key: string, value: string }

/** The series of a name whose tags have these values: with one, its value; with several, all. */
function read(app: StreamsApp, group: string, name: string, tags: Readonly<Record<string, string>> = {}): unknown {
  const found = app.metrics
    .list()
    .filter((one) => one.group === group && one.name === name)
    .filter((one) => Object.entries(tags).every(([tag, value]) => one.tags[tag] === value))
    .map(({ value }) => value)
  return found.length === 1 ? found[0] : found
}

function tasksOf(app: StreamsApp): string[] {
  return [...new Set(app.metrics.list().flatMap(({ tags }) => tags['task-id'] ?? []))]
}

function names(app: StreamsApp): string[] {
  return [...new Set(app.metrics.list().map(({ group, name }) => `${group} ${name}`))]
}

async function processed(world: AppWorld, app: StreamsApp, records: number): Promise<void> {
  await world.until(() => read(app, 'stream-thread-metrics', 'process-total') === records)
  await world.after(200)
}

function counting(builder: StreamsBuilder): void {
  builder.stream('in', text).groupByKey().count({ store: 'counts' }).toStream().mapValues(String).to('out', text)
}

/** Ticks twice over a minute of stream time: at its first record, and at its last. */
function open(context: ProcessorContext<string, string>): { process(): void } {
  context.schedule(seconds(30), 'stream-time', () => {})
  return { process: () => {} }
}

const running = { bounded: false }

describe('the metrics of an application', () => {
  test('are there from its start to its end', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      const app = world.app(
        mapping((value) => value),
        running,
      )
      expect(app.metrics.list()).toEqual([])
      await app.start()
      expect(read(app, 'stream-metrics', 'state')).toBe('running')
      expect(read(app, 'stream-metrics', 'client-state')).toBe(2)
      expect(read(app, 'stream-metrics', 'alive-stream-threads')).toBe(1)
      expect(read(app, 'stream-metrics', 'application-id')).toBe('app')
      expect(read(app, 'stream-metrics', 'topology-description')).toMatch(/^Topolog/)
      const client = app.metrics.list()[0]!.tags['client-id']!
      expect(client).toMatch(/^app-./)
      expect(read(app, 'stream-thread-metrics', 'task-created-total', { 'thread-id': client })).toBe(1)
      await app.close()
      expect(app.metrics.list()).toEqual([])
      expect(app.metrics.snapshot().families).toEqual([])
    }))

  test('have the names, tags, units and sentences of the catalogue, and no other', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(counting, running)
      await app.start()
      await world.put('in', [
        ['a', 'x', 1],
        ['b', 'y', 2],
        [null, 'z', 3],
      ])
      await processed(world, app, 3)
      const all = streamMetricGroups.flatMap(({ rows, tags }) => rows.map((row) => ({ ...row, tags })))
      const rows = new Map(all.map((row) => [`${row.group} ${row.name}`, row]))
      for (const { group, name, tags, unit, help } of app.metrics.list()) {
        const row = rows.get(`${group} ${name}`)!
        expect({ unit, help }).toEqual({ unit: row.unit, help: row.help })
        const scope = Object.keys(tags).map((tag) => tag.replace(/^leveldb-/, '<scope>-'))
        expect(scope).toEqual(row.tags)
      }
      const none = all.filter(({ group, name }) => !names(app).includes(`${group} ${name}`))
      expect(none.map(({ name }) => name)).toEqual([
        'suppression-emit-rate',
        'suppression-emit-total',
        'emitted-records-rate',
        'emitted-records-total',
      ])
    }))

  test('count the records of tasks, nodes and topics', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await using app = world.app(
        (builder) =>
          builder
            .stream('in', text)
            .filter((value) => value !== 'no')
            .to('out', text),
        running,
      )
      await app.start()
      await world.put(
        'in',
        [
          ['a', 'no', 1],
          ['a', 'x', 2],
          ['a', 'x', 3],
        ],
        0,
      )
      await world.put('in', [['a', 'x', 4]], 1)
      await processed(world, app, 4)
      const task = { 'task-id': '0_0' }
      expect(read(app, 'stream-task-metrics', 'process-total', task)).toBe(3)
      expect(read(app, 'stream-task-metrics', 'process-total', { 'task-id': '0_1' })).toBe(1)
      expect(read(app, 'stream-task-metrics', 'process-rate', task)).toBeGreaterThan(0)
      expect(read(app, 'stream-task-metrics', 'commit-total', task)).toBe(1)
      const nodes = app.metrics
        .list()
        .filter(({ group, name }) => group === 'stream-processor-node-metrics' && name === 'process-total')
        .filter(({ tags }) => tags['task-id'] === '0_0')
      expect(nodes.map(({ value }) => value)).toEqual([3, 3, 2]) // the source, the filter, the sink
      expect(read(app, 'stream-topic-metrics', 'records-consumed-total', task)).toBe(3)
      expect(read(app, 'stream-topic-metrics', 'records-produced-total', task)).toBe(2)
      expect(read(app, 'stream-topic-metrics', 'bytes-consumed-total', task)).toBeGreaterThan(3)
      expect(read(app, 'stream-topic-metrics', 'bytes-produced-total', task)).toBeGreaterThan(2)
    }))

  test('tell what was dropped by reason, when it is committed', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(counting, running)
      await app.start()
      await world.put('in', [
        ['a', 'x', 1],
        [null, 'x', 1],
        [null, 'y', 1],
        ['b', null, 1],
      ])
      await processed(world, app, 4)
      expect(app.dropped).toEqual({ 'null-key': 2, 'null-value': 1 })
      expect(read(app, 'stream-task-metrics', 'dropped-records-total')).toBe(3)
      expect(read(app, 'stream-drop-metrics', 'dropped-records-total', { reason: 'null-key' })).toBe(2)
      expect(read(app, 'stream-drop-metrics', 'dropped-records-total', { reason: 'null-value' })).toBe(1)
    }))

  test('measure how late records are, behind the stream time of the task', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(
        mapping((value) => value),
        running,
      )
      await app.start()
      await world.put('in', [
        ['a', 'x', 100],
        ['a', 'x', 70],
        ['a', 'x', 200],
        ['a', 'x', 190],
      ])
      await processed(world, app, 4)
      expect(read(app, 'stream-task-metrics', 'record-lateness-max')).toBe(30)
      expect(read(app, 'stream-task-metrics', 'record-lateness-avg')).toBe(10)
    }))

  test('measure from the timestamp to the ends of the topology: where a record came, and only there', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'left', 'right'])
      await using app = world.app((builder) => {
        const stream = builder.stream('in', text)
        stream.filter((value) => value === 'l').to('left', text)
        stream.filter((value) => value === 'r').to('right', text)
      }, running)
      await app.start()
      const now = world.world.clock.now()
      await world.put('in', [['a', 'l', now - 5000]])
      await processed(world, app, 1)
      const latencies = app.metrics.list().filter(({ name }) => name === 'record-e2e-latency-min')
      const seen = latencies.filter(({ value }) => !Number.isNaN(value))
      expect(latencies).toHaveLength(3)
      expect(seen).toHaveLength(2)
      for (const { value } of seen) {
        expect(value).toBeGreaterThanOrEqual(5000)
        expect(value).toBeLessThan(6000)
      }
    }))

  test('count what happens to stores, and begin again with a task that is opened again', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using first = world.app(counting, running)
      await first.start()
      await world.put('in', [
        ['a', 'x', 1],
        ['b', 'x', 2],
        ['a', 'x', 3],
      ])
      await processed(world, first, 3)
      const store = { 'leveldb-state-id': 'counts', 'task-id': '0_0' }
      expect(read(first, 'stream-state-metrics', 'get-total', store)).toBe(3)
      expect(read(first, 'stream-state-metrics', 'put-total', store)).toBe(3)
      expect(read(first, 'stream-state-metrics', 'delete-total', store)).toBe(0)
      expect(read(first, 'stream-state-metrics', 'get-latency-avg', store)).toBe(0) // virtual time
      expect(read(first, 'stream-record-cache-metrics', 'hit-ratio-avg')).toBe(0)

      const rows = first.keyValueStore<string, number>('counts').range()[Symbol.asyncIterator]()
      await rows.next()
      expect(read(first, 'stream-state-metrics', 'num-open-iterators', store)).toBe(1)
      expect(read(first, 'stream-state-metrics', 'oldest-iterator-open-since-ms', store)).toBe(world.world.clock.now())
      await world.after(30)
      await rows.return?.()
      expect(read(first, 'stream-state-metrics', 'num-open-iterators', store)).toBe(0)
      expect(read(first, 'stream-state-metrics', 'iterator-duration-max', store)).toBe(30e6)
      await first.close()

      await using second = world.app(counting, running)
      await second.start()
      expect(read(second, 'stream-state-metrics', 'put-total', store)).toBe(0)
      expect(read(second, 'stream-task-metrics', 'restore-total')).toBe(0)
    }))

  test('follow a restore', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await world.put('in', [
        ['a', 'x', 1],
        ['b', 'x', 2],
        ['c', 'x', 3],
      ])
      await world.run(counting)
      const seen: unknown[] = []
      await using app = world.app(counting, {
        ...running,
        stateDir: '/elsewhere',
        onRestore: ({ kind }) => seen.push([kind, read(app, 'stream-task-metrics', 'restore-remaining-records-total')]),
      })
      await app.start()
      expect(seen[0]).toEqual(['start', expect.any(Number)])
      expect((seen[0] as [string, number])[1]).toBeGreaterThanOrEqual(3)
      expect(seen.at(-1)).toEqual(['end', 0])
      expect(read(app, 'stream-task-metrics', 'restore-total')).toBe(3)
    }))

  test('count final rows, updates that were held back, punctuations and flushes', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app((builder) => {
        const stream = builder.stream('in', text)
        const windows = stream.groupByKey().windowedBy(tumbling({ size: seconds(10), grace: seconds(0) }))
        windows
          .count({ store: 'final' })
          .emitFinal()
          .forEach(() => {})
        windows
          .count({ store: 'updated' })
          .emitOnUpdate()
          .suppress({ store: 'held', value: int64, until: suppress.untilWindowCloses() })
          .toStream()
          .forEach(() => {})
        stream.process({ name: 'ticking', open }).forEach(() => {})
      }, running)
      await app.start()
      await world.put('in', [
        ['a', 'x', 0],
        ['a', 'x', 0],
        ['b', 'x', 1],
        ['a', 'x', 60_000],
      ])
      await processed(world, app, 4)
      expect(read(app, 'stream-processor-node-metrics', 'emitted-records-total')).toBe(2)
      expect(read(app, 'stream-processor-node-metrics', 'suppression-emit-total')).toBe(2)
      expect(read(app, 'stream-task-metrics', 'punctuate-total')).toBe(2)
      expect(read(app, 'stream-thread-metrics', 'punctuate-total')).toBe(2)
      await world.until(() => read(app, 'stream-task-metrics', 'flush-total') === 1)
      expect(read(app, 'stream-task-metrics', 'flush-records-max')).toBe(3)
    }))

  test('count what is taken although an input is empty', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'other', 'out'])
      const build = (builder: StreamsBuilder): void => {
        builder.stream('in', text).merge(builder.stream('other', text)).to('out', text)
      }
      await using app = world.app(build, { ...running, maxTaskIdleMs: 500 })
      await app.start()
      await world.put('in', [
        ['a', 'x', 1],
        ['a', 'x', 2],
      ])
      await processed(world, app, 2)
      expect(read(app, 'stream-task-metrics', 'enforced-processing-total')).toBe(2)
    }))

  test('of a task go with it to another instance', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'], 2)
      await using first = world.app(counting, { ...running, stateDir: '/first' })
      await first.start()
      expect(tasksOf(first)).toEqual(['0_0', '0_1'])
      await using second = world.app(counting, { ...running, stateDir: '/second' })
      await second.start()
      await world.until(() => tasksOf(first).length === 1 && tasksOf(second).length === 1)
      expect(new Set([...tasksOf(first), ...tasksOf(second)])).toEqual(new Set(['0_0', '0_1']))
      expect(read(first, 'stream-thread-metrics', 'task-closed-total')).toBe(1)
      expect(read(second, 'stream-thread-metrics', 'task-created-total')).toBe(1)
    }))

  test('tell of an error that stopped the loop, and no more of its tasks', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(
        mapping((value) => {
          if (value === 'bad') throw new Error('bad')
          return value
        }),
        running,
      )
      await app.start()
      await world.put('in', [['a', 'bad', 1]])
      await expect(app.finished).rejects.toMatchObject({ code: 'USER_CODE_FAILED' })
      expect(read(app, 'stream-metrics', 'failed-stream-threads')).toBe(1)
      expect(read(app, 'stream-metrics', 'client-state')).toBe(6)
      expect(read(app, 'stream-thread-metrics', 'task-closed-total')).toBe(1)
      expect(read(app, 'stream-task-metrics', 'process-total')).toEqual([])
    }))

  test('are read by what reads the metrics of the log', () =>
    inWorld(async (world) => {
      await world.topics(['in', 'out'])
      await using app = world.app(
        mapping((value) => value),
        running,
      )
      await app.start()
      await world.put('in', [['a', 'x', 1]])
      await processed(world, app, 1)
      const lines = prometheusText(app.metrics).split('\n')
      expect(lines).toContainEqual(
        expect.stringMatching(/^kafka_streams_stream_task_metrics_process_total\{thread_id="app-[^"]+",task_id="0_0"\} 1$/),
      )
      expect(lines).toContain('# TYPE kafka_streams_stream_task_metrics_process_total counter')
      expect(lines.filter((line) => line.includes('NaN'))).toEqual([])
    }))
})

test('the version is that of the package', () => {
  const { version: published } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  expect(version).toBe(published)
})
