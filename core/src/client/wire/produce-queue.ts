import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { BatchPart } from '../batch-part.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { splitPart } from './split-part.ts'
import { refusal, type RefusalDetails } from './refusals.ts'

/**
 * Record batches on their way to the leaders of their partitions.
 *
 * Invariants
 *   Q1  The order of a partition is that of the calls: up to `batchesUnderWay` of its batches are under way, on one connection, in
 *       consecutive sequence numbers.
 *   Q2  When one of them fails, nothing more leaves until the others are answered too. Then they are sent again, in order, each with
 *       the number that it had: the log takes it once (KIP-98).
 *   Q3  What the server refuses has no number: those behind it, which cannot have been taken, get new ones.
 *   Q4  What passes by itself is sent again until `timeoutMs` have passed since the first attempt. Then it is not known what became
 *       of the batch, nor which number the next one has: nothing more of this producer is sent.
 */
export class ProduceQueue {
  private readonly cluster: Cluster
  private readonly terms: ProduceTerms
  private readonly partitions = new Map<string, PartitionQueue>()
  private readonly requestsTo = new Map<number, number>()
  private pumping = false
  private broken: MillraceError | null = null

  constructor(cluster: Cluster, terms: ProduceTerms) {
    this.cluster = cluster
    this.terms = terms
  }

  /** Why nothing more is sent. */
  get failure(): MillraceError | null {
    return this.broken
  }

  /** Resolves to the offset of the first record. */
  send(place: TopicPartition, part: BatchPart): Promise<number> {
    if (this.broken !== null) return Promise.reject(this.broken)
    const queue = this.queueOf(place)
    return new Promise((resolve, reject) => {
      queue.entries.push({ part, resolve, reject, isUnderWay: false, sequence: null, deadline: null })
      this.pumpSoon()
    })
  }

  /** Whether enough of the partition is under way: its next batch may grow meanwhile. */
  isBusy(place: TopicPartition): boolean {
    const queue = this.partitions.get(partitionName(place))
    return queue !== undefined && queue.entries.length >= busyBatches
  }

  /** Sequence numbers begin anew: somebody else writes from now on. Nothing may wait. */
  begin(): void {
    for (const queue of this.partitions.values()) queue.sequence = 0
  }

  private queueOf({ topic, partition }: TopicPartition): PartitionQueue {
    const name = partitionName({ topic, partition })
    let queue = this.partitions.get(name)
    if (queue === undefined) {
      queue = { topic, partition, name, entries: [], underWay: 0, leader: -1, halted: false, sequence: 0, waitMs: 0 }
      this.partitions.set(name, queue)
    }
    return queue
  }

  /** What is sent in the same turn goes in the same request. */
  private pumpSoon(): void {
    if (this.pumping) return
    this.pumping = true
    queueMicrotask(() => {
      this.pumping = false
      this.pump()
    })
  }

  private pump(): void {
    for (let sent = true; sent;) {
      sent = false
      for (const [leader, queues] of this.ready()) sent = this.fill(leader, queues) || sent
    }
  }

  /** Those that may send a batch, by their leader. */
  private ready(): ReadonlyMap<number, readonly PartitionQueue[]> {
    const groups = new Map<number, PartitionQueue[]>()
    for (const queue of this.partitions.values()) {
      if (queue.halted || queue.underWay >= batchesUnderWay || queue.entries.length <= queue.underWay) continue
      const leader = this.knownLeader(queue)
      if (leader === null) void this.locate(queue)
      else if (queue.underWay > 0 && queue.leader !== leader) continue // first what the former leader says
      else if (groups.has(leader)) groups.get(leader)!.push(queue)
      else groups.set(leader, [queue])
    }
    return groups
  }

  private knownLeader({ topic, partition }: PartitionQueue): number | null {
    const view = this.cluster.known(topic)
    const leader = view === undefined || view.stale ? undefined : view.leaders[partition]
    return leader === undefined || leader < 0 ? null : leader
  }

  private async locate(queue: PartitionQueue): Promise<void> {
    queue.halted = true
    if (queue.underWay > 0) return // the last of them goes on
    try {
      await this.cluster.retrying(() => this.cluster.leaderOf(queue))
    } catch (error) {
      this.lost(queue, error)
    }
    queue.halted = false
    this.pumpSoon()
  }

  /** There is no leader to be found. What was sent before may have been taken. */
  private lost(queue: PartitionQueue, error: unknown): void {
    const wasSent = queue.entries.some(({ deadline }) => deadline !== null)
    if (wasSent && error instanceof MillraceError && passing.includes(error.code))
      return this.giveUp(unknownOutcome(queue, error))
    for (const { reject } of queue.entries.splice(0)) reject(error)
  }

  /** False when the leader has enough under way. */
  private fill(leader: number, queues: readonly PartitionQueue[]): boolean {
    let at = 0
    while (at < queues.length && (this.requestsTo.get(leader) ?? 0) < requestsPerLeader) {
      const sent: Sent[] = []
      for (let bytes = 0; at < queues.length && (bytes === 0 || bytes < requestBytes); at++) {
        const one = this.next(leader, queues[at]!)
        sent.push(one)
        bytes += one.bytes.length
      }
      void this.request(leader, sent)
    }
    return at > 0
  }

  private next(leader: number, queue: PartitionQueue): Sent {
    queue.leader = leader
    const entry = queue.entries[queue.underWay++]!
    entry.isUnderWay = true
    entry.deadline ??= this.cluster.world.clock.monotonic() + this.cluster.terms.timeoutMs
    if (entry.sequence === null) {
      entry.sequence = queue.sequence
      queue.sequence = (queue.sequence + entry.part.count) % 2 ** 31
    }
    const { producerId, producerEpoch, transactional } = this.terms.stamp()
    const bytes = entry.part.build({ producerId, producerEpoch, baseSequence: entry.sequence, transactional })
    return { queue, entry, bytes }
  }

  private async request(leader: number, sent: readonly Sent[]): Promise<void> {
    this.requestsTo.set(leader, (this.requestsTo.get(leader) ?? 0) + 1)
    let answers: ReadonlyMap<string, PartitionAnswer> | null = null
    let failure: unknown = null
    try {
      answers = await this.exchange(leader, sent)
    } catch (error) {
      failure = error
    }
    this.requestsTo.set(leader, this.requestsTo.get(leader)! - 1)
    for (const one of sent) this.settle(one, answers === null ? failure : (answers.get(one.queue.name) ?? lacking(one)))
    this.pumpSoon()
  }

  private async exchange(leader: number, sent: readonly Sent[]): Promise<ReadonlyMap<string, PartitionAnswer>> {
    const connection = await this.cluster.to(leader)
    const { transactionalId } = this.terms
    const answer = await connection.ask(
      'produce',
      {
        transactionalId,
        acks: -1,
        timeoutMs: Math.ceil(this.cluster.terms.requestTimeoutMs * 0.9),
        topicData: byTopic(sent.map(({ queue: { topic, partition }, bytes }) => ({ topic, partition, bytes }))).map(
          ({ name, of }) => ({
            name,
            partitionData: of.map(({ partition: index, bytes: records }) => ({ index, records })),
          }),
        ),
      },
      // From 12 on partitions join transactions by themselves (KIP-890), from 13 on topics are named by their ids.
      { atMost: transactionalId === null ? 12 : 11 },
    )
    return new Map(
      answer.responses.flatMap(({ name: topic, partitionResponses }) =>
        partitionResponses.map((one) => [partitionName({ topic, partition: one.index }), one] as const),
      ),
    )
  }

  private settle({ queue, entry, bytes }: Sent, answer: unknown): void {
    queue.underWay--
    entry.isUnderWay = false
    if (isAnswer(answer) && isTaken(answer.errorCode)) this.accept(queue, entry, answer.baseOffset)
    else this.failed({ queue, entry, bytes }, isAnswer(answer) ? refusalOf(queue, answer, this.terms.means) : answer)
    if (queue.halted && queue.underWay === 0) this.goOn(queue)
  }

  private accept(queue: PartitionQueue, entry: Entry, baseOffset: number): void {
    queue.entries.splice(queue.entries.indexOf(entry), 1)
    queue.waitMs = 0
    entry.resolve(baseOffset)
  }

  private failed({ queue, entry, bytes }: Sent, error: unknown): void {
    const code = error instanceof MillraceError ? error.code : ''
    const isBehind = queue.halted && code === 'OUT_OF_ORDER_SEQUENCE'
    queue.halted = true
    if (this.broken !== null) return this.refuse(queue, entry, this.broken)
    if (isBehind) return // one before it failed, and its number leaves a gap
    if (code === 'RECORD_TOO_LARGE' && entry.part.count > 1) return this.split(queue, entry, bytes)
    if (!passing.includes(code)) {
      this.refuse(queue, entry, error)
      if (ending.includes(code)) this.giveUp(error as MillraceError)
      return
    }
    this.cluster.forget(queue.topic)
    queue.waitMs = Math.min(Math.max(firstWaitMs, 2 * queue.waitMs), longestWaitMs)
    if (this.cluster.world.clock.monotonic() + queue.waitMs > entry.deadline!)
      this.giveUp(unknownOutcome(queue, error as MillraceError))
  }

  private refuse(queue: PartitionQueue, entry: Entry, error: unknown): void {
    this.replace(queue, entry)
    entry.reject(error)
  }

  /** The topic takes no batch so large: its halves go in its place, down to single records. */
  private split(queue: PartitionQueue, entry: Entry, bytes: Uint8Array): void {
    const { deadline } = entry
    const halves: Entry[] = []
    const sent = splitPart(bytes).map(
      (part) =>
        new Promise<number>((resolve, reject) =>
          halves.push({ part, resolve, reject, isUnderWay: false, sequence: null, deadline }),
        ),
    )
    this.replace(queue, entry, ...halves)
    // Both are answered before anybody hears of it.
    void Promise.allSettled(sent).then((settled) => {
      const failed = settled.find((one) => one.status === 'rejected')
      const [first] = settled
      if (failed !== undefined) entry.reject(failed.reason)
      else if (first?.status === 'fulfilled') entry.resolve(first.value)
    })
  }

  /** Its number goes to the next one; those behind it get theirs when they are sent again. */
  private replace(queue: PartitionQueue, entry: Entry, ...others: readonly Entry[]): void {
    const at = queue.entries.indexOf(entry)
    queue.entries.splice(at, 1, ...others)
    queue.sequence = entry.sequence ?? queue.sequence
    for (const later of queue.entries.slice(at)) later.sequence = null
  }

  /** Nothing more is sent. What is under way is told as it is answered. */
  private giveUp(error: MillraceError): void {
    this.broken ??= error
    for (const queue of this.partitions.values())
      for (const entry of queue.entries.filter(({ isUnderWay }) => !isUnderWay)) {
        queue.entries.splice(queue.entries.indexOf(entry), 1)
        entry.reject(this.broken)
      }
  }

  /** All that was under way is answered, and some of it has failed: what is left is sent again. */
  private goOn(queue: PartitionQueue): void {
    if (queue.waitMs === 0 || queue.entries.length === 0) {
      queue.halted = false
      return
    }
    this.cluster.world.clock.after(queue.waitMs, () => {
      queue.halted = false
      this.pumpSoon()
    })
  }
}

export interface ProduceTerms {
  readonly transactionalId: string | null
  /** What codes mean in a transaction. */
  readonly means?: RefusalDetails['means']
  /** Who writes now. */
  readonly stamp: () => { readonly producerId: number; readonly producerEpoch: number; readonly transactional: boolean }
}

interface PartitionQueue extends TopicPartition {
  readonly name: string
  /** Those under way come first. */
  readonly entries: Entry[]
  underWay: number
  /** To whom they are under way. */
  leader: number
  /** Nothing leaves: a batch has failed, or the leader is looked for. */
  halted: boolean
  /** Of the next record. */
  sequence: number
  /** Before what failed is sent again; 0 while all is well. */
  waitMs: number
}

interface Entry {
  readonly part: BatchPart
  readonly resolve: (baseOffset: number) => void
  readonly reject: (error: unknown) => void
  isUnderWay: boolean
  /** Of its first record, once it was sent. */
  sequence: number | null
  /** On the monotonic clock, from the first attempt on. */
  deadline: number | null
}

interface Sent {
  readonly queue: PartitionQueue
  readonly entry: Entry
  readonly bytes: Uint8Array
}

interface PartitionAnswer {
  readonly index: number
  readonly errorCode: number
  readonly baseOffset: number
  readonly errorMessage: string | null
  readonly recordErrors: readonly { readonly batchIndex: number; readonly batchIndexErrorMessage: string | null }[]
}

const requestsPerLeader = 5
/** A log knows the last five of a producer again. */
const batchesUnderWay = 5
const busyBatches = 2
const requestBytes = 1 << 20
const firstWaitMs = 20
const longestWaitMs = 1_000

const passing: readonly string[] = [
  'SERVER_NOT_READY',
  'SERVER_UNREACHABLE',
  'CONNECTION_LOST',
  'REQUEST_TIMED_OUT',
  'CONCURRENT_TRANSACTIONS',
]
/** Behind these no batch of this producer is taken. */
const ending: readonly string[] = [
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'OUT_OF_ORDER_SEQUENCE',
  'ANSWER_INVALID',
  'CLOSED',
]

function isAnswer(answer: unknown): answer is PartitionAnswer {
  return typeof answer === 'object' && answer !== null && 'errorCode' in answer
}

/** A duplicate is there already. */
function isTaken(errorCode: number): boolean {
  return errorCode === errorCodes.NONE || errorCode === errorCodes.DUPLICATE_SEQUENCE_NUMBER
}

function refusalOf(
  { name: where }: PartitionQueue,
  { errorCode, errorMessage, recordErrors }: PartitionAnswer,
  means: RefusalDetails['means'],
): MillraceError {
  const message = recordErrors[0]?.batchIndexErrorMessage ?? errorMessage
  return refusal(errorCode, { where, message, means: { ...produceMeanings, ...means } })
}

const produceMeanings = {
  // The leader may not know of the topic yet; whether it is gone the metadata tell.
  UNKNOWN_TOPIC_OR_PARTITION: 'SERVER_NOT_READY',
  UNKNOWN_PRODUCER_ID: 'INVALID_PRODUCER_ID_MAPPING',
  INVALID_RECORD: 'INVALID_RECORD',
  RECORD_LIST_TOO_LARGE: 'RECORD_TOO_LARGE',
} as const

function lacking({ queue }: Sent): MillraceError {
  return coreError('ANSWER_INVALID', { what: 'the answer to Produce lacks a partition', where: queue.name })
}

function unknownOutcome({ name }: PartitionQueue, cause: MillraceError): MillraceError {
  if (cause.outcome === 'unknownOutcome') return cause
  return coreError('REQUEST_TIMED_OUT', { what: `a batch was not acknowledged in time (${cause.code})`, where: name, cause })
}
