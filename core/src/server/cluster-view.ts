import type { NetPlace } from '../base/net.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { RequestContext } from './handler.ts'

/**
 * The cluster as clients see it. There is one node, and one copy of each partition. Topics may have been made with more replicas, since
 * many tools ask for 3 and know nothing else: then the node shows itself as so many brokers as the widest of them has replicas.
 *
 * Invariants
 *   V1  All brokers are at the same address; the node itself, the first, leads every partition and coordinates everything.
 *   V2  A broker that was shown stays for as long as the log is open, also when the topic that asked for it is gone.
 *   V3  The ids of brokers follow each other from the node's own, so that the replicas of every topic are among those that are shown.
 */
interface ShownBroker extends NetPlace {
  readonly nodeId: number
}

/** A topic as the broker describes it. */
export type ShownTopic = Awaited<ReturnType<RequestContext['broker']['topics']['list']>>[number]

interface ShownPartition {
  readonly errorCode: number
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export function brokersOf({ server, advertised, broker }: RequestContext): ShownBroker[] {
  const { host, port } = advertised
  return idsFrom(server.nodeId, broker.topics.widestReplication).map((nodeId) => ({ nodeId, host, port }))
}

/** As Metadata and DescribeTopicPartitions show it. */
export function partitionOf(topic: ShownTopic, partitionIndex: number, context: RequestContext): ShownPartition {
  const replicas = replicasOf(context, topic.replicationFactor)
  return {
    errorCode: errorCodes.NONE,
    partitionIndex,
    leaderId: context.server.nodeId,
    leaderEpoch: context.broker.directory.epoch,
    replicaNodes: replicas,
    isrNodes: replicas,
    offlineReplicas: [],
  }
}

export function replicasOf({ server }: RequestContext, replicationFactor: number | undefined): number[] {
  return idsFrom(server.nodeId, replicationFactor ?? 1)
}

function idsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

export function isPartition({ broker }: RequestContext, topic: string, partition: number): boolean {
  return broker.topics.has(topic) && partition >= 0 && partition < broker.topics.get(topic).partitions
}
