import type { Clock, Timer } from '../base/clock.ts'
import type { TransactionState } from '../coordinator/transaction-state.ts'

/** How often open transactions are looked at, while there are any. */
const sweepMs = 10_000

interface Seen {
  readonly producerId: number
  readonly producerEpoch: number
  readonly startedAt: number
  /** Monotonic. */
  readonly since: number
}

/**
 * Which transactions are open for too long.
 *
 * Invariants
 *   Z1  Ages are measured on the monotonic clock, from when a transaction was first seen here: the wall clock may jump, and one that
 *       was found at an open gets its whole timeout again.
 *   Z2  A timer runs only while a transaction is open, or one that is decided waits for its markers.
 */
export class TransactionSweep {
  private readonly clock: Clock
  private readonly sweep: () => Promise<void>
  private readonly seen = new Map<string, Seen>()
  private timer: Timer | null = null
  private running: Promise<void> | null = null
  private stopped = false

  /** `sweep` is called after a while; it calls `watch` for every transaction that it leaves. */
  constructor(clock: Clock, sweep: () => Promise<void>) {
    this.clock = clock
    this.sweep = sweep
  }

  /** An id whose transaction is not complete. */
  watch(id: string, { producerId, producerEpoch, startedAt }: TransactionState): void {
    const seen = this.seen.get(id)
    if (seen?.producerId !== producerId || seen.producerEpoch !== producerEpoch || seen.startedAt !== startedAt) {
      this.seen.set(id, { producerId, producerEpoch, startedAt, since: this.clock.monotonic() })
    }
    this.start()
  }

  /** Looks again after a while. */
  start(): void {
    if (this.stopped || this.timer !== null || this.running !== null) return
    this.timer = this.clock.after(sweepMs, () => {
      this.timer = null
      this.running = this.sweep().finally(() => {
        this.running = null
        if (this.seen.size > 0) this.start()
      })
    })
  }

  /** Its transaction is complete. */
  forget(id: string): void {
    this.seen.delete(id)
  }

  get watched(): readonly string[] {
    return [...this.seen.keys()]
  }

  /** Whether the transaction that is watched for the id is older than its timeout. */
  isOverdue(id: string, { producerId, producerEpoch, startedAt, timeoutMs }: TransactionState): boolean {
    const seen = this.seen.get(id)
    if (seen?.producerId !== producerId || seen.producerEpoch !== producerEpoch || seen.startedAt !== startedAt) return false
    return this.clock.monotonic() - seen.since >= timeoutMs
  }

  /** No timer runs from here on; resolves when the sweep that is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true
    this.timer?.cancel()
    this.timer = null
    await this.running
  }
}
