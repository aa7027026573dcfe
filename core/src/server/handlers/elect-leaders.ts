import { errorCodes } from '../../protocol/error-codes.ts'
import { isPartition } from '../cluster-view.ts'
import type { Handler, RequestContext } from '../handler.ts'
import type { Refusal } from '../refusal.ts'

const preferred = 0
const unclean = 1

/** One node leads everything already. Whoever asks for all partitions hears of none, as in Kafka. */
export const answerElectLeaders: Handler<'electLeaders'> = ({ electionType, topicPartitions }, context) => {
  if (electionType !== preferred && electionType !== unclean)
    return { throttleTimeMs: 0, errorCode: errorCodes.INVALID_REQUEST, replicaElectionResults: [] }
  const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, ...outcome(context, topic, partitionId) })),
  }))
  return { throttleTimeMs: 0, errorCode: errorCodes.NONE, replicaElectionResults }
}

function outcome(context: RequestContext, topic: string, partition: number): Refusal {
  return isPartition(context, topic, partition)
    ? { errorCode: errorCodes.ELECTION_NOT_NEEDED, errorMessage: 'the leader is the right one' }
    : { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: 'there is no such partition' }
}
