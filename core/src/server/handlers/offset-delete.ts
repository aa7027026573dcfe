import { MillraceError } from '../../base/errors.ts'
import type { Broker } from '../../broker/broker.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler } from '../handler.ts'
import { groupOutcome } from '../group-outcome.ts'

type AskedTopic = RequestOf<'offsetDelete'>['topics'][number]
type TopicAnswer = ResponseDraft<'offsetDelete'>['topics'][number]

/** Deletes what a group has committed for topics that none of its members reads. */
export const answerOffsetDelete: Handler<'offsetDelete'> = async ({ groupId, topics }, { broker }) => {
  const errorCode = await groupOutcome(broker, groupId, () => broker.groups.deleteOffsets(groupId, []))
  if (errorCode !== errorCodes.NONE) return { errorCode, throttleTimeMs: 0, topics: [] }
  return { errorCode, throttleTimeMs: 0, topics: await Promise.all(topics.map((topic) => ofTopic(groupId, topic, broker))) }
}

async function ofTopic(group: string, { name, partitions }: AskedTopic, broker: Broker): Promise<TopicAnswer> {
  const places = partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex }))
  const codes = places.map((place) => placeErrorOf(place, broker))
  const known = places.filter((_, index) => codes[index] === errorCodes.NONE)
  const outcome = await groupOutcome(broker, group, () => broker.groups.deleteOffsets(group, known))
  return {
    name,
    partitions: places.map(({ partition }, index) => ({
      partitionIndex: partition,
      errorCode: codes[index] === errorCodes.NONE ? outcome : codes[index]!,
    })),
  }
}

function placeErrorOf(place: { readonly topic: string; readonly partition: number }, { topics }: Broker): number {
  try {
    topics.checkPlace(place)
    return errorCodes.NONE
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return wireErrorOf(error)
  }
}
