import { MillraceError } from '../../base/errors.ts'
import type { TopicPartition } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'
import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler } from '../handler.ts'

type Described = NonNullable<NonNullable<ResponseDraft<'describeProducers'>['topics']>[number]['partitions']>[number]

/** What partitions know of their producers, durably (KIP-664). */
export const answerDescribeProducers: Handler<'describeProducers'> = ({ topics }, { broker }) => ({
  throttleTimeMs: 0,
  topics: topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partition) => described({ topic: name, partition }, broker)),
  })),
})

function described(place: TopicPartition, { topics }: Broker): Described {
  const partitionIndex = place.partition
  try {
    const activeProducers = topics
      .log(place)
      .producers.snapshot()
      .map(({ producerId, epoch, lastSequence, timestamp, coordinatorEpoch, transactionFirstOffset }) => ({
        producerId,
        producerEpoch: epoch,
        lastSequence,
        lastTimestamp: timestamp,
        coordinatorEpoch,
        currentTxnStartOffset: transactionFirstOffset,
      }))
    return { partitionIndex, errorCode: errorCodes.NONE, activeProducers }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { partitionIndex, errorCode: wireErrorOf(error), errorMessage: error.message, activeProducers: [] }
  }
}
