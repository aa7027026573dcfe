import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { CoreMetrics } from '../../base/metric-catalogue.ts'
import type { Metrics } from '../../base/metrics.ts'
import { checkList, readOptions } from '../../base/options.ts'
import { AssignedPartitions, assignedPartition, moveTo, unresolved, type AssignedPartition } from '../assigned-partition.ts'
import { consumerRules, pollRules, type ResolvedOptions, type ResolvedPoll } from '../consumer-options.ts'
import {
  checkedOffset,
  closedError,
  groupOf,
  isOfRebalance,
  noStart,
  unknownPlace,
  unstableWaitMs,
} from '../consumer-refusals.ts'
import type {
  Assignment,
  ConsumedBatch,
  Consumer,
  ConsumerOptions,
  GroupMembership,
  OffsetReset,
  PollOptions,
} from '../consumer.ts'
import { FetchMetrics } from '../fetch-metrics.ts'
import { FetchedBatch } from '../fetched-batch.ts'
import { eachBatch, isEnough, sizeOf, type Fetched as FetchedOf } from '../fetched-batches.ts'
import type { CommittedPosition } from '../producer.ts'
import type { Cluster } from './cluster.ts'
import { WirePartition } from './fetched-partition.ts'
import { Fetcher, type FetchTerms } from './fetcher.ts'
import { WireGroupOffsets } from './wire-group-offsets.ts'
import { WireOffsets } from './wire-offsets.ts'

type Assigned = AssignedPartition<WirePartition>
type Fetched = FetchedOf<WirePartition>

/** How long a server is asked to wait for records at most (fetch.max.wait.ms): a poll looks up in between. */
const longestFetchMs = 500

/** Reads partitions at their leaders. What an answer holds beyond one poll is kept for the next, and more is asked for meanwhile. */
export class WireConsumer implements Consumer {
  private readonly cluster: Cluster
  private readonly options: ResolvedOptions
  private readonly assigned = new AssignedPartitions<WirePartition>()
  private readonly offsets: WireOffsets
  private readonly committed: WireGroupOffsets
  private readonly fetcher: Fetcher
  private readonly fetches: FetchMetrics
  private readonly onClose: (consumer: WireConsumer) => void
  /** The partitions take turns in coming first, so that a full one starves nobody. */
  private turn = 0
  /** On the monotonic clock: when positions were committed last without being asked. */
  private committedAt: number
  /** Ends the waits of polls. */
  private readonly waits = new Set<() => void>()
  private closed = false

  constructor(
    cluster: Cluster,
    given: ConsumerOptions,
    {
      metrics,
      lane,
      onClose,
    }: { readonly metrics: Metrics<CoreMetrics>; readonly lane: string; readonly onClose: (one: WireConsumer) => void },
  ) {
    this.cluster = cluster
    this.options = readOptions<ResolvedOptions>('a consumer', given, consumerRules)
    this.offsets = new WireOffsets(cluster)
    this.committed = new WireGroupOffsets(cluster)
    this.fetcher = new Fetcher(cluster, lane)
    this.fetches = new FetchMetrics(metrics)
    this.onClose = onClose
    this.committedAt = this.now
  }

  private get now(): number {
    return this.cluster.world.clock.monotonic()
  }

  // Which partitions

  async assign(partitions: readonly Assignment[]): Promise<void> {
    this.assertOpen()
    checkList('partitions', partitions)
    for (const place of partitions) await this.cluster.retrying(() => this.cluster.leaderOf(place))
    const committed = await this.committedNow()
    const starts = partitions.map((one) => this.start(partitionName(one), one.offset ?? committed.get(partitionName(one))))
    const positions = await this.resolve(partitions.map((place, index) => ({ ...place, start: starts[index]! })))
    this.assertOpen()
    this.assigned.clear()
    for (const [index, { topic, partition }] of partitions.entries()) {
      const one = assignedPartition(new WirePartition(topic, partition), positions[index]!)
      one.committed = committed.get(one.log.name) ?? -1
      this.assigned.add(one)
    }
    this.wake()
  }

  /** @throws EMBEDDED_ONLY */
  subscribe(): void {
    this.assertOpen()
    throw coreError('EMBEDDED_ONLY', { what: 'there are no members of groups over the wire yet: assign', where: 'subscribe' })
  }

  async unsubscribe(): Promise<void> {}

  assignment(): readonly TopicPartition[] {
    return this.assigned.places
  }

  membership(): GroupMembership | null {
    return null
  }

  // Where they stand

  private start(where: string, wanted: number | OffsetReset | undefined): number | OffsetReset {
    const from = wanted ?? this.options.reset
    if (typeof from === 'number') return checkedOffset(where, from)
    if (from === 'earliest' || from === 'latest') return from
    throw from === null ? noStart(where) : unknownPlace(where, from)
  }

  private async resolve(
    starts: readonly (TopicPartition & { readonly start: number | OffsetReset })[],
  ): Promise<readonly number[]> {
    const end = this.options.isolation === 'read_committed' ? 'stable' : 'latest'
    const asked = starts.filter(({ start }) => typeof start !== 'number')
    const found = await this.offsets.list(
      asked.map(({ topic, partition, start }) => ({ topic, partition, at: start === 'earliest' ? 'earliest' : end })),
    )
    const places = new Map(asked.map((one, index) => [one, found[index]!]))
    return starts.map((one) => (typeof one.start === 'number' ? one.start : places.get(one)!))
  }

  /** Waits while a transaction may still change it (KIP-447); a reader of uncommitted data does not care. */
  private async committedNow(): Promise<ReadonlyMap<string, number>> {
    const { group, isolation } = this.options
    if (group === null) return new Map()
    for (;;) {
      this.assertOpen()
      try {
        const positions = await this.committed.fetch(group, isolation === 'read_committed')
        return new Map(positions.map((position) => [partitionName(position), position.offset]))
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'UNSTABLE_OFFSET_COMMIT') throw error
        await this.cluster.pause(unstableWaitMs)
      }
    }
  }

  /** Places that `seek` and reset policies named. */
  private async resolveWanted(): Promise<void> {
    const open = [...this.assigned.all].filter(({ position, log }) => position === unresolved && log.wanted !== null)
    if (open.length === 0) return
    const moves = open.map((one) => one.moves)
    const positions = await this.resolve(
      open.map(({ log: { topic, partition, wanted } }) => ({ topic, partition, start: wanted! })),
    )
    for (const [index, one] of open.entries()) {
      if (one.moves !== moves[index]) continue
      const position = positions[index]!
      one.log.wanted = null
      one.position = position
      one.delivered = position
      one.confirmed = position
    }
  }

  position(of: TopicPartition): number {
    const { position, log } = this.assigned.find(of)
    if (position !== unresolved) return position
    throw coreError('NO_OFFSET', { what: 'where it begins is known after the next poll', where: log.name })
  }

  /** A place with a name is looked up by the next poll. */
  seek(to: TopicPartition, offset: number | OffsetReset): void {
    const one = this.assigned.find(to)
    const start = this.start(one.log.name, offset)
    one.log.wanted = typeof start === 'number' ? null : start
    moveTo(one, typeof start === 'number' ? start : unresolved)
    this.wake()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.assigned.find(partition).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.assigned.find(partition).paused = false
    this.wake()
  }

  // Reading

  async poll(given: PollOptions = {}): Promise<readonly ConsumedBatch[]> {
    const options = readOptions<ResolvedPoll>('poll', given, pollRules)
    const fetched = await this.fetch(options)
    for (const one of this.assigned.all) one.delivered = one.position
    return fetched.map(({ batch }) => batch)
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConsumedBatch, undefined, undefined> {
    return eachBatch({
      isOpen: () => !this.closed,
      fetch: (options) => this.fetch(options),
      holds: (one) => this.assigned.holds(one),
      isWanted: () => false,
    })
  }

  private async fetch(options: ResolvedPoll): Promise<readonly Fetched[]> {
    this.assertOpen()
    for (const one of this.assigned.all) one.confirmed = one.delivered
    await this.autoCommit()
    const deadline = this.now + options.timeoutMs
    const startedAt = this.now
    let found: Fetched[] = []
    for (let asked = false; ; asked = true) {
      this.assertOpen()
      await this.resolveWanted()
      this.collect(options, found)
      found = found.filter(({ one, moves }) => one.moves === moves && this.assigned.holds(one))
      await this.tellFailures(found)
      const left = deadline - this.now
      if (isEnough(found, options) || (asked && left <= 0)) break
      await this.ask(options, Math.max(0, left))
    }
    this.fetches.count(found, 0, this.now - startedAt)
    await this.askAhead(options)
    return found
  }

  /** What one partition refuses does not take away what others have given: their positions have moved. */
  private collect({ maxBytes, maxPartitionBytes, maxRecords }: ResolvedPoll, found: Fetched[]): void {
    let { bytes, records } = sizeOf(found)
    const partitions = [...this.assigned.all]
    this.turn++
    for (let index = 0; index < partitions.length && bytes < maxBytes && records < maxRecords; index++) {
      const one = partitions[(index + this.turn) % partitions.length]!
      if (one.paused || one.position === unresolved) continue
      for (const batch of this.read(one, Math.min(maxBytes - bytes, maxPartitionBytes), maxRecords - records)) {
        found.push({ batch, one, moves: one.moves })
        bytes += batch.sizeBytes
        records += batch.count
      }
    }
  }

  private *read(one: Assigned, maxBytes: number, maxRecords: number): Generator<FetchedBatch> {
    const { log } = one
    let bytes = 0
    let records = 0
    while (bytes < maxBytes && records < maxRecords) {
      const { fetched } = log
      if (fetched === null) return
      const next = fetched.position === one.position ? fetched.peek(log.name) : undefined
      if (next === undefined) {
        log.fetched = null
        return
      }
      const whole = new FetchedBatch(log, next.bytes, next.header, one.position)
      const batch = !next.hidden && whole.count > maxRecords - records ? whole.first(maxRecords - records) : whole
      one.position = batch.nextOffset
      one.leaderEpoch = next.header.leaderEpoch
      fetched.advance(next, batch.nextOffset)
      if (next.hidden || batch.count === 0) continue
      bytes += batch.sizeBytes
      records += batch.count
      yield batch
    }
  }

  /** @throws what a partition was refused, unless others have given something */
  private async tellFailures(found: readonly Fetched[]): Promise<void> {
    for (const [log, error] of this.fetcher.takeFailures()) {
      const one = this.assigned.get(log)
      if (one === undefined || one.log !== log || one.position === unresolved) continue
      const { reset } = this.options
      const isOutOfRange = error instanceof MillraceError && error.code === 'OFFSET_OUT_OF_RANGE'
      if (isOutOfRange && reset !== null) {
        log.wanted = reset
        one.position = unresolved
        await this.resolveWanted()
      } else if (found.length === 0) throw isOutOfRange ? await this.outOfRange(one, error) : error
    }
  }

  /** The server does not say what the range is. */
  private async outOfRange({ log: { topic, partition, name }, position }: Assigned, cause: Error): Promise<Error> {
    const [start, end] = await this.offsets.list([
      { topic, partition, at: 'earliest' },
      { topic, partition, at: 'latest' },
    ])
    const what = 'the position is out of range'
    return coreError('OFFSET_OUT_OF_RANGE', { what, where: name, expected: `${start} to ${end}`, received: position, cause })
  }

  /** Resolves when something came, the time is up, or somebody woke the poll. */
  private async ask(options: ResolvedPoll, leftMs: number): Promise<void> {
    const hungry = this.hungry()
    const waitMs = Math.ceil(Math.min(leftMs, longestFetchMs))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.waits.add(resolve)
    const timer = hungry.length === 0 ? this.cluster.world.clock.after(waitMs, resolve) : null
    const answered = hungry.length === 0 ? [] : [this.fetcher.any(hungry, this.terms(options, waitMs))]
    try {
      await Promise.race([promise, ...answered])
    } finally {
      timer?.cancel()
      this.waits.delete(resolve)
    }
  }

  /** More is known to be there: it comes while the caller works on what it has. */
  private async askAhead(options: ResolvedPoll): Promise<void> {
    const behind = this.hungry().filter(({ position, log }) => position < this.limit(log))
    if (behind.length > 0) await this.fetcher.start(behind, this.terms(options, 0))
  }

  private limit({ highWatermark, lastStableOffset }: WirePartition): number {
    return this.options.isolation === 'read_committed' ? lastStableOffset : highWatermark
  }

  /** Those of which nothing is here. */
  private hungry(): readonly Assigned[] {
    return [...this.assigned.all].filter(
      ({ paused, position, log }) => !paused && position !== unresolved && log.fetched?.position !== position,
    )
  }

  private terms({ maxBytes, maxPartitionBytes, minBytes }: ResolvedPoll, maxWaitMs: number): FetchTerms {
    const { isolation } = this.options
    return { isolation, maxBytes, maxPartitionBytes, minBytes, maxWaitMs }
  }

  private wake(): void {
    for (const done of this.waits) done()
  }

  // Committing

  async commit(positions?: readonly CommittedPosition[]): Promise<void> {
    this.assertOpen()
    const group = groupOf(this.options.group, 'commit')
    if (positions !== undefined) checkList('positions', positions)
    if (positions !== undefined) await this.write(group, positions)
    else await this.commitUpTo(group, ({ delivered }) => delivered)
  }

  private async commitUpTo(group: string, offsetOf: (one: Assigned) => number): Promise<void> {
    const moved = [...this.assigned.all].filter((one) => offsetOf(one) !== unresolved && offsetOf(one) !== one.committed)
    const positions = moved.map((one) => ({
      topic: one.log.topic,
      partition: one.log.partition,
      offset: offsetOf(one),
      leaderEpoch: one.leaderEpoch,
    }))
    await this.write(group, positions)
  }

  private async write(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    if (positions.length === 0) return
    await this.committed.commit(group, positions)
    for (const position of positions) {
      const one = this.assigned.get(position)
      if (one !== undefined) one.committed = position.offset
    }
  }

  private async autoCommit(): Promise<void> {
    const { autoCommitIntervalMs, group } = this.options
    if (autoCommitIntervalMs === null || group === null || this.now - this.committedAt < autoCommitIntervalMs) return
    this.committedAt = this.now
    try {
      await this.commitUpTo(group, ({ confirmed }) => confirmed)
    } catch (error) {
      if (!isOfRebalance(error)) throw error
    }
  }

  // The end

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.wake()
    await this.fetcher.close()
    this.assigned.clear()
    this.onClose(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private assertOpen(): void {
    if (this.closed) throw closedError()
    this.cluster.assertOpen()
  }
}
