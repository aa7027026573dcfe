import { assert } from '../base/assert.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { lastOffsetOf } from '../record/batch-header.ts'

/**
 * A state machine that stands on one partition: loaded by replaying it, kept by replaying what is queued.
 *
 * Invariants
 *   C1  The machine equals the replay of the partition up to what is queued: whoever decides by it queues the records and calls
 *       `replay` in the turn in which it is loaded.
 *   C2  When queued records are forgotten (a round failed), the machine is thrown away and loaded again before it answers.
 *   C3  `answer` tells nobody of records that are queued and not durable.
 */
const readBytes = 1 << 20

export class ReplayedPartition<Machine> {
  readonly log: PartitionLog
  private readonly directory: LogDirectory
  private readonly make: () => Machine
  private readonly apply: (machine: Machine, batch: Uint8Array) => void
  private current: Machine | null = null
  private loading: Promise<Machine> | null = null

  constructor(
    directory: LogDirectory,
    log: PartitionLog,
    make: () => Machine,
    apply: (machine: Machine, batch: Uint8Array) => void,
  ) {
    this.directory = directory
    this.log = log
    this.make = make
    this.apply = apply
    directory.onRollBack(() => this.forget())
  }

  /** The machine in this turn; null while it is not loaded. */
  get loaded(): Machine | null {
    return this.current
  }

  /** Loads the machine. What the caller finds in its own turn stands in `loaded`. @throws SEGMENT_DAMAGED, READ_FAILED, CLOSED */
  async load(): Promise<void> {
    if (this.current !== null) return
    const loading = (this.loading ??= this.read())
    try {
      const machine = await loading
      if (this.loading === loading) this.current = machine
    } finally {
      if (this.loading === loading) this.loading = null
    }
  }

  private async read(): Promise<Machine> {
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

  /** Runs in a turn in which the machine is loaded. */
  async use<T>(decide: (machine: Machine) => T | Promise<T>): Promise<T> {
    while (this.current === null) await this.load()
    return decide(this.current)
  }

  /** What the machine says, once everything that it stands on is durable. */
  async answer<T>(ask: (machine: Machine) => T): Promise<T> {
    for (;;) {
      const answer = await this.use(ask)
      if (await this.directory.settled()) return answer
      if (this.directory.failed !== null) return this.use(ask) // nothing is queued any more
    }
  }

  /** What was just queued for this partition. */
  replay(batches: readonly Uint8Array[]): void {
    assert(this.current !== null, 'records were queued for a machine that is not loaded')
    for (const batch of batches) this.apply(this.current, batch)
  }

  private forget(): void {
    this.current = null
    this.loading = null
  }
}
