import type { Segment } from './segment.ts'

/**
 * The segments of one directory that stay open for readers although nobody reads them now: their log files, and the indexes of those
 * that are complete. Beyond the bounds those that were wanted longest ago are let go. Segments with something unsynced are not among
 * them: there are never more of those than the journal has room for partitions that fill their write-behind, and each is
 * settled by the next checkpoint.
 */
export interface OpenSegmentLimits {
  readonly openFiles: number
  readonly indexBytes: number
}

export class OpenSegments {
  private readonly limits: OpenSegmentLimits
  /** With the bytes of its indexes, the latest last. */
  private readonly held = new Map<Segment, number>()
  private heldBytes = 0

  constructor(limits: OpenSegmentLimits) {
    this.limits = limits
  }

  /** Open files. */
  get size(): number {
    return this.held.size
  }

  /** Bytes of indexes that could be let go. */
  get indexBytes(): number {
    return this.heldBytes
  }

  /** Somebody wants it now. Everything that it has written is durable. */
  keep(segment: Segment): void {
    this.forget(segment)
    const { indexBytes } = segment
    this.held.set(segment, indexBytes)
    this.heldBytes += indexBytes
    for (const coldest of this.held.keys()) {
      if (coldest === segment || !this.isTooMuch) return
      this.forget(coldest)
      coldest.letGo()
    }
  }

  private get isTooMuch(): boolean {
    return this.held.size > this.limits.openFiles || this.heldBytes > this.limits.indexBytes
  }

  /** It is let go by somebody else, or will be written. */
  forget(segment: Segment): void {
    const bytes = this.held.get(segment)
    if (bytes === undefined) return
    this.held.delete(segment)
    this.heldBytes -= bytes
  }
}
