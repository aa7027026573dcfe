import { assert } from '../../base/assert.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { checkList, readOptions } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Partition } from '../../broker/partition.ts'
import { lastOffsetOf, readBatchHeader } from '../../record/batch-header.ts'
import type {
  Assignment,
  ConsumedBatch,
  Consumer,
  ConsumerOptions,
  GroupMembership as MembershipView,
  OffsetReset,
  PollOptions,
  RebalanceListener,
} from '../consumer.ts'
import type { CommittedPosition } from '../producer.ts'
import { AbortedFilter } from './aborted-filter.ts'
import {
  AssignedPartitions,
  assignedPartition,
  moveTo,
  unresolved,
  type AssignedPartition as Assigned,
} from '../assigned-partition.ts'
import {
  checkedOffset,
  checkTopics,
  closedError,
  conflict,
  groupOf,
  isOfRebalance,
  noStart,
  unknownPlace,
  unstableWaitMs,
} from '../consumer-refusals.ts'
import { consumerRules, pollRules, type ResolvedOptions, type ResolvedPoll } from '../consumer-options.ts'
import { FetchedBatch } from '../fetched-batch.ts'
import { FetchMetrics } from '../fetch-metrics.ts'
import { eachBatch, isEnough, sizeOf, type Fetched as FetchedOf } from '../fetched-batches.ts'
import { GroupMembership } from './group-membership.ts'

type AssignedPartition = Assigned<Partition>
type Fetched = FetchedOf<Partition>

/** What one read gave, and what tells the aborted batches among it. */
interface ReadBatches {
  readonly batches: readonly Uint8Array[]
  readonly aborted: AbortedFilter | null
}

/** Reads partitions of the embedded log: views into the batches in memory, or into what one read of a segment gave. */
export class EmbeddedConsumer implements Consumer {
  private readonly broker: Broker
  private readonly options: ResolvedOptions
  private readonly assigned = new AssignedPartitions<Partition>()
  /** Who it is in its group, while it subscribes. */
  private member: GroupMembership | null = null
  /** The partitions take turns in coming first, so that a full one starves nobody. */
  private turn = 0
  /** On the monotonic clock: when positions were committed last without being asked. */
  private committedAt: number
  private readonly onClose: (consumer: EmbeddedConsumer) => void
  private readonly fetches: FetchMetrics
  /** Ends the waits of polls. */
  private readonly waits = new Set<() => void>()
  /** Something may have changed since the last poll looked: no wait begins before it has looked again. */
  private awake = false
  private state: 'open' | 'closing' | 'closed' = 'open'

  constructor(broker: Broker, given: ConsumerOptions, onClose: (consumer: EmbeddedConsumer) => void) {
    this.broker = broker
    this.onClose = onClose
    this.options = readOptions<ResolvedOptions>('a consumer', given, consumerRules)
    this.committedAt = this.now
    this.fetches = new FetchMetrics(broker.metrics)
  }

  private get now(): number {
    return this.broker.directory.world.clock.monotonic()
  }

  // Which partitions

  async assign(partitions: readonly Assignment[]): Promise<void> {
    this.assertOpen()
    if (this.member !== null) throw conflict('assign', 'subscribe')
    checkList('partitions', partitions)
    const places = partitions.map(({ topic, partition }) => ({ topic, partition }))
    let positions = await this.committedNow(places)
    while (positions === null) {
      await new Promise<void>((resolve) => void this.broker.directory.world.clock.after(unstableWaitMs, resolve))
      this.assertOpen()
      positions = await this.committedNow(places)
    }
    const stable = positions
    const assigned = partitions.map((assignment) => {
      const log = this.broker.topics.log(assignment)
      const committed = stable.get(log.name)
      const one = assignedPartition(log, this.start(log, assignment.offset ?? committed))
      one.committed = committed ?? -1
      return one
    })
    this.assertOpen()
    this.assigned.clear()
    for (const one of assigned) this.assigned.add(one)
    this.wake()
  }

  subscribe(topics: readonly string[] | RegExp, listener: RebalanceListener = {}): void {
    this.assertOpen()
    checkTopics(topics)
    if (this.member !== null) {
      this.member.subscribe(topics, listener)
      return
    }
    if (this.assigned.places.length > 0) throw conflict('subscribe', 'assign')
    const { assignor, groupInstanceId: instanceId, maxPollIntervalMs } = this.options
    const assignors = [assignor].flat()
    const group = groupOf(this.options.group, 'subscribe')
    const host = {
      assigned: this.assigned,
      add: (added: readonly TopicPartition[]) => this.add(added),
      beforeRevoke: () => this.autoCommit(true),
      wake: () => this.wake(),
    }
    this.member = new GroupMembership(this.broker, host, { group, assignors, instanceId, maxPollIntervalMs }, topics, listener)
  }

  private add(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.assigned.add(assignedPartition(this.broker.topics.log(place), unresolved))
  }

  async unsubscribe(): Promise<void> {
    const { member } = this
    this.member = null
    try {
      await member?.close()
    } finally {
      if (member !== null) this.assigned.clear()
      this.wake()
    }
  }

  assignment(): readonly TopicPartition[] {
    return this.assigned.places
  }

  membership(): MembershipView | null {
    return this.member?.view ?? null
  }

  // Where they stand

  private start(log: Partition, wanted: number | OffsetReset | undefined): number {
    const from = wanted ?? this.options.reset
    if (typeof from === 'number') return checkedOffset(log.name, from)
    if (from === 'earliest') return log.startOffset
    if (from === 'latest') return this.limit(log)
    if (from !== null) throw unknownPlace(log.name, from)
    throw noStart(log.name)
  }

  private limit(log: Partition): number {
    return this.options.isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark
  }

  /** New partitions begin where the group stands, unless somebody sought meanwhile. @throws NO_OFFSET, UNSTABLE_OFFSET_COMMIT */
  private async resolve(): Promise<void> {
    const open = [...this.assigned.all].filter(({ position }) => position === unresolved)
    if (open.length === 0) return
    const places = open.map(({ log: { topic, partition } }) => ({ topic, partition }))
    const positions = await this.committedNow(places)
    for (const one of positions === null ? [] : open) {
      if (one.position !== unresolved || !this.assigned.holds(one)) continue
      const committed = positions!.get(one.log.name)
      const start = this.start(one.log, committed)
      one.committed = committed ?? -1
      one.position = start
      one.delivered = start
      one.confirmed = start
    }
  }

  /** Null while a transaction may still change it (KIP-447); a reader of uncommitted data does not care. */
  private async committedNow(places: readonly TopicPartition[]): Promise<ReadonlyMap<string, number> | null> {
    const { group, isolation } = this.options
    if (group === null) return new Map()
    try {
      const committed = await this.broker.groups.committed(group, isolation === 'read_committed' ? places : false)
      return new Map(committed.map((position) => [partitionName(position), position.offset]))
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'UNSTABLE_OFFSET_COMMIT') return null
      throw error
    }
  }

  private inRange(one: AssignedPartition): number {
    const { log, position } = one
    if ((position < log.startOffset || position > log.highWatermark) && this.options.reset !== null) {
      one.position = this.start(log, undefined)
    }
    return one.position
  }

  position(of: TopicPartition): number {
    const { position, log } = this.assigned.find(of)
    if (position !== unresolved) return position
    throw coreError('NO_OFFSET', { what: 'where it begins is known after the next poll', where: log.name })
  }

  seek(to: TopicPartition, offset: number | OffsetReset): void {
    const one = this.assigned.find(to)
    moveTo(one, typeof offset === 'number' ? checkedOffset(one.log.name, offset) : this.start(one.log, offset))
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
      isOpen: () => this.isOpen,
      fetch: (options) => this.fetch(options),
      holds: (one) => this.assigned.holds(one),
      isWanted: () => this.member?.wantsAttention === true,
    })
  }

  private async fetch(options: ResolvedPoll): Promise<readonly Fetched[]> {
    this.assertOpen()
    for (const one of this.assigned.all) one.confirmed = one.delivered
    await this.autoCommit(false)
    const deadline = this.now + options.timeoutMs
    let found: Fetched[] = []
    for (;;) {
      this.assertOpen()
      if (found.length > 0 && this.member?.wantsAttention === true) break
      this.awake = false
      await this.takePart()
      await this.collectMeasured(options, found)
      found = found.filter(({ one, moves }) => one.moves === moves && this.assigned.holds(one))
      const left = deadline - this.now
      if (left <= 0 || isEnough(found, options)) break
      await this.untilAdvance(left)
    }
    this.member?.beat()
    return found
  }

  /** What a member of a group owes it, before it reads. */
  private async takePart(): Promise<void> {
    if (this.member === null) return
    await this.member.advance()
    await this.resolve()
  }

  private async collectMeasured(options: ResolvedPoll, found: Fetched[]): Promise<void> {
    const before = found.length
    const startedAt = this.now
    await this.collect(options, found)
    this.fetches.count(found, before, this.now - startedAt)
  }

  /** What one partition refuses does not take away what others have given: their positions have moved. */
  private async collect(options: ResolvedPoll, found: Fetched[]): Promise<void> {
    const { maxBytes, maxPartitionBytes, maxRecords } = options
    let { bytes, records } = sizeOf(found)
    const partitions = [...this.assigned.all]
    this.turn++
    for (let index = 0; index < partitions.length && bytes < maxBytes && records < maxRecords; index++) {
      const one = partitions[(index + this.turn) % partitions.length]!
      if (one.paused || one.position === unresolved) continue
      try {
        const { moves } = one
        for (const batch of await this.read(one, Math.min(maxBytes - bytes, maxPartitionBytes), maxRecords - records)) {
          found.push({ batch, one, moves })
          bytes += batch.sizeBytes
          records += batch.count
        }
      } catch (error) {
        if (found.length === 0) throw error
        return
      }
    }
  }

  private async read(one: AssignedPartition, maxBytes: number, maxRecords: number): Promise<FetchedBatch[]> {
    const { log } = one
    const from = this.inRange(one)
    const { batches, aborted } = await log.whileSegmentsStay(() => this.readFrom(log, from, maxBytes))
    if (one.position !== from) return [] // somebody sought while it was read
    const found: FetchedBatch[] = []
    let records = 0
    for (const bytes of batches) {
      if (records >= maxRecords) break
      const header = readBatchHeader(bytes, 0)
      const whole = new FetchedBatch(log, bytes, header, from)
      assert(whole.nextOffset > from, 'a read of a partition went back')
      const batch = whole.count > maxRecords - records ? whole.first(maxRecords - records) : whole
      one.position = batch.nextOffset
      one.leaderEpoch = header.leaderEpoch
      if (header.control || batch.count === 0 || aborted?.hides(header) === true) continue
      found.push(batch)
      records += batch.count
    }
    return found
  }

  private async readFrom(log: Partition, from: number, maxBytes: number): Promise<ReadBatches> {
    const batches = await log.read(from, this.limit(log), maxBytes)
    return { batches, aborted: await this.abortedIn(log, from, batches) }
  }

  /** What tells the batches of aborted transactions; null where there are none. */
  private async abortedIn(log: Partition, from: number, batches: readonly Uint8Array[]): Promise<AbortedFilter | null> {
    if (this.options.isolation !== 'read_committed' || !log.hasAborted || batches.length === 0) return null
    const aborted = await log.abortedTransactions(from, lastOffsetOf(batches.at(-1)!, 0) + 1)
    return aborted.length === 0 ? null : new AbortedFilter(aborted)
  }

  private untilAdvance(timeoutMs: number): Promise<void> {
    if (this.awake) return Promise.resolve()
    const reading = [...this.assigned.all].filter(({ paused, position }) => !paused && position !== unresolved)
    if (reading.some(({ log, position }) => position < this.limit(log))) return Promise.resolve() // it came meanwhile, or stands behind markers
    const waitMs = Math.min(timeoutMs, this.longestWaitMs)
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        for (const stop of stops) stop()
        this.waits.delete(done)
        resolve()
      }
      const timer = this.broker.directory.world.clock.after(waitMs, done)
      const stops = reading.map(({ log }) => log.onAdvance(done))
      this.waits.add(done)
    })
  }

  /** A member gives a sign of life in between, and looks whether the transaction has ended that hides where to begin. */
  private get longestWaitMs(): number {
    if (this.member === null) return Number.POSITIVE_INFINITY
    const sign = this.options.maxPollIntervalMs / 3
    return [...this.assigned.all].some(({ position }) => position === unresolved) ? Math.min(sign, unstableWaitMs) : sign
  }

  /** What is waited for may have changed. */
  private wake(): void {
    this.awake = true
    for (const done of this.waits) done()
  }

  // Committing

  async commit(positions?: readonly CommittedPosition[]): Promise<void> {
    if (this.state === 'closed') throw closedError() // a listener commits while it is closing
    const group = groupOf(this.options.group, 'commit')
    if (positions !== undefined) checkList('positions', positions)
    if (positions !== undefined) await this.write(group, positions)
    else await this.commitUpTo(group, ({ delivered }) => delivered)
  }

  private async commitUpTo(group: string, offsetOf: (one: AssignedPartition) => number): Promise<void> {
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
    const complete = positions.map((position) => ({ ...position, metadata: position.metadata ?? '' }))
    await this.broker.groups.commit(group, complete, this.member?.ref)
    for (const position of positions) {
      const one = this.assigned.get(position)
      if (one !== undefined) one.committed = position.offset
    }
  }

  /** What is processed, when that is wanted and due. A rebalance that makes it impossible is seen by the poll itself. */
  private async autoCommit(now: boolean): Promise<void> {
    const { autoCommitIntervalMs, group } = this.options
    if (autoCommitIntervalMs === null || group === null) return
    if (!now && this.now - this.committedAt < autoCommitIntervalMs) return
    this.committedAt = this.now
    try {
      await this.commitUpTo(group, ({ confirmed }) => confirmed)
    } catch (error) {
      if (!isOfRebalance(error)) throw error
    }
  }

  // The end

  async close(): Promise<void> {
    if (!this.isOpen) return
    this.state = 'closing'
    this.wake()
    try {
      await this.member?.close()
    } finally {
      this.state = 'closed'
      this.member = null
      this.assigned.clear()
      this.wake()
      this.onClose(this)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private get isOpen(): boolean {
    return this.state === 'open'
  }

  private assertOpen(): void {
    if (!this.isOpen) throw closedError()
  }
}
