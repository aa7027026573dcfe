import type { TopicId } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'
import type { FoundOffset } from '../../broker/groups.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { groupErrorOf } from '../group-outcome.ts'

type AskedGroup = RequestOf<'offsetFetch'>['groups'][number]
type AskedTopic = NonNullable<AskedGroup['topics']>[number]
type GroupAnswer = NonNullable<ResponseDraft<'offsetFetch'>['groups']>[number]
type TopicAnswer = GroupAnswer['topics'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

interface Asking {
  readonly requireStable: boolean
  /** From version 10 on topics go by id. */
  readonly byId: boolean
  readonly broker: Broker
}

/** What groups have committed: -1 where they have nothing. Versions below 8 ask for one group. */
export const answerOffsetFetch: Handler<'offsetFetch'> = async (request, { broker, version }) => {
  const { groupId, topics, groups, requireStable } = request
  const asking = { requireStable, byId: version >= 10, broker }
  if (version >= 8) return { throttleTimeMs: 0, groups: await Promise.all(groups.map((group) => ofGroup(group, asking))) }
  const asked = topics?.map((topic) => ({ ...topic, topicId: '' })) ?? null
  const found = await ofGroup({ groupId, topics: asked }, asking)
  const { errorCode = errorCodes.NONE } = found
  // Version 1 has no place for it but at each partition.
  const answered = version === 1 && errorCode !== errorCodes.NONE ? refusedPlaces(asked ?? [], errorCode) : found.topics
  return { throttleTimeMs: 0, errorCode, topics: answered.map(({ name = '', partitions }) => ({ name, partitions })) }
}

type Asked = Pick<AskedGroup, 'groupId' | 'topics'> & Partial<Pick<AskedGroup, 'memberId' | 'memberEpoch'>>

async function ofGroup({ groupId, topics, memberId = null, memberEpoch = -1 }: Asked, asking: Asking): Promise<GroupAnswer> {
  try {
    await asking.broker.groups.checkFetch(groupId, memberId, memberEpoch)
    const answered = topics === null ? await allOf(groupId, asking) : await theseOf(groupId, topics, asking)
    return { groupId, errorCode: errorCodes.NONE, topics: answered }
  } catch (error) {
    return { groupId, errorCode: groupErrorOf(error), topics: [] }
  }
}

/** What the group has, by topic; what belongs to a topic that is gone has no id to be called by. */
async function allOf(group: string, { broker, byId, requireStable }: Asking): Promise<readonly TopicAnswer[]> {
  const byTopic = Map.groupBy(await broker.groups.offsets(group, null), ({ topic }) => topic)
  return [...byTopic].flatMap(([name, found]): readonly TopicAnswer[] => {
    const partitions = found
      .filter(({ committed }) => requireStable || committed !== null)
      .map((offset) => partitionOf(offset, requireStable))
    if (partitions.length === 0) return []
    if (!byId) return [{ name, partitions }]
    return broker.topics.has(name) ? [{ topicId: broker.topics.get(name).topicId, partitions }] : []
  })
}

async function theseOf(
  group: string,
  topics: readonly AskedTopic[],
  { broker, byId, requireStable }: Asking,
): Promise<readonly TopicAnswer[]> {
  return Promise.all(
    topics.map(async ({ name, topicId, partitionIndexes }) => {
      const topic = byId ? broker.topics.nameOf(topicId) : name
      if (topic === undefined) return refusedTopic(topicId, partitionIndexes, errorCodes.UNKNOWN_TOPIC_ID)
      const places = partitionIndexes.map((partition) => ({ topic, partition }))
      const found = await broker.groups.offsets(group, places)
      return { name, topicId, partitions: found.map((offset) => partitionOf(offset, requireStable)) }
    }),
  )
}

function partitionOf({ partition, committed, isPending }: FoundOffset, requireStable: boolean): PartitionAnswer {
  if (requireStable && isPending) return nothingOf(partition, errorCodes.UNSTABLE_OFFSET_COMMIT)
  if (committed === null) return nothingOf(partition, errorCodes.NONE)
  const { offset, leaderEpoch, metadata } = committed
  return {
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: errorCodes.NONE,
  }
}

function nothingOf(partitionIndex: number, errorCode: number): PartitionAnswer {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
}

function refusedTopic(topicId: TopicId, partitionIndexes: readonly number[], errorCode: number): TopicAnswer {
  return { topicId, partitions: partitionIndexes.map((partition) => nothingOf(partition, errorCode)) }
}

function refusedPlaces(topics: readonly AskedTopic[], errorCode: number): readonly TopicAnswer[] {
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partition) => nothingOf(partition, errorCode)),
  }))
}
