import type { RequestOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { isPartition } from '../cluster-view.ts'
import type { Handler } from '../handler.ts'

type Dir = RequestOf<'alterReplicaLogDirs'>['dirs'][number]

/** There is one data directory: a replica may be moved to where it is, and nowhere else. */
export const answerAlterReplicaLogDirs: Handler<'alterReplicaLogDirs'> = ({ dirs }, context) => {
  const codeOf = ({ path }: Dir, topic: string, partition: number): number => {
    if (path !== context.broker.directory.folder) return errorCodes.LOG_DIR_NOT_FOUND
    return isPartition(context, topic, partition) ? errorCodes.NONE : errorCodes.UNKNOWN_TOPIC_OR_PARTITION
  }
  const results = dirs.flatMap((dir) =>
    dir.topics.map(({ name, partitions }) => ({
      topicName: name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode: codeOf(dir, name, partitionIndex) })),
    })),
  )
  return { throttleTimeMs: 0, results }
}
