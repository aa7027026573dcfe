import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler, RequestContext } from '../handler.ts'

type PartitionAnswer = NonNullable<ResponseDraft<'describeQuorum'>['topics'][number]['partitions']>[number]
type AskedTopic = RequestOf<'describeQuorum'>['topics'][number]

/** The topic that Kafka keeps metadata in, and that tools ask about; here it is one of our own. */
const kafkasTopic = '__cluster_metadata'
const ownTopic = '__millrace_meta'
const noDirectoryId = '0'.repeat(32)

/** The quorum of one: the node votes for itself, and is never behind. */
export const answerDescribeQuorum: Handler<'describeQuorum'> = ({ topics }, context) => {
  const { server, advertised, version } = context
  const self = { nodeId: server.nodeId, listeners: [{ name: 'CONTROLLER', host: advertised.host, port: advertised.port }] }
  return {
    errorCode: errorCodes.NONE,
    errorMessage: null,
    topics: topics.map((topic) => quorumOf(topic, context)),
    nodes: version >= 2 ? [self] : [],
  }
}

function quorumOf(
  { topicName, partitions }: AskedTopic,
  context: RequestContext,
): ResponseDraft<'describeQuorum'>['topics'][number] {
  return {
    topicName,
    partitions: partitions.map(({ partitionIndex }) =>
      topicName === kafkasTopic && partitionIndex === 0 ? quorum(context) : unknown(partitionIndex),
    ),
  }
}

function quorum({ broker, server }: RequestContext): PartitionAnswer {
  const { highWatermark } = broker.topics.log({ topic: ownTopic, partition: 0 })
  const now = broker.directory.world.clock.now()
  const self = {
    replicaId: server.nodeId,
    replicaDirectoryId: noDirectoryId,
    logEndOffset: highWatermark,
    lastFetchTimestamp: now,
    lastCaughtUpTimestamp: now,
  }
  return {
    partitionIndex: 0,
    errorCode: errorCodes.NONE,
    errorMessage: null,
    leaderId: server.nodeId,
    leaderEpoch: broker.directory.epoch,
    highWatermark,
    currentVoters: [self],
    observers: [],
  }
}

function unknown(partitionIndex: number): PartitionAnswer {
  return {
    partitionIndex,
    errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    errorMessage: `only ${kafkasTopic}-0 has a quorum`,
    leaderId: -1,
    leaderEpoch: -1,
    highWatermark: -1,
    currentVoters: [],
    observers: [],
  }
}
