import { MillraceError } from '../../base/errors.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { AssignedPartition } from '../assigned-partition.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { FetchedRecords, type WirePartition } from './fetched-partition.ts'
import { refusal } from './refusals.ts'

type Assigned = AssignedPartition<WirePartition>

export interface FetchTerms {
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly maxBytes: number
  readonly maxPartitionBytes: number
  readonly minBytes: number
  readonly maxWaitMs: number
}

/**
 * Asks the leaders of partitions for what is behind their positions. Each leader has one request under way, on a connection of this
 * consumer: one that waits there for records holds up nobody else.
 */
export class Fetcher {
  private readonly cluster: Cluster
  private readonly lane: string
  private readonly underWay = new Map<number, Promise<void>>()
  private readonly used = new Set<number>()
  /** What a partition was refused, until a poll tells it. */
  private failures = new Map<WirePartition, Error>()
  /** On the monotonic clock: since when nothing but failures came; null while all is well. */
  private failingSince: number | null = null

  constructor(cluster: Cluster, lane: string) {
    this.cluster = cluster
    this.lane = lane
  }

  /** Starts what is not under way. Resolves when the first answer is there. */
  async any(partitions: readonly Assigned[], terms: FetchTerms): Promise<void> {
    await this.start(partitions, terms)
    if (this.underWay.size > 0) await Promise.race(this.underWay.values())
  }

  /** Starts requests to leaders that have none. */
  async start(partitions: readonly Assigned[], terms: FetchTerms): Promise<void> {
    const groups = new Map<number, Assigned[]>()
    for (const one of partitions) {
      const leader = await this.leaderOf(one)
      if (leader === null || this.underWay.has(leader)) continue
      if (groups.has(leader)) groups.get(leader)!.push(one)
      else groups.set(leader, [one])
    }
    for (const [leader, group] of groups) {
      const done = this.request(leader, group, terms).finally(() => this.underWay.delete(leader))
      this.underWay.set(leader, done)
    }
  }

  private async leaderOf({ log }: Assigned): Promise<number | null> {
    const view = this.cluster.known(log.topic)
    const leader = view?.stale === false ? view.leaders[log.partition] : undefined
    if (leader !== undefined && leader >= 0) return leader
    try {
      return await this.cluster.leaderOf(log)
    } catch (error) {
      await this.failed([log], error)
      return null
    }
  }

  private async request(leader: number, group: readonly Assigned[], terms: FetchTerms): Promise<void> {
    const asked = new Map(group.map((one) => [one.log.name, { one, position: one.position }]))
    try {
      const connection = await this.cluster.to(leader, this.lane)
      this.used.add(leader)
      const answer = await connection.ask('fetch', fetchRequest(group, terms), {
        atMost: byName,
        timeoutMs: this.cluster.terms.requestTimeoutMs + terms.maxWaitMs,
      })
      if (answer.errorCode !== errorCodes.NONE) throw refusal(answer.errorCode, { where: 'Fetch' })
      this.failingSince = null
      for (const { topic, partitions } of answer.responses)
        for (const part of partitions) await this.take(asked.get(`${topic}-${part.partitionIndex}`), part)
    } catch (error) {
      await this.failed(
        group.map(({ log }) => log),
        error,
      )
    }
  }

  private async take(asked: { readonly one: Assigned; readonly position: number } | undefined, part: FetchedPart): Promise<void> {
    if (asked === undefined) return
    const { one, position } = asked
    const { log } = one
    if (part.errorCode !== errorCodes.NONE)
      return this.failed([log], refusal(part.errorCode, { where: `${log.name} at offset ${position}`, means: fetchMeanings }))
    log.highWatermark = part.highWatermark
    log.lastStableOffset = part.lastStableOffset
    if (part.records !== null && part.records.length > 0)
      log.fetched = new FetchedRecords(position, part.records, part.abortedTransactions ?? [])
  }

  /** What passes by itself is asked again, a moment later and with fresh metadata, for as long as calls are tried again. */
  private async failed(logs: readonly WirePartition[], error: unknown): Promise<void> {
    const code = error instanceof MillraceError ? error.code : ''
    const { clock } = this.cluster.world
    this.failingSince ??= clock.monotonic()
    if (passing.includes(code) && clock.monotonic() - this.failingSince < this.cluster.terms.timeoutMs) {
      for (const { topic } of logs) this.cluster.forget(topic)
      await this.cluster.pause(againMs)
      return
    }
    for (const log of logs) this.failures.set(log, error as Error)
  }

  /** What was refused since the last call. */
  takeFailures(): ReadonlyMap<WirePartition, Error> {
    const { failures } = this
    if (failures.size > 0) this.failures = new Map()
    return failures
  }

  /** Ends its connections, and with them what waits there. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.used, (leader) => this.cluster.leave(leader, this.lane)))
    await Promise.all(this.underWay.values())
  }
}

interface FetchedPart {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[] | null
  readonly records: Uint8Array | null
}

/** From 13 on topics are named by their ids. */
const byName = 12
const againMs = 50
const leastBytes = 64 * 1024
const greatest = 0x7fff_ffff

const passing: readonly string[] = ['SERVER_NOT_READY', 'SERVER_UNREACHABLE', 'CONNECTION_LOST', 'REQUEST_TIMED_OUT']
/** Whether a topic is gone the metadata tell. */
const fetchMeanings = { UNKNOWN_TOPIC_OR_PARTITION: 'SERVER_NOT_READY' } as const

/** What goes over a bound stays here for the next poll. With less, only the first partition of an answer would surely get a batch. */
function bytesAsked(bytes: number): number {
  return Math.min(Math.max(bytes, leastBytes), greatest)
}

function fetchRequest(group: readonly Assigned[], { isolation, maxBytes, maxPartitionBytes, minBytes, maxWaitMs }: FetchTerms) {
  const places = group.map(({ log: { topic, partition }, position }) => ({ topic, partition, position }))
  return {
    maxWaitMs,
    minBytes: Math.min(minBytes, greatest),
    maxBytes: bytesAsked(maxBytes),
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
    topics: byTopic(places).map(({ name: topic, of }) => ({
      topic,
      partitions: of.map(({ partition, position: fetchOffset }) => ({
        partition,
        fetchOffset,
        partitionMaxBytes: bytesAsked(Math.min(maxPartitionBytes, maxBytes)),
      })),
    })),
  }
}
