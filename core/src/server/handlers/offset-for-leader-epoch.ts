import { MillraceError } from '../../base/errors.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { epochError } from '../leader-epoch.ts'

type Asked = RequestOf<'offsetForLeaderEpoch'>['topics'][number]['partitions'][number]
type Answer = NonNullable<NonNullable<ResponseDraft<'offsetForLeaderEpoch'>['topics']>[number]['partitions']>[number]

/** Where the records of an epoch end: a consumer that has read further was on another branch of the log (KIP-320). */
export const answerOffsetForLeaderEpoch: Handler<'offsetForLeaderEpoch'> = ({ topics }, context) => ({
  throttleTimeMs: 0,
  topics: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map((one) => end(topic, one, context)) })),
})

function end(topic: string, { partition, currentLeaderEpoch, leaderEpoch }: Asked, { broker }: RequestContext): Answer {
  try {
    const log = broker.topics.log({ topic, partition })
    const current = broker.directory.epoch
    const errorCode = epochError(currentLeaderEpoch, current)
    const found = errorCode === errorCodes.NONE && leaderEpoch >= 0 ? log.endOfEpoch(leaderEpoch, current) : null
    return { partition, errorCode, leaderEpoch: found?.epoch ?? -1, endOffset: found?.endOffset ?? -1 }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { partition, errorCode: wireErrorOf(error) }
  }
}
