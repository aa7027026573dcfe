/** What the types infer and what they refuse; `npm run typecheck` is the test. */
import { expect, expectTypeOf, test } from 'vitest'
import type { ConfigOf, ConfigSpec } from './config-spec.ts'
import { RetriableError } from './signals.ts'
import type { SourceConnector, SourceTask } from './source.ts'

const spec = {
  file: { type: 'string', doc: 'The file to read.', importance: 'high' },
  'batch.size': { type: 'int', doc: 'Lines a poll.', importance: 'low', default: 2000, allowed: { kind: 'range', minimum: 1 } },
  encoding: { type: 'string', doc: 'Of the file.', importance: 'low', default: null },
  topics: { type: 'list', doc: 'Where to.', importance: 'high' },
} as const satisfies ConfigSpec

test('a connector gets the values that its spec declares', () => {
  expectTypeOf<ConfigOf<typeof spec>>().toEqualTypeOf<{
    readonly file: string
    readonly 'batch.size': number
    readonly encoding: string | null
    readonly topics: readonly string[]
  }>()
})

test('a default has the type of its setting', () => {
  const good = { size: { type: 'int', doc: '', importance: 'low', default: 1 } } as const satisfies ConfigSpec
  // @ts-expect-error a text is no int
  const bad = { size: { type: 'int', doc: '', importance: 'low', default: '1' } } as const satisfies ConfigSpec
  expect([good, bad]).toHaveLength(2)
})

class Lines implements SourceTask<typeof spec> {
  #line = 0

  async start(): Promise<void> {}

  async poll(): ReturnType<SourceTask['poll']> {
    if (this.#line > 0) throw new RetriableError('nothing yet', { retryAfterMs: 10 })
    this.#line++
    const key = { schema: null, value: null }
    const value = { schema: { type: 'string' }, value: 'first' } as const
    const position = { sourcePartition: { file: 'a' }, sourceOffset: { line: this.#line } }
    return [{ topic: 'lines', partition: null, key, value, timestamp: null, headers: [], ...position }]
  }

  async stop(): Promise<void> {}
}

const lines: SourceConnector<typeof spec> = {
  kind: 'source',
  name: 'lines',
  version: '1.0.0',
  config: spec,
  exactlyOnce: () => true,
  taskConfigs: async (config, maxTasks) => {
    expectTypeOf(config['batch.size']).toEqualTypeOf<number>()
    return [config].slice(0, maxTasks)
  },
  task: () => new Lines(),
}

test('a small connector is written in a few lines', async () => {
  const task = lines.task()
  expect(await task.poll()).toMatchObject([{ topic: 'lines', sourceOffset: { line: 1 } }])
  await expect(task.poll()).rejects.toThrow(expect.objectContaining({ name: 'RetriableError', retryAfterMs: 10 }))
})
