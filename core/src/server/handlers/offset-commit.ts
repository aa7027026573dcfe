import { MillraceError } from '../../base/errors.ts'
import type { Broker } from '../../broker/broker.ts'
import type { GroupPosition } from '../../broker/groups.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler } from '../handler.ts'
import { groupOutcome } from '../group-outcome.ts'

type AskedTopic = RequestOf<'offsetCommit'>['topics'][number]
type AskedPartition = AskedTopic['partitions'][number]

/**
 * Commits offsets of a group. A place that cannot be committed is refused alone; what concerns the group, or the member, is said of all
 * places. Offsets are kept as the log says, whatever retention a client of old wishes for.
 */
export const answerOffsetCommit: Handler<'offsetCommit'> = async (request, { broker, version }) => {
  const { groupId: group, memberId, groupInstanceId: instanceId, generationIdOrMemberEpoch: generation } = request
  const asked = request.topics.map((topic) => read(group, topic, version, broker))
  const places = asked.flatMap(({ places: own }) => own).filter(({ errorCode }) => errorCode === errorCodes.NONE)
  const positions = places.flatMap(({ position }) => position)
  const ref = { memberId, instanceId, generation }
  const result = await groupOutcome(broker, group, () =>
    broker.groups.commit(
      group,
      positions.filter(isSomewhere),
      ref,
      positions.filter((one) => !isSomewhere(one)),
    ),
  )
  // Members that have epochs speak a version that knows them.
  const outcome = result === errorCodes.STALE_MEMBER_EPOCH && version < 9 ? errorCodes.UNSUPPORTED_VERSION : result
  return {
    throttleTimeMs: 0,
    topics: asked.map(({ name, topicId, places: own }) => ({
      name,
      topicId,
      partitions: own.map(({ partitionIndex, errorCode }) => ({
        partitionIndex,
        errorCode: outcome === errorCodes.NONE ? errorCode : outcome,
      })),
    })),
  }
}

interface ReadPlace {
  readonly partitionIndex: number
  readonly errorCode: number
  /** Of a place that is in order. */
  readonly position: readonly GroupPosition[]
}

function read(
  group: string,
  { name, topicId, partitions }: AskedTopic,
  version: number,
  broker: Broker,
): Pick<AskedTopic, 'name' | 'topicId'> & { readonly places: readonly ReadPlace[] } {
  const topic = version >= 10 ? broker.topics.nameOf(topicId) : name
  const places = partitions.map((partition): ReadPlace => {
    const { partitionIndex } = partition
    if (topic === undefined) return { partitionIndex, errorCode: errorCodes.UNKNOWN_TOPIC_ID, position: [] }
    const position = positionOf(topic, partition)
    return { partitionIndex, errorCode: placeErrorOf(group, position, broker), position: [position] }
  })
  return { name, topicId, places }
}

function positionOf(
  topic: string,
  { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata }: AskedPartition,
): GroupPosition {
  return { topic, partition, offset, leaderEpoch: Math.max(-1, leaderEpoch), metadata: committedMetadata ?? '' }
}

/**
 * An offset below 0 takes back what was committed: clients that know no better way say so that a group has none (kafkajs's `resetOffsets`), and
 * all read a negative one as none.
 */
function isSomewhere({ offset }: GroupPosition): boolean {
  return offset >= 0
}

function placeErrorOf(group: string, position: GroupPosition, { groups }: Broker): number {
  try {
    groups.checkPosition(group, { ...position, offset: Math.max(0, position.offset) })
    return errorCodes.NONE
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return error.code === 'INVALID_OPTION' ? errorCodes.OFFSET_METADATA_TOO_LARGE : wireErrorOf(error)
  }
}
