import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { refusalOf } from '../refusal.ts'

type Asked = RequestOf<'deleteRecords'>['topics'][number]['partitions'][number]
type PartitionAnswer = NonNullable<NonNullable<ResponseDraft<'deleteRecords'>['topics']>[number]['partitions']>[number]

/** Asks for all that can be deleted. Kafka deletes up to the high watermark, this log up to the last stable offset. */
const all = -1

/** Deletes what lies before an offset; each partition for itself. */
export const answerDeleteRecords: Handler<'deleteRecords'> = async ({ topics }, context) => ({
  throttleTimeMs: 0,
  topics: await Promise.all(
    topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(partitions.map((one) => deleted(name, one, context))),
    })),
  ),
})

async function deleted(topic: string, asked: Asked, { broker }: RequestContext): Promise<PartitionAnswer> {
  const { partitionIndex, offset } = asked
  try {
    const before = offset === all ? 'stable' : offset
    const [start] = await broker.topics.deleteRecords([{ topic, partition: partitionIndex, before }])
    return { partitionIndex, lowWatermark: start!, errorCode: 0 }
  } catch (error) {
    return { partitionIndex, lowWatermark: -1, errorCode: refusalOf(error).errorCode }
  }
}
