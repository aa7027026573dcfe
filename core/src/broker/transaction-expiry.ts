import { batchOf } from './log-batches.ts'
import type { TransactionHome, TransactionHomes } from './transaction-homes.ts'

/** Kafka looks for expired ids once an hour. */
const sweepMs = 3_600_000
/** So many tombstones stand in one batch. */
const batchRecords = 20

/**
 * Forgets transactional ids that had nothing to do for `transactional.id.expiration.ms`: ids made up for one run each would otherwise
 * stay for ever. Only somebody who opens an id makes the log grow by it, so that is when it is looked, once an hour; no timer runs.
 * Those of producers that are open in this process are held: they may be silent for as long as they like.
 */
export class TransactionExpiry {
  private readonly homes: TransactionHomes
  private readonly held = new Map<string, number>()
  /** Monotonic. */
  private last: number

  constructor(homes: TransactionHomes) {
    this.homes = homes
    this.last = homes.world.clock.monotonic()
  }

  /** A producer has the id open. */
  hold(id: string): void {
    this.held.set(id, (this.held.get(id) ?? 0) + 1)
  }

  release(id: string): void {
    const left = (this.held.get(id) ?? 0) - 1
    if (left > 0) this.held.set(id, left)
    else this.held.delete(id)
  }

  /** At most once an hour. What fails is tried an hour later. */
  async sweepSometimes(): Promise<void> {
    const now = this.homes.world.clock.monotonic()
    if (now - this.last < sweepMs) return
    this.last = now
    await this.sweep().catch(ignore)
  }

  async sweep(): Promise<void> {
    for (const home of this.homes.withData()) await home.use(() => this.expire(home))
  }

  private async expire(home: TransactionHome): Promise<void> {
    const now = this.homes.world.clock.now()
    const { records } = home.loaded!.expire(now, (id) => this.held.has(id))
    const queued: Promise<void>[] = []
    for (let at = 0; at < records.length; at += batchRecords) {
      const batch = batchOf(records.slice(at, at + batchRecords), now)
      queued.push(this.homes.queue([{ log: home.log, batch, home }]).durable)
    }
    await Promise.all(queued)
  }
}

function ignore(): void {
  // The ids stay a while longer.
}
