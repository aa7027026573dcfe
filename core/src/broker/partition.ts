import type { PartitionLog } from '../log/partition-log.ts'

/** A partition as the broker hands it to clients. They read it; they append through the broker alone. */
export type Partition = PartitionLog
