import type { PartitionFolderOptions } from './partition-folder.ts'

/** Kafka's defaults. */
export const folderDefaults: PartitionFolderOptions = {
  segmentBytes: 1 << 30,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 << 20,
  indexIntervalBytes: 4096,
}
