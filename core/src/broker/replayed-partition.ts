import type { PartitionLog } from '../log/partition-log.ts'
import { lastOffsetOf } from '../record/batch-header.ts'

/**
 * A state machine that stands on one partition: loaded by replaying it, kept by replaying what is queued.
 *
 * Invariants
 *   C1  The machine equals the replay of the partition up to what is queued; `replay` follows `append` in the same turn.
 *   C2  When queued records are forgotten (a round failed), the machine is thrown away and loaded again before it answers.
 */
const readBytes = 1 << 20

export class ReplayedPartition<Machine> {
  readonly log: PartitionLog
  private readonly make: () => Machine
  private readonly apply: (machine: Machine, batch: Uint8Array) => void
  private current: Machine | null = null
  private loading: Promise<Machine> | null = null

  constructor(log: PartitionLog, make: () => Machine, apply: (machine: Machine, batch: Uint8Array) => void) {
    this.log = log
    this.make = make
    this.apply = apply
  }

  /** The machine, loaded. What the caller decides by it must be queued in the same turn. */
  async machine(): Promise<Machine> {
    while (this.current === null) {
      this.loading ??= this.load()
      const loaded = await this.loading
      if (this.loading === null) continue // forgotten while it was read
      this.loading = null
      this.current = loaded
    }
    return this.current
  }

  private async load(): Promise<Machine> {
    const machine = this.make()
    let offset = this.log.startOffset
    while (offset < this.log.highWatermark) {
      for (const batch of await this.log.read(offset, this.log.highWatermark, readBytes)) {
        this.apply(machine, batch)
        offset = lastOffsetOf(batch, 0) + 1
      }
    }
    return machine
  }

  /** What was just queued for this partition. */
  replay(batches: readonly Uint8Array[]): void {
    if (this.current === null) return
    for (const batch of batches) this.apply(this.current, batch)
  }

  forget(): void {
    this.current = null
    this.loading = null
  }
}
