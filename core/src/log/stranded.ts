import type { Disk } from '../base/disk.ts'
import { endOf, strandedPath, writeStranded, type StrandedFile } from '../storage/stranded-file.ts'
import { keyOf, type PartitionPlace } from './partition-place.ts'
import type { PartitionLog } from './partition-log.ts'

/**
 * What partitions that have failed could not write to their folders. It is kept in files of its own, so that a checkpoint can let go of
 * the journal and the other partitions go on. The next open replays it before the journal.
 *
 * Invariants
 *   A1  A file is durable before a checkpoint names it, and removed only once one is durable that does not.
 *   A2  Row and file together hold the partition up to its high watermark: the file begins where the row ends.
 */
/** Of batches that are read at once. */
const chunkBytes = 4 << 20

export class Stranded {
  private readonly disk: Disk
  private readonly folder: string
  private readonly files: Map<string, StrandedFile>
  /** Of partitions that could not be opened: what was found for them. */
  private readonly held = new Map<string, Uint8Array[]>()
  private stale: string[] = []

  constructor(disk: Disk, folder: string, files: readonly StrandedFile[]) {
    this.disk = disk
    this.folder = folder
    this.files = new Map(files.map((file) => [keyOf(file), file]))
  }

  /** What a checkpoint has to name. */
  get list(): readonly StrandedFile[] {
    return [...this.files.values()]
  }

  has(of: PartitionPlace): boolean {
    return this.files.has(keyOf(of))
  }

  /** Takes a batch that recovery has found for a partition that cannot be opened. */
  hold(of: PartitionPlace, batch: Uint8Array): void {
    const key = keyOf(of)
    const batches = this.held.get(key)
    if (batches === undefined) this.held.set(key, [batch])
    else batches.push(batch)
  }

  /** Keeps everything that the partition has from that offset on. @throws DiskError, and why the log cannot read it */
  async keep(log: PartitionLog, from: number): Promise<void> {
    const key = keyOf(log)
    const known = this.files.get(key)
    const held = this.held.get(key)
    const end = held === undefined ? log.highWatermark : endOf(held)
    if (end <= (known?.endOffset ?? from)) return
    const file = await writeStranded(this.disk, this.folder, log, held ?? (await batchesOf(log, from)))
    this.drop(log)
    this.files.set(key, file)
  }

  /** The folder has everything, or nobody wants it any more. */
  drop(of: PartitionPlace): void {
    const key = keyOf(of)
    const file = this.files.get(key)
    if (file === undefined) return
    this.stale.push(strandedPath(this.folder, file))
    this.files.delete(key)
  }

  /** A checkpoint is durable that names `list` alone. */
  removeStale(): void {
    for (const path of this.stale.splice(0)) this.disk.remove(path)
  }
}

/** From the tail, and from segments as far as they are intact. */
async function batchesOf(log: PartitionLog, from: number): Promise<Uint8Array[]> {
  const batches: Uint8Array[] = []
  for (let next = from; next < log.highWatermark; next = endOf(batches)) {
    batches.push(...(await log.read(next, log.highWatermark, chunkBytes)))
  }
  return batches
}
