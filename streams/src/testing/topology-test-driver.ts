/**
 * A topology under test, in one synchronous loop: what is piped in is followed to its end before the call returns, through
 * repartition topics and through topics of the user that the topology reads again.
 *
 * Invariants
 *   D1  Every key and value goes through the serdes of the topology, as through a log: a source's are written and read before an
 *       operator sees them, a sink's before a test does. A null that a serde does not hold is dropped, as the runtime does it.
 *   D2  Nothing is cached, and nothing waits for a clock: a punctuator of wall-clock time fires in `advanceWallClock` only. What waits for a
 *       commit goes on at the end of each call, as if that committed.
 */
import { MillraceError, noHeaders, type Serde } from '@millrace/core'
import { partitionForKey } from '@millrace/core/testing'
import type { Topology } from '../graph/topology.ts'
import type { Plan, SinkSpec } from '../plan/plan.ts'
import { explain, messageOf, placeIn } from '../runtime/explain.ts'
import type { DropReason, ErrorPolicy } from '../task/task-context.ts'
import { isDuration, type Duration } from '../time/duration.ts'
import { checkCount, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { partitionerOf } from '../time/windowed.ts'
import { MemoryApp } from './memory-app.ts'
import type { MemoryOutput } from './memory-context.ts'
import { bytesOf, pass, written, type PassedRow } from './pass-sink.ts'
import type { TestRecord, TestRow, TestStoreRow, TopologyTestDriverOptions } from './test-records.ts'
import { TestInput, TestOutput } from './test-topics.ts'

/** The serdes that a handle of a test uses. */
interface Serdes<K, V> {
  readonly key: Serde<K>
  readonly value: Serde<V>
}

const optionNames = ['applicationId', 'onError', 'partitions', 'partitionOf', 'nowMs']

/**
 * Runs a topology in a test, without a log, files or a clock: `pipeInput` does everything that follows from a record and returns.
 * What Kafka Streams' own driver has not: several partitions, each with its task and its stores, and the end of the input.
 *
 * ```ts
 * using driver = new TopologyTestDriver(builder.build(), { partitions: { words: 2 } })
 * driver.pipeInput('words', { key: 'a', value: 'one', timestamp: 5 })
 * driver.readAll('counts') // rows with key, value, timestamp
 * ```
 */
export class TopologyTestDriver implements Disposable {
  readonly #app: MemoryApp
  readonly #onError: ErrorPolicy
  readonly #partitions: Readonly<Record<string, number>>
  readonly #partitionOf: (key: Uint8Array, partitions: number) => number
  readonly #unread = new Map<string, PassedRow[]>()
  readonly #ownDrops = new Map<DropReason, number>()
  readonly #skipped: unknown[] = []
  #nowMs: number
  #taken = 0
  #state: 'open' | 'ended' | 'closed' = 'open'

  /** @throws INVALID_STREAM_OPTION; PARTITIONS_DIFFER and others of a topology that cannot run */
  constructor(topology: Topology, options: TopologyTestDriverOptions = {}) {
    checkOptions('TopologyTestDriver', options, optionNames)
    const { applicationId = 'test', onError = 'fail', partitions = {}, partitionOf = partitionForKey, nowMs = 0 } = options
    for (const [topic, count] of Object.entries(partitions)) checkCount(`TopologyTestDriver, partitions of ${topic}`, count)
    this.#onError = onError
    this.#partitions = partitions
    this.#partitionOf = partitionOf
    this.#nowMs = nowMs
    this.#app = new MemoryApp(topology, {
      applicationId,
      errorPolicy: onError,
      partitions,
      nowMs,
      partitionOf: (key, count) => partitionOf(bytesOf(key), count),
      written: (row, sink) => this.#written(row, sink),
    })
  }

  /** The sub-topologies, stores and internal topics that the topology was planned into. */
  get plan(): Plan {
    return this.#app.plan
  }

  /** The wall clock, in milliseconds since 1970. */
  get nowMs(): number {
    return this.#nowMs
  }

  /**
   * A record of a source topic or of a global table, and everything that follows from it.
   * @throws TEST_DRIVER_MISUSED (no such topic or partition, the input has ended, closed); VALUE_UNWRITABLE when the topology's
   * serde does not take the key or value; VALUE_UNREADABLE without a timestamp and USER_CODE_FAILED, under the policy `fail`. After
   * one of these two the record is half done: make a new driver.
   */
  pipeInput(topic: string, record: TestRecord): void {
    const { key, value } = this.#source(topic)
    this.#pipe(topic, record, key, value)
  }

  /**
   * A typed way into a topic. The serdes are those of whoever writes the topic: the topology reads with its own.
   * @throws TEST_DRIVER_MISUSED when the topology does not read the topic; INVALID_STREAM_OPTION
   */
  input<K, V>(topic: string, { key, value }: Serdes<K, V>): TestInput<K, V> {
    checkSerdes(`input of ${topic}`, { key, value })
    this.#source(topic)
    return new TestInput((record) =>
      this.#pipe(topic, record, key as unknown as Serde<unknown>, value as unknown as Serde<unknown>),
    )
  }

  /**
   * A typed way out of a topic. The serdes are those of whoever reads the topic; what is read here is gone for `readOutput`.
   * @throws TEST_DRIVER_MISUSED when the topology does not write the topic; INVALID_STREAM_OPTION
   */
  output<K, V>(topic: string, { key, value }: Serdes<K, V>): TestOutput<K, V> {
    checkSerdes(`output of ${topic}`, { key, value })
    this.#checkSink(topic)
    return new TestOutput(() => {
      const row = this.#next(topic)
      return row === undefined
        ? undefined
        : { ...this.#rowOf(row), key: read(key, row.keyBytes), value: read(value, row.valueBytes) }
    })
  }

  /** The next record of a topic, decoded by the sink's own serdes where they can read; undefined: there is no more. */
  readOutput(topic: string): TestRow | undefined {
    const row = this.#next(topic)
    return row === undefined ? undefined : this.#rowOf(row)
  }

  /** All records of a topic that were not read yet. */
  readAll(topic: string): TestRow[] {
    const rows: TestRow[] = []
    for (let row = this.readOutput(topic); row !== undefined; row = this.readOutput(topic)) rows.push(row)
    return rows
  }

  /** The topics that have been written, sorted; read or not. */
  get writtenTopics(): readonly string[] {
    return [...this.#unread.keys()].toSorted()
  }

  /**
   * Moves the wall clock on, in one leap: a schedule fires once, however many of its ticks lie in it, as in Kafka's driver.
   * @throws TEST_DRIVER_MISUSED; USER_CODE_FAILED of a punctuation under the policy `fail`
   */
  advanceWallClock(by: Duration): void {
    this.#checkNotClosed()
    if (!isDuration(by)) throw misused(`the wall clock does not move by ${String(by)}`, 'advanceWallClock')
    this.#nowMs += by
    this.#run(() => this.#app.advanceWallClock(by))
  }

  /**
   * Lets calls to the outside (`mapAsync`) end whose promises are resolved, and does everything that follows. It waits for nothing of
   * this machine; retries and time limits of calls go by `advanceWallClock`. Where the input has ended and calls had not, it goes on.
   * @throws TEST_DRIVER_MISUSED; CALL_FAILED and USER_CODE_FAILED under the policy `fail`
   */
  async settle(): Promise<void> {
    this.#checkNotClosed()
    for (let taken = -1; taken !== this.#taken;) {
      taken = this.#taken
      const failed = await this.#app.settle().then(
        () => null,
        (cause: unknown) => ({ cause }),
      )
      this.#run(() => {
        if (failed !== null) throw failed.cause
      })
    }
  }

  /**
   * No input comes any more, as in a bounded application: what is open is closed; behind calls to the outside once `settle` has seen
   * their end. @throws TEST_DRIVER_MISUSED
   */
  endOfInput(): void {
    this.#checkTakesInput()
    this.#state = 'ended'
    this.#run(() => this.#app.endOfInput())
  }

  /**
   * What a store holds, in the order of the partitions, then by time where it has windows, then in that of the bytes of the keys; that of
   * a global table too. A session or sliding window that is closed is not there; of a versioned table there is a row for each version.
   * @throws STORE_UNKNOWN, TEST_DRIVER_MISUSED
   */
  store<K = unknown, V = unknown>(name: string): readonly TestStoreRow<K, V>[] {
    this.#checkNotClosed()
    const rows = this.#app.rowsOf(name)
    if (rows !== undefined) return rows as readonly TestStoreRow<K, V>[]
    const { subTopologies, globalTables } = this.plan
    const names = [
      ...subTopologies.flatMap(({ stores }) => stores.map((store) => store.name)),
      ...globalTables.map(({ store }) => store),
    ]
    throw streamError('STORE_UNKNOWN', { what: 'no such store', where: 'store', expected: names.join(', '), received: name })
  }

  /** How many records were dropped, by reason, in all tasks. */
  get drops(): Readonly<Partial<Record<DropReason, number>>> {
    const total = new Map(this.#ownDrops)
    for (const { context } of this.#app.tasks.values())
      for (const [reason, count] of context.drops) total.set(reason, (total.get(reason) ?? 0) + count)
    return Object.fromEntries(total)
  }

  /** What was left out under the policy `skip`: what user code threw, and of records that do not decode why. */
  get failures(): readonly unknown[] {
    return [...this.#skipped, ...[...this.#app.tasks.values()].flatMap(({ context }) => context.failures)]
  }

  /** Ends the users' own RxJS chains. What was written can still be read. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#app.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #pipe(topic: string, record: TestRecord, key: Serde<unknown>, value: Serde<unknown>): void {
    this.#checkTakesInput()
    checkOptions('pipeInput', record, ['key', 'value', 'timestamp', 'partition', 'headers'])
    const { timestamp = this.#nowMs, headers = noHeaders } = record
    const keyBytes = written(key, record.key, `the key for topic ${topic}`)
    const valueBytes = written(value, record.value, `the value for topic ${topic}`)
    const partition = this.#partition(topic, record, key, keyBytes)
    this.#run(() => this.#feed({ topic, partition, keyBytes, valueBytes, timestamp, headers }))
  }

  #partition(topic: string, { partition, key }: TestRecord, serde: Serde<unknown>, keyBytes: Uint8Array | null): number {
    const count = this.#countOf(topic)
    if (partition === undefined) {
      const inner = key === null ? null : partitionerOf(serde)
      const routed = inner === null ? keyBytes : bytesOf(inner.write(key))
      return routed === null ? 0 : this.#partitionOf(routed, count)
    }
    if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition
    throw misused(`topic ${topic} has ${count} partitions, and no ${partition}`, 'pipeInput')
  }

  /** A record as a log would give it. */
  #feed(raw: Omit<TestRow, 'key' | 'value'> & Pick<PassedRow, 'keyBytes' | 'valueBytes'>): void {
    const { topic, partition, keyBytes, valueBytes, timestamp, headers } = raw
    const { key, value, timed, table } = this.#source(topic)
    if (keyBytes === null && (table || key.nullable !== true)) return this.#drop('null-key')
    if (valueBytes === null && !table && value.nullable !== true) return this.#drop('null-value')
    if (timestamp < 0 && !timed) return this.#undecodable(topic, 'it has no timestamp')
    try {
      const decoded = { key: read(key, keyBytes), value: read(value, valueBytes) }
      this.#app.process({ topic, partition, timestamp, headers, ...decoded })
    } catch (cause) {
      if (cause instanceof Unreadable) return this.#undecodable(topic, cause.message, cause.cause)
      throw cause
    }
  }

  #undecodable(topic: string, why: string, cause?: unknown): void {
    const error = streamError('VALUE_UNREADABLE', { what: `a record cannot be read: ${why}`, where: `source ${topic}`, cause })
    if (this.#onError === 'fail') throw error
    this.#drop('undecodable')
    this.#skipped.push(error)
  }

  #drop(reason: DropReason): void {
    this.#ownDrops.set(reason, (this.#ownDrops.get(reason) ?? 0) + 1)
  }

  /** Does it, sorts what was written by topic, and feeds what the topology itself reads again. */
  #run(work: () => void): void {
    try {
      work()
      for (; this.#taken < this.#app.outputs.length; this.#taken++) this.#take(this.#app.outputs[this.#taken] as PassedRow)
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : explain(cause, this.#where())
    }
  }

  /** A partitioner may have chosen several partitions, or none. */
  #take(row: PassedRow): void {
    if (row.partitions === undefined) return this.#takeOne(row)
    for (const chosen of row.partitions) this.#takeOne({ ...row, chosen })
  }

  #takeOne(row: PassedRow): void {
    const unread = this.#unread.get(row.topic)
    if (unread === undefined) this.#unread.set(row.topic, [row])
    else unread.push(row)
    if (!this.plan.sourceTopics.includes(row.topic)) return
    const { topic, keyBytes, valueBytes, timestamp, headers } = row
    this.#feed({ topic, partition: this.#partitionOfRow(row), keyBytes, valueBytes, timestamp, headers })
  }

  /** A row on its way through a sink; what cannot be written is the error policy's business. */
  #written(row: MemoryOutput, sink: SinkSpec): PassedRow | DropReason {
    try {
      return pass(row, sink)
    } catch (cause) {
      if (this.#onError === 'fail') throw cause
      this.#skipped.push(cause)
      return 'failed'
    }
  }

  /** The task whose node was the last to run user code: the one that threw. */
  #where(): string {
    const contexts = [...this.#app.tasks.values()].map(({ context }) => context)
    const busy = contexts.find(({ record, node }) => record.topic !== '' && node !== '') ?? contexts[0]!
    return placeIn(busy)
  }

  #next(topic: string): PassedRow | undefined {
    this.#checkSink(topic)
    return this.#unread.get(topic)?.shift()
  }

  #rowOf(row: PassedRow): TestRow {
    const { topic, key, value, timestamp, headers } = row
    return { topic, partition: this.#partitionOfRow(row), key, value, timestamp, headers }
  }

  #partitionOfRow({ topic, routedBy, chosen }: PassedRow): number {
    if (chosen !== undefined) return chosen
    return routedBy === null ? 0 : this.#partitionOf(routedBy, this.#countOf(topic))
  }

  #countOf(topic: string): number {
    return this.#partitions[topic] ?? 1
  }

  #source(topic: string): {
    readonly key: Serde<unknown>
    readonly value: Serde<unknown>
    readonly timed: boolean
    readonly table: boolean
  } {
    const { subTopologies, globalTables, sourceTopics } = this.plan
    const source = subTopologies.flatMap(({ sources }) => sources).find((one) => one.topic === topic && !one.internal)
    if (source !== undefined) return { key: source.key, value: source.value, timed: Boolean(source.timestamp), table: false }
    const global = globalTables.find((table) => table.topic === topic)
    if (global !== undefined) return { key: global.key, value: global.value, timed: true, table: true }
    throw misused(`the topology reads ${sourceTopics.join(', ')}, and no topic ${topic}`, 'pipeInput')
  }

  #checkSink(topic: string): void {
    const topics = this.plan.subTopologies.flatMap(({ sinks }) =>
      sinks.filter(({ internal }) => !internal).map((sink) => sink.topic),
    )
    if (this.#unread.has(topic) || topics.includes(topic) || topics.includes(null)) return
    throw misused(`the topology writes ${topics.join(', ') || 'nothing'}, and no topic ${topic}`, 'readOutput')
  }

  #checkTakesInput(): void {
    this.#checkNotClosed()
    if (this.#state === 'ended') throw misused('the input has ended', 'after endOfInput()')
  }

  #checkNotClosed(): void {
    if (this.#state === 'closed') throw misused('the driver is closed', 'after close()')
  }
}

function misused(what: string, where: string): MillraceError {
  return streamError('TEST_DRIVER_MISUSED', { what, where })
}

class Unreadable extends Error {}

/** A null is one whatever the serde; the caller has dropped it where it must not be. */
function read<T>(serde: Serde<T>, bytes: Uint8Array | null): T {
  if (bytes === null) return null as T
  try {
    return serde.read(bytes)
  } catch (cause) {
    throw new Unreadable(`serde ${serde.name}: ${messageOf(cause)}`, { cause })
  }
}
