import { errorCodes } from '../../protocol/error-codes.ts'
import { isPartition, replicasOf } from '../cluster-view.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { accepted, type Refusal } from '../refusal.ts'

/** There is one node: a partition may be left where it is, and nothing else. */
export const answerAlterPartitionReassignments: Handler<'alterPartitionReassignments'> = (request, context) => ({
  throttleTimeMs: 0,
  allowReplicationFactorChange: request.allowReplicationFactorChange,
  errorCode: errorCodes.NONE,
  errorMessage: null,
  responses: request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => ({
      partitionIndex,
      ...outcome(context, name, partitionIndex, replicas),
    })),
  })),
})

function outcome(context: RequestContext, topic: string, partition: number, replicas: readonly number[] | null): Refusal {
  if (!isPartition(context, topic, partition))
    return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: 'there is no such partition' }
  if (replicas === null)
    return { errorCode: errorCodes.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: 'the partition is not being moved' }
  const present = replicasOf(context, context.broker.topics.get(topic).replicationFactor)
  const isSame = replicas.length === present.length && present.every((id) => replicas.includes(id))
  if (isSame) return accepted
  return {
    errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT,
    errorMessage: `partitions are not moved here: the replicas stay ${present.join(', ')}`,
  }
}
