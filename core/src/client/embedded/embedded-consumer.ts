import { assert } from '../../base/assert.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { isIntegerFrom, isOneOf, isText, readOptions, type OptionRules } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Partition } from '../../broker/partition.ts'
import { lastOffsetOf, readBatchHeader } from '../../record/batch-header.ts'
import type { Assignment, ConsumedBatch, Consumer, ConsumerOptions, Isolation, OffsetReset, PollOptions } from '../consumer.ts'
import { AbortedFilter } from './aborted-filter.ts'
import { EmbeddedConsumedBatch } from './embedded-consumed-batch.ts'

interface ResolvedOptions {
  readonly group: string | null
  readonly isolation: Isolation
  readonly reset: OffsetReset | null
}

const rules: OptionRules<ResolvedOptions> = {
  group: { check: (value): value is string | null => isText(value), expected: 'a text that is not empty', default: null },
  isolation: {
    check: isOneOf('read_committed', 'read_uncommitted'),
    expected: 'read_committed or read_uncommitted',
    default: 'read_committed',
  },
  reset: {
    check: (value): value is OffsetReset | null => isOneOf('earliest', 'latest')(value),
    expected: 'earliest or latest',
    default: null,
  },
}

const pollRules: OptionRules<Required<PollOptions>> = {
  maxBytes: { check: isIntegerFrom(1), expected: 'a number of bytes above 0', default: 4 << 20 },
  maxRecords: { check: isIntegerFrom(1), expected: 'a number above 0', default: Number.MAX_SAFE_INTEGER },
  timeoutMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 0 },
}

interface Assigned {
  readonly log: Partition
  position: number
  paused: boolean
}

/** Reads partitions of the embedded log: views into the batches in memory, or into what one read of a segment gave. */
export class EmbeddedConsumer implements Consumer {
  private readonly broker: Broker
  private readonly options: ResolvedOptions
  private readonly assigned = new Map<string, Assigned>()
  /** The partitions take turns in coming first, so that a full one starves nobody. */
  private turn = 0
  private readonly onClose: (consumer: EmbeddedConsumer) => void
  /** Ends the waits of polls. */
  private readonly waits = new Set<() => void>()
  private closed = false

  constructor(broker: Broker, given: ConsumerOptions, onClose: (consumer: EmbeddedConsumer) => void) {
    this.broker = broker
    this.onClose = onClose
    this.options = readOptions<ResolvedOptions>('a consumer', given, rules)
  }

  async assign(partitions: readonly Assignment[]): Promise<void> {
    this.assertOpen()
    const committed = this.options.group === null ? [] : await this.broker.groups.positions(this.options.group)
    const positions = new Map(committed.map((position) => [partitionName(position), position.offset]))
    const assigned = partitions.map((assignment): [string, Assigned] => {
      const log = this.broker.topics.log(assignment)
      const name = partitionName(assignment)
      return [name, { log, position: this.start(log, assignment.offset ?? positions.get(name)), paused: false }]
    })
    this.assertOpen()
    this.assigned.clear()
    for (const [name, one] of assigned) this.assigned.set(name, one)
    this.wake()
  }

  private start(log: Partition, wanted: number | OffsetReset | undefined): number {
    const from = wanted ?? this.options.reset
    if (typeof from === 'number') return checkedOffset(log.name, from)
    if (from === 'earliest') return log.startOffset
    if (from === 'latest') return this.limit(log)
    if (from !== null) throw unknownPlace(log.name, from)
    throw coreError('NO_OFFSET', {
      what: 'nothing says where to start',
      where: log.name,
      expected: 'an offset, a committed one, or a reset policy',
    })
  }

  private limit(log: Partition): number {
    return this.options.isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark
  }

  async poll(given: PollOptions = {}): Promise<readonly ConsumedBatch[]> {
    const options = readOptions<Required<PollOptions>>('poll', given, pollRules)
    const deadline = this.broker.directory.world.clock.monotonic() + options.timeoutMs
    for (;;) {
      this.assertOpen()
      const batches = await this.collect(options)
      const left = deadline - this.broker.directory.world.clock.monotonic()
      if (batches.length > 0 || left <= 0) return batches
      await this.untilAdvance(left)
    }
  }

  /** What one partition refuses does not take away what others have given: their positions have moved. */
  private async collect({ maxBytes, maxRecords }: Required<PollOptions>): Promise<ConsumedBatch[]> {
    const found: ConsumedBatch[] = []
    let bytes = 0
    let records = 0
    const partitions = [...this.assigned.values()]
    this.turn++
    for (let index = 0; index < partitions.length && bytes < maxBytes && records < maxRecords; index++) {
      const one = partitions[(index + this.turn) % partitions.length]!
      if (one.paused) continue
      try {
        for (const batch of await this.read(one, maxBytes - bytes, maxRecords - records)) {
          found.push(batch)
          bytes += batch.sizeBytes
          records += batch.count
        }
      } catch (error) {
        if (found.length === 0) throw error
        return found
      }
    }
    return found
  }

  private async read(one: Assigned, maxBytes: number, maxRecords: number): Promise<ConsumedBatch[]> {
    const { log } = one
    const from = this.inRange(one)
    const batches = await log.read(from, this.limit(log), maxBytes)
    const aborted = await this.abortedIn(log, from, batches)
    if (one.position !== from) return [] // somebody sought while it was read
    const found: ConsumedBatch[] = []
    let records = 0
    for (const bytes of batches) {
      if (found.length > 0 && records >= maxRecords) break
      const header = readBatchHeader(bytes, 0)
      const batch = new EmbeddedConsumedBatch(log, bytes, header, from)
      assert(batch.nextOffset > from, 'a read of a partition went back')
      one.position = batch.nextOffset
      if (header.control || header.count === 0 || aborted?.hides(header) === true) continue
      found.push(batch)
      records += header.count
    }
    return found
  }

  /** What tells the batches of aborted transactions; null where there are none. */
  private async abortedIn(log: Partition, from: number, batches: readonly Uint8Array[]): Promise<AbortedFilter | null> {
    if (this.options.isolation !== 'read_committed' || !log.hasAborted || batches.length === 0) return null
    const aborted = await log.abortedTransactions(from, lastOffsetOf(batches.at(-1)!, 0) + 1)
    return aborted.length === 0 ? null : new AbortedFilter(aborted)
  }

  private inRange(one: Assigned): number {
    const { log, position } = one
    if ((position < log.startOffset || position > log.highWatermark) && this.options.reset !== null) {
      one.position = this.start(log, undefined)
    }
    return one.position
  }

  private untilAdvance(timeoutMs: number): Promise<void> {
    const reading = [...this.assigned.values()].filter(({ paused }) => !paused)
    if (reading.some(({ log, position }) => position < this.limit(log))) return Promise.resolve() // it came meanwhile, or stands behind markers
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        for (const stop of stops) stop()
        this.waits.delete(done)
        resolve()
      }
      const timer = this.broker.directory.world.clock.after(timeoutMs, done)
      const stops = reading.map(({ log }) => log.onAdvance(done))
      this.waits.add(done)
    })
  }

  /** What is waited for may have changed. */
  private wake(): void {
    for (const done of this.waits) done()
  }

  position(of: TopicPartition): number {
    return this.find(of).position
  }

  seek(to: TopicPartition, offset: number): void {
    this.find(to).position = checkedOffset(partitionName(to), offset)
    this.wake()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.find(partition).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.find(partition).paused = false
    this.wake()
  }

  private find(of: TopicPartition): Assigned {
    const found = this.assigned.get(partitionName(of))
    if (found === undefined)
      throw coreError('UNKNOWN_PARTITION', { what: 'the partition is not assigned', where: partitionName(of) })
    return found
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.assigned.clear()
    this.wake()
    this.onClose(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private assertOpen(): void {
    if (this.closed) throw coreError('CLOSED', { what: 'the consumer is closed' })
  }
}

function checkedOffset(where: string, offset: number): number {
  if (Number.isSafeInteger(offset) && offset >= 0) return offset
  throw coreError('NUMBER_OUT_OF_RANGE', { what: 'the offset is not valid', where, received: offset })
}

function unknownPlace(where: string, received: unknown): Error {
  const expected = 'an offset, earliest or latest'
  return coreError('INVALID_OPTION', {
    what: 'a place to start from cannot be named so',
    where,
    expected,
    received: String(received),
  })
}
