import { MillraceError } from '../../base/errors.ts'
import type { Partition } from '../../broker/partition.ts'
import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import { readBatchHeader } from '../../record/batch-header.ts'
import { isNews, type AskedPlace, type Finding } from '../fetch-session.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { joinedBatches } from '../joined-batches.ts'
import { epochError } from '../leader-epoch.ts'
import { payerOf } from '../request-meter.ts'
import { untilEnough } from '../until-enough.ts'

type TopicAnswer = NonNullable<ResponseDraft<'fetch'>['responses']>[number]
type PartitionAnswer = NonNullable<TopicAnswer['partitions']>[number]

interface Located {
  readonly place: AskedPlace
  /** Null: there is none. */
  readonly log: Partition | null
  readonly errorCode: number
}

interface ReadPartition extends Finding {
  readonly batches: readonly Uint8Array[]
  /** Null: nobody asked for them. */
  readonly aborted: NonNullable<PartitionAnswer['abortedTransactions']> | null
}

const readCommitted = 1
/** Of one answer, whatever the client would take (fetch.max.bytes): it stands in memory. */
const maxAnswerBytes = 55 << 20

/**
 * Batches from each partition, as they are stored. Waits for `minBytes` of what the reader may see. In a session (KIP-227) the answer
 * has only what the client does not know.
 */
export const answerFetch: Handler<'fetch'> = async (request, context) => {
  const { broker, untilClosing, fetchSessions } = context
  const { clock } = broker.directory.world
  const asker = { owner: context.session.principal.name, usesTopicIds: context.version >= 13, now: clock.monotonic() }
  const turn = fetchSessions.begin(request, asker)
  if (turn.errorCode !== errorCodes.NONE) return { throttleTimeMs: 0, errorCode: turn.errorCode, responses: [] }
  const places = turn.places.map((place) => located(place, context))
  const payer = payerOf(context)
  const maxBytes = Math.min(request.maxBytes, maxAnswerBytes, broker.quotas.mostFetched(payer))
  const found = await untilEnough(
    { clock, waitMs: request.maxWaitMs, logs: places.flatMap(({ log }) => log ?? []), untilClosing },
    () => readAll(places, maxBytes, request.isolationLevel === readCommitted),
    (all) => isEnough(all, Math.min(request.minBytes, maxBytes)),
  )
  const { throttleMs, isSent } = broker.quotas.fetched(payer, bytesOf(found))
  const { errorCode, sessionId, told } = isSent ? turn.answer(found, clock.monotonic()) : turn.emptyAnswer()
  return { throttleTimeMs: throttleMs, errorCode, sessionId, responses: byTopic(told) }
}

async function readAll(places: readonly Located[], limit: number, committedOnly: boolean): Promise<readonly ReadPartition[]> {
  let left = limit
  const all: ReadPartition[] = []
  for (const { place, log, errorCode } of places) {
    // Most partitions of a large fetch have nothing new: no promise is made for them.
    const found =
      log === null || errorCode !== errorCodes.NONE
        ? refused(place, errorCode, log)
        : (quiet(place, log, left, committedOnly) ??
          (await read(place, log, Math.min(left, place.asked.partitionMaxBytes), committedOnly, left === limit)))
    left -= found.recordBytes
    all.push(found)
  }
  return all
}

/** An error is told at once, but not over and over in a session: whoever knows it waits for the other partitions. */
function isEnough(all: readonly ReadPartition[], minBytes: number): boolean {
  if (all.some((found) => found.errorCode !== errorCodes.NONE && isNews(found))) return true
  return bytesOf(all) >= minBytes
}

function bytesOf(all: readonly ReadPartition[]): number {
  return all.reduce((sum, { recordBytes }) => sum + recordBytes, 0)
}

function located(place: AskedPlace, { broker, version, access }: RequestContext): Located {
  const { partition, currentLeaderEpoch } = place.asked
  const topic = version >= 13 ? broker.topics.nameOf(place.topicId) : place.topic
  if (topic === undefined) return { place, log: null, errorCode: errorCodes.UNKNOWN_TOPIC_ID }
  if (isSecret(topic) || !access.may('read', 'topic', topic))
    return { place, log: null, errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED }
  try {
    const log = broker.topics.log({ topic, partition })
    return { place, log, errorCode: epochError(currentLeaderEpoch, broker.directory.epoch) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { place, log: null, errorCode: wireErrorOf(error) }
  }
}

/** Access rules and credentials stand in it: nobody reads it over the wire. */
function isSecret(topic: string): boolean {
  return topic === '__millrace_meta'
}

/** What there is to say of a partition where there is nothing to read; null: there may be. */
function quiet(place: AskedPlace, log: Partition, maxBytes: number, committedOnly: boolean): ReadPartition | null {
  const { fetchOffset } = place.asked
  const limit = committedOnly ? log.lastStableOffset : log.highWatermark
  const isAtEnd = fetchOffset >= limit && fetchOffset <= log.highWatermark && fetchOffset >= log.startOffset
  return maxBytes <= 0 || isAtEnd ? answered(place, log, [], committedOnly ? [] : null) : null
}

/** `mayExceed`: nothing was read yet, so the first batch comes whole in any case. */
async function read(
  place: AskedPlace,
  log: Partition,
  maxBytes: number,
  committedOnly: boolean,
  mayExceed: boolean,
): Promise<ReadPartition> {
  const { fetchOffset } = place.asked
  const limit = committedOnly ? log.lastStableOffset : log.highWatermark
  try {
    const { batches, aborted } = await log.whileSegmentsStay(async () => {
      const all = fetchOffset >= limit ? await checked(log, fetchOffset) : await log.read(fetchOffset, limit, maxBytes)
      const taken = mayExceed || sizeOf(all) <= maxBytes ? all : []
      return { batches: taken, aborted: committedOnly ? await abortedIn(log, fetchOffset, taken) : null }
    })
    return answered(place, log, batches, aborted)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused(place, wireErrorOf(error), log)
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
  place: AskedPlace,
  { highWatermark, lastStableOffset, startOffset }: Partition,
  batches: readonly Uint8Array[],
  aborted: ReadPartition['aborted'],
): ReadPartition {
  const recordBytes = sizeOf(batches)
  const logStartOffset = startOffset
  return { place, errorCode: errorCodes.NONE, highWatermark, lastStableOffset, logStartOffset, batches, aborted, recordBytes }
}

function refused(place: AskedPlace, errorCode: number, log: Partition | null): ReadPartition {
  const known = { highWatermark: log?.highWatermark ?? -1, lastStableOffset: -1, logStartOffset: -1 }
  return { place, errorCode, ...known, batches: [], aborted: null, recordBytes: 0 }
}

function sizeOf(batches: readonly Uint8Array[]): number {
  return batches.reduce((sum, { length }) => sum + length, 0)
}

/** In their order: partitions of a topic that follow each other stand under one name. */
function byTopic(all: readonly ReadPartition[]): TopicAnswer[] {
  const topics: { topic: string; topicId: AskedPlace['topicId']; partitions: PartitionAnswer[] }[] = []
  for (const found of all) {
    const { topic, topicId } = found.place
    const last = topics.at(-1)
    if (last?.topic === topic && last.topicId === topicId) last.partitions.push(partitionAnswer(found))
    else topics.push({ topic, topicId, partitions: [partitionAnswer(found)] })
  }
  return topics
}

function partitionAnswer({ place, batches, aborted, ...found }: ReadPartition): PartitionAnswer {
  const { errorCode, highWatermark, lastStableOffset, logStartOffset } = found
  const known = { errorCode, highWatermark, lastStableOffset, logStartOffset }
  return { partitionIndex: place.asked.partition, ...known, abortedTransactions: aborted, records: joinedBatches(batches) }
}
