import { Metadata, type MetadataRecord } from '../coordinator/metadata.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { batchOf } from './log-batches.ts'
import { ReplayedPartition } from './replayed-partition.ts'

/**
 * What the log knows about itself, on its partition: whoever changes it decides by it and queues records in one turn.
 *
 * Invariants
 *   ML1  What a change has queued is in the view in the same turn; `answer` tells of it once it is durable.
 */
export class MetadataLog {
  private readonly directory: LogDirectory
  private readonly metadata: ReplayedPartition<Metadata>
  private current: Metadata = new Metadata()
  /** Who wants to know that something came, went or changed. */
  private readonly watches = new Set<() => void>()

  constructor(directory: LogDirectory, log: PartitionLog) {
    this.directory = directory
    this.metadata = new ReplayedPartition(directory, log, () => new Metadata(), applyMetadata)
  }

  /** Loads it. @throws SEGMENT_DAMAGED or UNSUPPORTED_FORMAT when it cannot be read; nothing has been changed then */
  async open(): Promise<void> {
    await this.look()
    this.directory.onRollBack(() => void this.look().catch(ignore))
  }

  /** Read synchronously by the hot paths; it may be ahead of what is durable. */
  get view(): Metadata {
    return this.current
  }

  private async look(): Promise<void> {
    await this.metadata.use((metadata) => {
      this.current = metadata
    })
    for (const watch of this.watches) watch()
  }

  /** Calls back after each change. Returns the way to stop. */
  onChange(watch: () => void): () => void {
    this.watches.add(watch)
    return () => this.watches.delete(watch)
  }

  /** What there is, once it is durable. */
  answer<T>(ask: (metadata: Metadata) => T): Promise<T> {
    return this.metadata.answer(ask)
  }

  /** Decides by the metadata, queues the records and applies them in the same turn; resolves when they are durable. */
  async change(decide: (metadata: Metadata) => readonly MetadataRecord[]): Promise<void> {
    try {
      await this.metadata.use((metadata) => {
        this.current = metadata
        const records = decide(metadata)
        if (records.length === 0) return undefined
        const batch = batchOf(records, this.directory.world.clock.now())
        const { durable } = this.directory.append([{ log: this.metadata.log, batch }])
        this.metadata.replay([batch])
        return durable
      })
    } finally {
      await this.look().catch(ignore)
    }
  }
}

function applyMetadata(metadata: Metadata, batch: Uint8Array): void {
  forEachRecord(batch, ({ key, value }) => {
    if (key !== null) metadata.replay({ key: utf8(key), value: value === null ? null : utf8(value) })
  })
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
