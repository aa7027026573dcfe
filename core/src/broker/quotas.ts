import type { Clock } from '../base/clock.ts'
import { coreError } from '../base/error-catalogue.ts'
import {
  type Bound,
  type ClientQuotas,
  type EntityMatch,
  type EntityQuotas,
  type QuotaEntity,
  type QuotaName,
} from '../coordinator/client-quotas.ts'
import type { MetadataLog } from './metadata-log.ts'
import { quotaWindowMs, quotaWindows, RateWindow, TokenBucket } from './rate-window.ts'

export {
  entityTypes,
  type EntityMatch,
  type EntityQuotas,
  type EntityType,
  type QuotaEntity,
} from '../coordinator/client-quotas.ts'

/** Who a request counts for. */
export interface Payer {
  readonly user: string
  readonly clientId: string
}

/** Null removes a quota. */
export type QuotaChanges = Readonly<Record<string, number | null>>

/** Partitions that one request makes and removes. */
export interface MutationQuota {
  /** How long the client is to wait, as things stand. */
  readonly throttleMs: number
  /** @throws THROTTLING_QUOTA_EXCEEDED where the client knows what that is */
  take(partitions: number): void
}

/** Those that are counted for; whoever was quiet for longest is forgotten first. */
const maxTracked = 10_000
const longestMs = 2 ** 31 - 1

/**
 * Quotas: what they are, and how much of them is used.
 *
 * Invariants
 *   QU1  What is kept for counting is bounded. Nothing is counted for whom no quota holds.
 *   QU2  Times are the clock's monotonic ones; what is counted is lost when the log is closed.
 */
export class Quotas {
  private readonly metadata: MetadataLog
  private readonly clock: Clock
  private readonly rates: Tracked<RateWindow>
  private readonly buckets: Tracked<TokenBucket>

  constructor(metadata: MetadataLog, clock: Clock, limit: number = maxTracked) {
    this.metadata = metadata
    this.clock = clock
    this.rates = new Tracked(limit)
    this.buckets = new Tracked(limit)
  }

  private get quotas(): ClientQuotas {
    return this.metadata.view.clientQuotas
  }

  // What they are

  /** All or none; resolves when it is durable. @throws INVALID_QUOTA */
  alter(entity: QuotaEntity, changes: QuotaChanges): Promise<void> {
    return this.metadata.change(({ clientQuotas }) => clientQuotas.alter(entity, changes))
  }

  /** Refuses what `alter` would refuse. */
  check(entity: QuotaEntity, changes: QuotaChanges): void {
    this.quotas.alter(entity, changes)
  }

  describe(matches: readonly EntityMatch[], isStrict: boolean): Promise<readonly EntityQuotas[]> {
    return this.metadata.answer(({ clientQuotas }) => clientQuotas.find(matches, isStrict))
  }

  // How much is used. What they return is for how many milliseconds the client is to be left alone; 0: it may go on.

  /** A produce request of so many bytes. */
  produced(payer: Payer, bytes: number): number {
    return this.counted('producer_byte_rate', payer, bytes)
  }

  /** A request that took the event loop for so long. At most a second at once. */
  requested(payer: Payer, spentMs: number): number {
    return Math.min(this.counted('request_percentage', payer, spentMs / 10), quotaWindowMs)
  }

  get measuresRequests(): boolean {
    return this.quotas.has('request_percentage')
  }

  /**
   * Record batches that are about to leave. Where they are too many they are not sent, and not counted. The first ones after ten quiet
   * seconds are sent in any case, and paid for afterwards: a batch that is larger than the quota would never be read. (Kafka never
   * sends it.)
   */
  fetched(payer: Payer, bytes: number): { readonly throttleMs: number; readonly isSent: boolean } {
    const bound = this.boundOf('consumer_byte_rate', payer)
    if (bound === undefined || bytes === 0) return { throttleMs: 0, isSent: true }
    const now = this.clock.monotonic()
    const window = this.window('consumer_byte_rate', bound)
    const isFirst = window.total(now) === 0
    window.record(bytes, now)
    const throttleMs = Math.min(window.throttleMs(bound.value, now), longestMs)
    if (throttleMs > 0 && !isFirst) window.unrecord(bytes)
    return { throttleMs, isSent: throttleMs === 0 || isFirst }
  }

  /** What a fetch may read at most: more would be throttled in any case. */
  mostFetched(payer: Payer): number {
    const bound = this.boundOf('consumer_byte_rate', payer)
    return bound === undefined ? Infinity : Math.max(1, bound.value * (quotaWindows - 1) * (quotaWindowMs / 1_000))
  }

  /** A new connection. One that is too many is not counted. */
  connected(ip: string): number {
    const name = 'connection_creation_rate'
    const bound = this.quotas.has(name) ? this.quotas.boundOfAddress(name, ip) : undefined
    if (bound === undefined) return 0
    const now = this.clock.monotonic()
    const window = this.window(name, bound)
    window.record(1, now)
    const throttleMs = Math.min(window.throttleMs(bound.value, now), quotaWindowMs)
    if (throttleMs > 0) window.unrecord(1)
    return throttleMs
  }

  /** `isStrict`: the client knows a refusal for it (KIP-599); else it is only made to wait. */
  mutations(payer: Payer, isStrict: boolean): MutationQuota {
    const name = 'controller_mutation_rate'
    const bound = this.boundOf(name, payer)
    if (bound === undefined) return unlimited
    const { clock } = this
    const bucket = this.buckets.of(`${name}/${bound.sharedBy}`, () => new TokenBucket(bound.value, clock.monotonic()))
    const throttleMs = (): number => Math.min(bucket.throttleMs(bound.value, clock.monotonic()), longestMs)
    let waitMs = 0
    return {
      get throttleMs() {
        return waitMs
      },
      take(partitions) {
        const debtMs = throttleMs()
        if (isStrict && debtMs > 0) {
          waitMs = debtMs
          throw exceeded(debtMs)
        }
        bucket.take(partitions, bound.value, clock.monotonic())
        if (!isStrict) waitMs = throttleMs()
      },
    }
  }

  private counted(name: QuotaName, payer: Payer, value: number): number {
    const bound = this.boundOf(name, payer)
    if (bound === undefined) return 0
    const now = this.clock.monotonic()
    const window = this.window(name, bound)
    window.record(value, now)
    return Math.min(window.throttleMs(bound.value, now), longestMs)
  }

  private boundOf(name: QuotaName, { user, clientId }: Payer): Bound | undefined {
    return this.quotas.has(name) ? this.quotas.boundOf(name, user, clientId) : undefined
  }

  private window(name: QuotaName, { sharedBy }: Bound): RateWindow {
    return this.rates.of(`${name}/${sharedBy}`, () => new RateWindow(this.clock.monotonic()))
  }
}

const unlimited: MutationQuota = Object.freeze({ throttleMs: 0, take: () => {} })

function exceeded(throttleMs: number): Error {
  return coreError('THROTTLING_QUOTA_EXCEEDED', {
    what: 'the client has made and removed more partitions than its quota allows',
    received: `too early by ${throttleMs} ms`,
  })
}

/** At most so many; the one unused for longest makes room. */
class Tracked<T> {
  private readonly limit: number
  private readonly entries = new Map<string, T>()

  constructor(limit: number) {
    this.limit = limit
  }

  of(key: string, make: () => T): T {
    const found = this.entries.get(key) ?? make()
    this.entries.delete(key)
    this.entries.set(key, found)
    const [oldest] = this.entries.keys()
    if (this.entries.size > this.limit && oldest !== undefined) this.entries.delete(oldest)
    return found
  }
}
