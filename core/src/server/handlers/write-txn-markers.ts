import { MillraceError } from '../../base/errors.ts'
import type { TopicPartition } from '../../base/ids.ts'
import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler, RequestContext } from '../handler.ts'

type Marker = RequestOf<'writeTxnMarkers'>['markers'][number]

/**
 * Aborts a transaction that hangs, partition by partition (KIP-664). Stricter than Kafka, which writes whatever marker it is told: a
 * transaction that a coordinator knows of is ended by it alone, and none is committed this way.
 */
export const answerWriteTxnMarkers: Handler<'writeTxnMarkers'> = async ({ markers }, context) => ({
  markers: await Promise.all(
    markers.map(async (marker) => ({
      producerId: marker.producerId,
      topics: await Promise.all(
        marker.topics.map(async ({ name, partitionIndexes }) => ({
          name,
          partitions: await Promise.all(
            partitionIndexes.map(async (partitionIndex) => ({
              partitionIndex,
              errorCode: await abort(marker, { topic: name, partition: partitionIndex }, context),
            })),
          ),
        })),
      ),
    })),
  ),
})

async function abort(
  { producerId, producerEpoch, transactionResult }: Marker,
  place: TopicPartition,
  { broker }: RequestContext,
): Promise<number> {
  if (transactionResult) return errorCodes.INVALID_REQUEST
  try {
    await broker.transactions.inspection.abortHangingOf(place, { producerId, producerEpoch })
    return errorCodes.NONE
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return wireErrorOf(error)
  }
}
