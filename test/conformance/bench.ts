import { coreErrorRows } from '@millrace/core'
import type {
  ConsumedBatch,
  ConsumedRecord,
  Consumer,
  ConsumerOptions,
  CoreErrorCode,
  Isolation,
  LogClient,
  MillraceError,
  Producer,
  ProducerOptions,
  TopicPartition,
} from '@millrace/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LogAdapter } from './adapter.ts'

/** What one test works with: a log shared with the others of its suite, and names of its own. */
export interface Bench {
  readonly adapter: LogAdapter
  /** The client that is open now. */
  readonly log: LogClient
  /** A name nobody else has: of a topic, a group, a transactional id. */
  name(): string
  /** Makes a topic with a name of its own. */
  topic(partitions?: number, config?: Readonly<Record<string, string>>): Promise<string>
  /** These are closed when the test is over. */
  producer(options?: ProducerOptions): Promise<Producer>
  consumer(options?: ConsumerOptions): Promise<Consumer>
  /** Closes the log, and opens it as another process would. */
  reopen(): Promise<void>
}

/** Declares tests of one suite: each gets its bench. */
export type BenchTest = (name: string, work: (bench: Bench) => Promise<void>) => void

const declare: (title: string, work: () => Promise<void>) => void = test

/** A group of tests that share one log. */
export function suite(adapter: LogAdapter, name: string, define: (test: BenchTest) => void): void {
  describe(`${adapter.name}: ${name}`, () => {
    let log: LogClient
    let names = 0
    beforeAll(() =>
      adapter.run(async () => {
        log = await adapter.open()
      }),
    )
    afterAll(async () => {
      await adapter.run(() => log.close())
      await adapter.dispose()
    })
    define((title, work) => {
      if (adapter.differences?.[title] !== undefined) return
      declare(title, () =>
        adapter.run(async () => {
          const open: AsyncDisposable[] = []
          const keep = <T extends AsyncDisposable>(one: T): T => {
            open.push(one)
            return one
          }
          const bench: Bench = {
            adapter,
            get log() {
              return log
            },
            name: () => `${adapter.prefix}-${name.replaceAll(' ', '-')}-${names++}`,
            topic: async (partitions = 1, config = {}) => {
              const topic = bench.name()
              await log.admin.createTopics([{ topic, partitions, config }])
              return topic
            },
            producer: async (options) => keep(await log.producer(options)),
            consumer: async (options) => keep(await log.consumer(options)),
            reopen: async () => {
              log = await adapter.reopen(log)
            },
          }
          await work(bench)
          for (const one of open.toReversed()) await Promise.resolve(one[Symbol.asyncDispose]()).catch(ignore)
        }),
      )
    })
  })
}

function ignore(): void {
  // It was broken on purpose, or closed with its log.
}

/** Matches an error by its code, and whatever else is given. */
export function failing(code: string, more: object = {}): object {
  return expect.objectContaining({ name: 'MillraceError', code, ...more })
}

/** Fails with an error of this code, whether the call throws or its promise rejects. */
export async function expectFailure(call: () => unknown, code: string, more: object = {}): Promise<void> {
  let error: unknown
  try {
    await call()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toEqual(failing(code, more))
  expectReadable(error as MillraceError)
}

/** One line that says what, where, and what to do, and agrees with the catalogue. */
function expectReadable({ code, fault, outcome, todo, message }: MillraceError): void {
  const row = coreErrorRows[code as CoreErrorCode]
  expect({ fault, outcome, todo }).toEqual(row)
  expect(message.startsWith(`${code}: `)).toBe(true)
  expect(message.endsWith(todo)).toBe(true)
  expect(message).not.toMatch(/\[object|\p{Cc}/u)
}

export function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}

export function valuesOf(batches: readonly ConsumedBatch[]): (string | null)[] {
  return batches.flatMap((batch) => batch.toArray().map(({ value }) => text(value)))
}

/** Sends records to one partition, one batch each call, and waits until they are there. Resolves to the first offset. */
export async function send(
  producer: Producer,
  to: TopicPartition,
  values: readonly string[],
  timestamp: number,
): Promise<number> {
  const batch = producer.batch(to.topic, to.partition)
  for (const value of values) batch.append(null, value, timestamp)
  return (await producer.send(batch)).baseOffset
}

/** All records that a reader sees from the start of the partition to its end. */
export async function readAll(
  bench: Bench,
  of: TopicPartition,
  isolation: Isolation = 'read_committed',
): Promise<ConsumedRecord[]> {
  const consumer = await bench.consumer({ isolation })
  await consumer.assign([{ ...of, offset: 'earliest' }])
  const at = isolation === 'read_committed' ? 'stable' : 'latest'
  const [end] = await bench.log.admin.listOffsets([{ ...of, at }])
  const records: ConsumedRecord[] = []
  while (consumer.position(of) < end!) {
    for (const batch of await consumer.poll({ timeoutMs: 1000 })) records.push(...batch.toArray())
  }
  await consumer.close()
  return records
}

export async function readValues(bench: Bench, of: TopicPartition, isolation?: Isolation): Promise<(string | null)[]> {
  return (await readAll(bench, of, isolation)).map(({ value }) => text(value))
}

/** Polls until so many records came. */
export async function take(consumer: Consumer, count: number): Promise<(string | null)[]> {
  const values: (string | null)[] = []
  while (values.length < count) values.push(...valuesOf(await consumer.poll({ timeoutMs: 1000 })))
  return values
}
