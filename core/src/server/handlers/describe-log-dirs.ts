import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler, RequestContext } from '../handler.ts'

type Asked = NonNullable<RequestOf<'describeLogDirs'>['topics']>[number]
type DirAnswer = NonNullable<ResponseDraft<'describeLogDirs'>['results']>[number]
type TopicAnswer = DirAnswer['topics'][number]

/** The data directory, and how much of it each partition takes: its batches, in the journal or in segments. Partitions that are not there are left out. */
export const answerDescribeLogDirs: Handler<'describeLogDirs'> = async ({ topics }, context) => {
  const asked = topics ?? (await allOf(context))
  const results = asked.map((one) => sizesOf(one, context)).filter(({ partitions }) => partitions.length > 0)
  const { folder } = context.broker.directory
  return {
    throttleTimeMs: 0,
    errorCode: errorCodes.NONE,
    results: [{ errorCode: errorCodes.NONE, logDir: folder, topics: results }],
  }
}

async function allOf({ broker }: RequestContext): Promise<Asked[]> {
  const topics = await broker.topics.list()
  return topics.map(({ topic, partitions }) => ({ topic, partitions: Array.from({ length: partitions }, (_, index) => index) }))
}

function sizesOf({ topic, partitions }: Asked, { broker }: RequestContext): TopicAnswer {
  if (!broker.topics.has(topic)) return { name: topic, partitions: [] }
  const { partitions: count } = broker.topics.get(topic)
  // Those that are not open hold nothing: to ask for their size opens no file.
  const sizes = new Map(broker.topics.opened(topic).map((log) => [log.partition, log.sizeBytes]))
  return {
    name: topic,
    partitions: [...new Set(partitions)]
      .filter((partition) => partition >= 0 && partition < count)
      .map((partitionIndex) => ({
        partitionIndex,
        partitionSize: sizes.get(partitionIndex) ?? 0,
        offsetLag: 0,
        isFutureKey: false,
      })),
  }
}
