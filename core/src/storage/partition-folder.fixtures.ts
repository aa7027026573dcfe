import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import { OpenSegments } from './open-segments.ts'
import type { FolderPlace, PartitionFolderOptions } from './partition-folder.ts'

/** Kafka's defaults. */
export const folderDefaults: PartitionFolderOptions = {
  segmentBytes: 1 << 30,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 << 20,
  indexIntervalBytes: 4096,
}

/** A folder that shares its bound of three open files with nobody. */
export function folderPlace(disk: Disk, path: string, topicId: TopicId): FolderPlace {
  return { disk, path, topicId, openSegments: new OpenSegments({ openFiles: 3, indexBytes: 200 }) }
}
