import { DiskError, type Disk } from '../base/disk.ts'
import { replaceHelper } from '../storage/atomic-file.ts'
import type { PartitionCheckpoint } from '../storage/checkpoint.ts'
import { offsetCheckpoint } from '../storage/offset-checkpoint.ts'

/**
 * Kafka's own checkpoints of a log directory, as they stand after a clean close, for whoever moves folders to a Kafka. They are no
 * evidence: Millrace never reads them, and one that cannot be written is left out.
 */
export async function writeKafkaCheckpoints(disk: Disk, folder: string, rows: Iterable<PartitionCheckpoint>): Promise<void> {
  const all = [...rows]
  const files = {
    'recovery-point-offset-checkpoint': all.map((row) => ({ ...row, offset: row.recoveryOffset })),
    'replication-offset-checkpoint': all.map((row) => ({ ...row, offset: row.recoveryOffset })),
    'log-start-offset-checkpoint': all.map((row) => ({ ...row, offset: row.startOffset })),
    'cleaner-offset-checkpoint': all.flatMap((row) => (row.cleanedTo ? [{ ...row, offset: row.cleanedTo }] : [])),
  }
  try {
    for (const [name, offsets] of Object.entries(files))
      await replaceHelper(disk, `${folder}/${name}`, Buffer.from(offsetCheckpoint(offsets)))
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}
