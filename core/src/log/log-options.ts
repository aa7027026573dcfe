import type { JournalGeometry } from '../storage/journal.ts'
import type { OpenSegmentLimits } from '../storage/open-segments.ts'

/** When an append counts as acknowledged. */
export type Durability = 'sync' | 'os'

/** The sizes that shape a log directory. Only a simulation changes them, so that every border is crossed in a few records. */
export interface LogGeometry {
  /** Fixed when the directory is made. */
  readonly journal: JournalGeometry
  /** A round takes no more than this, unless one transaction is larger. */
  readonly roundBytes: number
  /** One transaction may not be larger. */
  readonly maxFrameBytes: number
  /** Bytes that one partition gathers before they are written to its segment. */
  readonly writeBehindBytes: number
  /** Newest batches kept in memory for readers, over all partitions. What no segment has is kept in any case. */
  readonly tailBytes: number
  /** Files of segments that stay open although nobody writes or reads them, and what their indexes take in memory. */
  readonly openSegments: OpenSegmentLimits
  /** Of the segments of the log's own topics, which are compacted once one is full. */
  readonly internalSegmentBytes: number
}

const MiB = 1 << 20

export const defaultGeometry: LogGeometry = {
  journal: { fileBytes: 64 * MiB, blockBytes: 4096 },
  roundBytes: 4 * MiB,
  maxFrameBytes: 16 * MiB,
  writeBehindBytes: 256 * 1024,
  tailBytes: 32 * MiB,
  openSegments: { openFiles: 512, indexBytes: 64 * MiB },
  internalSegmentBytes: 4 * MiB,
}
