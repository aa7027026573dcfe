import { MillraceError } from '../../base/errors.ts'
import { recordAtTime, newestRecord } from '../../broker/offset-for-time.ts'
import type { Partition } from '../../broker/partition.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler, RequestContext } from '../handler.ts'

type AskedPartition = RequestOf<'listOffsets'>['topics'][number]['partitions'][number]
type PartitionAnswer = NonNullable<NonNullable<ResponseDraft<'listOffsets'>['topics']>[number]['partitions']>[number]
type Place = Pick<PartitionAnswer, 'timestamp' | 'offset'>

/** What a timestamp below 0 asks for. */
const latest = -1
const earliest = -2
const newestTime = -3
const earliestLocal = -4
const latestTiered = -5

/** Offsets by time, and the ends of partitions. */
export const answerListOffsets: Handler<'listOffsets'> = async ({ topics, isolationLevel }, context) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(
    topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(partitions.map((one) => answer(name, one, isolationLevel === 1, context))),
    })),
  ),
})

async function answer(
  topic: string,
  { partitionIndex, timestamp }: AskedPartition,
  committedOnly: boolean,
  { broker, version }: RequestContext,
): Promise<PartitionAnswer> {
  try {
    const log = broker.topics.log({ topic, partition: partitionIndex })
    const place = await placeOf(log, timestamp, committedOnly)
    const leaderEpoch = place.offset === -1 || version < 4 ? -1 : broker.directory.epoch
    return { partitionIndex, errorCode: errorCodes.NONE, ...place, leaderEpoch }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { partitionIndex, errorCode: wireErrorOf(error) }
  }
}

async function placeOf(log: Partition, timestamp: number, committedOnly: boolean): Promise<Place> {
  const limit = committedOnly ? log.lastStableOffset : log.highWatermark
  switch (timestamp) {
    case latest:
      return { timestamp: -1, offset: limit }
    case earliest:
    case earliestLocal:
      return { timestamp: -1, offset: log.startOffset }
    case newestTime:
      return (await newestRecord(log)) ?? nowhere
    case latestTiered:
      return nowhere
    default: {
      const found = await recordAtTime(log, timestamp)
      return found === null || found.offset >= limit ? nowhere : found
    }
  }
}

const nowhere: Place = { timestamp: -1, offset: -1 }
