import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { BatchPart } from '../batch-part.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster } from './cluster.ts'
import { refusal } from './refusals.ts'

/**
 * Record batches on their way to the leaders of their partitions.
 *
 * Invariants
 *   Q1  A partition has one batch under way; its next one leaves when that one is answered. So its order is that of the calls, and
 *       a batch that is sent again is the same one, with the same sequence number: the log takes it once (KIP-98).
 *   Q2  One request takes a batch of every partition of its leader that has one to send.
 *   Q3  What passes by itself is sent again until `timeoutMs` have passed since the first attempt. Then it is not known what became
 *       of the batch, nor which number the next one has: nothing more of this producer is sent.
 *   Q4  What the server refuses has no number: the next batch takes it.
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
      queue.waiting.push({ part, resolve, reject, deadline: null, waitMs: firstWaitMs })
      this.pumpSoon()
    })
  }

  /** Whether a batch of the partition waits or is under way: the next one may grow meanwhile. */
  isBusy(place: TopicPartition): boolean {
    const queue = this.partitions.get(partitionName(place))
    return queue !== undefined && (queue.underWay || queue.waiting.length > 0)
  }

  /** Sequence numbers begin anew: somebody else writes from now on. */
  begin(): void {
    for (const queue of this.partitions.values()) queue.sequence = 0
  }

  private queueOf({ topic, partition }: TopicPartition): PartitionQueue {
    const name = partitionName({ topic, partition })
    let queue = this.partitions.get(name)
    if (queue === undefined) {
      queue = { topic, partition, name, waiting: [], underWay: false, sequence: 0 }
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
    const groups = new Map<number, PartitionQueue[]>()
    for (const queue of this.partitions.values()) {
      if (queue.underWay || queue.waiting.length === 0) continue
      const leader = this.knownLeader(queue)
      if (leader === null) void this.locate(queue)
      else if (!groups.has(leader)) groups.set(leader, [queue])
      else groups.get(leader)!.push(queue)
    }
    for (const [leader, queues] of groups) this.fill(leader, queues)
  }

  private knownLeader({ topic, partition }: PartitionQueue): number | null {
    const view = this.cluster.known(topic)
    const leader = view === undefined || view.stale ? undefined : view.leaders[partition]
    return leader === undefined || leader < 0 ? null : leader
  }

  private async locate(queue: PartitionQueue): Promise<void> {
    queue.underWay = true
    try {
      await this.cluster.retrying(() => this.cluster.leaderOf(queue))
    } catch (error) {
      // Nothing of it was sent.
      for (const { reject } of queue.waiting.splice(0)) reject(error)
    }
    queue.underWay = false
    this.pumpSoon()
  }

  private fill(leader: number, queues: readonly PartitionQueue[]): void {
    for (let at = 0; at < queues.length && (this.requestsTo.get(leader) ?? 0) < requestsPerLeader;) {
      const taken: PartitionQueue[] = []
      for (let bytes = 0; at < queues.length; at++) {
        const { sizeBytes } = queues[at]!.waiting[0]!.part
        if (taken.length > 0 && bytes + sizeBytes > requestBytes) break
        taken.push(queues[at]!)
        bytes += sizeBytes
      }
      void this.request(leader, taken)
    }
  }

  private async request(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    this.requestsTo.set(leader, (this.requestsTo.get(leader) ?? 0) + 1)
    const sent = queues.map((queue) => this.takeFirst(queue))
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

  private takeFirst(queue: PartitionQueue): Sent {
    queue.underWay = true
    const entry = queue.waiting[0]!
    entry.deadline ??= this.cluster.world.clock.monotonic() + this.cluster.terms.timeoutMs
    const { producerId, producerEpoch, transactional } = this.terms.stamp()
    const bytes = entry.part.build({ producerId, producerEpoch, baseSequence: queue.sequence, transactional })
    return { queue, entry, bytes }
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

  private settle({ queue, entry }: Sent, answer: unknown): void {
    queue.underWay = false
    if (isAnswer(answer) && isTaken(answer.errorCode)) return this.accept(queue, entry, answer.baseOffset)
    const error = isAnswer(answer) ? refusalOf(queue, answer) : answer
    if (!(error instanceof MillraceError)) return this.refuse(queue, entry, error)
    if (passing.includes(error.code)) return this.again(queue, entry, error)
    this.refuse(queue, entry, error)
  }

  private accept(queue: PartitionQueue, entry: Entry, baseOffset: number): void {
    queue.waiting.shift()
    queue.sequence = (queue.sequence + entry.part.count) % 2 ** 31
    entry.resolve(baseOffset)
  }

  private refuse(queue: PartitionQueue, entry: Entry, error: unknown): void {
    queue.waiting.shift()
    if (error instanceof MillraceError && ending.includes(error.code)) this.broken ??= error
    entry.reject(error)
    if (this.broken !== null) this.refuseAll(this.broken)
  }

  private refuseAll(error: MillraceError): void {
    for (const { waiting, underWay } of this.partitions.values())
      for (const { reject } of waiting.splice(underWay ? 1 : 0)) reject(error)
  }

  private again(queue: PartitionQueue, entry: Entry, error: MillraceError): void {
    this.cluster.forget(queue.topic)
    const { clock } = this.cluster.world
    if (clock.monotonic() + entry.waitMs > entry.deadline!) {
      this.broken ??= unknownOutcome(queue, error)
      return this.refuse(queue, entry, this.broken)
    }
    queue.underWay = true
    clock.after(entry.waitMs, () => {
      queue.underWay = false
      this.pumpSoon()
    })
    entry.waitMs = Math.min(2 * entry.waitMs, longestWaitMs)
  }
}

export interface ProduceTerms {
  readonly transactionalId: string | null
  /** Who writes now. */
  readonly stamp: () => { readonly producerId: number; readonly producerEpoch: number; readonly transactional: boolean }
}

interface PartitionQueue extends TopicPartition {
  readonly name: string
  /** The first one is under way, if one is. */
  readonly waiting: Entry[]
  /** Of a batch, of a look for the leader, or of a wait. */
  underWay: boolean
  sequence: number
}

interface Entry {
  readonly part: BatchPart
  readonly resolve: (baseOffset: number) => void
  readonly reject: (error: unknown) => void
  /** On the monotonic clock, from the first attempt on. */
  deadline: number | null
  waitMs: number
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

function refusalOf({ name: where }: PartitionQueue, { errorCode, errorMessage, recordErrors }: PartitionAnswer): MillraceError {
  const message = recordErrors[0]?.batchIndexErrorMessage ?? errorMessage
  return refusal(errorCode, { where, message, means: produceMeanings })
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
