import { MillraceError } from '../../base/errors.ts'
import type { Partition } from '../../broker/partition.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import { readBatchHeader } from '../../record/batch-header.ts'
import { joinedBatches } from '../joined-batches.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { epochError } from '../leader-epoch.ts'
import { untilEnough } from '../until-enough.ts'

type AskedPartition = RequestOf<'fetch'>['topics'][number]['partitions'][number]
type PartitionAnswer = NonNullable<NonNullable<ResponseDraft<'fetch'>['responses']>[number]['partitions']>[number]

interface Asked extends AskedPartition {
  /** Null: there is none. */
  readonly log: Partition | null
  readonly errorCode: number
}

interface AskedTopic {
  readonly name: string
  readonly topicId: RequestOf<'fetch'>['topics'][number]['topicId']
  readonly partitions: readonly Asked[]
}

const readCommitted = 1
/** Of one answer, whatever the client would take (fetch.max.bytes): it stands in memory. */
const maxAnswerBytes = 55 << 20

/**
 * Batches from each partition, as they are stored. Waits for `minBytes` of what the reader may see. Sessions (KIP-227) are not kept: a
 * client that is given session 0 says everything each time.
 */
export const answerFetch: Handler<'fetch'> = async (request, context) => {
  if (request.sessionId !== 0) return { throttleTimeMs: 0, errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, responses: [] }
  const topics = request.topics.map((topic) => askedTopic(topic, context))
  const logs = topics.flatMap(({ partitions }) => partitions.flatMap(({ log }) => log ?? []))
  const { broker, untilClosing } = context
  const wait = { clock: broker.directory.world.clock, waitMs: request.maxWaitMs, logs, untilClosing }
  const found = await untilEnough(
    wait,
    () => readAll(topics, request),
    (all) => isEnough(all, request.minBytes),
  )
  const responses = found.map(({ name, topicId, answers }) => ({ topic: name, topicId, partitions: answers }))
  return { throttleTimeMs: 0, errorCode: errorCodes.NONE, sessionId: 0, responses }
}

interface ReadTopic extends Omit<AskedTopic, 'partitions'> {
  readonly answers: readonly PartitionAnswer[]
}

async function readAll(
  topics: readonly AskedTopic[],
  { maxBytes, isolationLevel }: RequestOf<'fetch'>,
): Promise<readonly ReadTopic[]> {
  const limit = Math.min(maxBytes, maxAnswerBytes)
  let left = limit
  const all: ReadTopic[] = []
  for (const { name, topicId, partitions } of topics) {
    const answers: PartitionAnswer[] = []
    for (const asked of partitions) {
      const mayExceed = left === limit
      const answer = await read(asked, Math.min(left, asked.partitionMaxBytes), isolationLevel === readCommitted, mayExceed)
      left -= answer.records?.length ?? 0
      answers.push(answer)
    }
    all.push({ name, topicId, answers })
  }
  return all
}

/** An error is told at once. */
function isEnough(topics: readonly ReadTopic[], minBytes: number): boolean {
  const all = topics.flatMap(({ answers }) => answers)
  if (all.some(({ errorCode }) => errorCode !== errorCodes.NONE)) return true
  return all.reduce((sum, { records }) => sum + (records?.length ?? 0), 0) >= minBytes
}

function askedTopic({ topic, topicId, partitions }: RequestOf<'fetch'>['topics'][number], context: RequestContext): AskedTopic {
  const { broker, version } = context
  const name = version >= 13 ? broker.topics.nameOf(topicId) : topic
  return { name: name ?? '', topicId, partitions: partitions.map((one) => located(one, name, context)) }
}

function located(one: AskedPartition, topic: string | undefined, { broker }: RequestContext): Asked {
  if (topic === undefined) return { ...one, log: null, errorCode: errorCodes.UNKNOWN_TOPIC_ID }
  try {
    const log = broker.topics.log({ topic, partition: one.partition })
    return { ...one, log, errorCode: epochError(one.currentLeaderEpoch, broker.directory.epoch) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { ...one, log: null, errorCode: wireErrorOf(error) }
  }
}

/** `mayExceed`: nothing was read yet, so the first batch comes whole in any case. */
async function read(asked: Asked, maxBytes: number, committedOnly: boolean, mayExceed: boolean): Promise<PartitionAnswer> {
  const { log, partition, fetchOffset, errorCode } = asked
  if (log === null || errorCode !== 0) return refused(partition, errorCode, log)
  if (maxBytes <= 0) return answered(asked, log, [], null)
  const limit = committedOnly ? log.lastStableOffset : log.highWatermark
  try {
    const { batches, aborted } = await log.whileSegmentsStay(async () => {
      const all = fetchOffset >= limit ? await checked(log, fetchOffset) : await log.read(fetchOffset, limit, maxBytes)
      const taken = mayExceed || sizeOf(all) <= maxBytes ? all : []
      return { batches: taken, aborted: committedOnly ? await abortedIn(log, fetchOffset, taken) : null }
    })
    return answered(asked, log, batches, aborted)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused(partition, wireErrorOf(error), log)
  }
}

/** Nothing to read, unless the offset is out of range. @throws OFFSET_OUT_OF_RANGE */
async function checked(log: Partition, offset: number): Promise<readonly Uint8Array[]> {
  if (offset > log.highWatermark || offset < log.startOffset) await log.read(offset, log.highWatermark, 1)
  return []
}

async function abortedIn(
  log: Partition,
  from: number,
  batches: readonly Uint8Array[],
): Promise<NonNullable<PartitionAnswer['abortedTransactions']>> {
  const last = batches.at(-1)
  if (last === undefined || !log.hasAborted) return []
  const { baseOffset, lastOffsetDelta } = readBatchHeader(last, 0)
  const aborted = await log.abortedTransactions(from, baseOffset + lastOffsetDelta + 1)
  return aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
}

function answered(
  { partition }: Asked,
  log: Partition,
  batches: readonly Uint8Array[],
  abortedTransactions: (PartitionAnswer['abortedTransactions'] & object) | null,
): PartitionAnswer {
  return {
    partitionIndex: partition,
    errorCode: errorCodes.NONE,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.startOffset,
    abortedTransactions,
    records: joinedBatches(batches),
  }
}

function refused(partitionIndex: number, errorCode: number, log: Partition | null): PartitionAnswer {
  const highWatermark = log?.highWatermark ?? -1
  return { partitionIndex, errorCode, highWatermark, abortedTransactions: null, records: joinedBatches([]) }
}

function sizeOf(batches: readonly Uint8Array[]): number {
  return batches.reduce((sum, { length }) => sum + length, 0)
}
