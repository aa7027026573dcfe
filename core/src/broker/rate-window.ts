/** quota.window.num and quota.window.size.seconds of Kafka. */
export const quotaWindows = 11
export const quotaWindowMs = 1_000

/**
 * A rate over the newest seconds, as Kafka's quotas measure it: eleven windows of a second, of which the last is not over yet. A client
 * that was quiet may use ten seconds' worth at once.
 */
export class RateWindow {
  private readonly sums = new Float64Array(quotaWindows)
  private readonly startedAt: number
  /** Number of the window that is not over, counted from the start. */
  private newest = 0

  constructor(now: number) {
    this.startedAt = now
  }

  record(value: number, now: number): void {
    this.advance(now)
    this.sums[this.newest % quotaWindows]! += value
  }

  /** Takes it back, in the same turn in which it was recorded. */
  unrecord(value: number): void {
    this.sums[this.newest % quotaWindows]! -= value
  }

  /** What stands in the windows. */
  total(now: number): number {
    this.advance(now)
    return this.sums.reduce((sum, one) => sum + one, 0)
  }

  /** How long nothing more may come, for the rate to be down at `bound` a second; 0 where it is not above. */
  throttleMs(bound: number, now: number): number {
    const total = this.total(now)
    const elapsedMs = (quotaWindows - 1) * quotaWindowMs + this.intoNewestMs(now)
    const rate = (total * 1_000) / elapsedMs
    return rate <= bound ? 0 : Math.max(1, Math.round(((rate - bound) / bound) * elapsedMs))
  }

  private intoNewestMs(now: number): number {
    return Math.max(0, now - this.startedAt - this.newest * quotaWindowMs)
  }

  private advance(now: number): void {
    const current = Math.max(this.newest, Math.floor((now - this.startedAt) / quotaWindowMs))
    const steps = Math.min(current - this.newest, quotaWindows)
    for (let step = 0; step < steps; step++) this.sums[(current - step) % quotaWindows] = 0
    this.newest = current
  }
}

/**
 * Tokens that come back at a rate, for work that cannot be stopped half way (KIP-599): it is taken on while there is any token, and may
 * leave a debt.
 */
export class TokenBucket {
  private tokens: number
  private at: number

  constructor(perSecond: number, now: number) {
    this.tokens = burstOf(perSecond)
    this.at = now
  }

  take(count: number, perSecond: number, now: number): void {
    this.tokens = this.left(perSecond, now) - count
    this.at = now
  }

  /** Until the debt is paid; 0 where there is none. */
  throttleMs(perSecond: number, now: number): number {
    const left = this.left(perSecond, now)
    return left >= 0 ? 0 : Math.max(1, Math.round((-left * 1_000) / perSecond))
  }

  private left(perSecond: number, now: number): number {
    return Math.min(burstOf(perSecond), this.tokens + ((now - this.at) / 1_000) * perSecond)
  }
}

function burstOf(perSecond: number): number {
  return (perSecond * quotaWindows * quotaWindowMs) / 1_000
}
