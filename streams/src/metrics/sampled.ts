/**
 * Numbers over the last while: two windows of 30 seconds, the one that is open and the one before, as Kafka has them by default
 * (`metrics.sample.window.ms`, `metrics.num.samples`). Whoever keeps them turns the windows; recording reads no clock.
 */
export const sampleWindowMs = 30_000

export interface Sampled {
  /** The open window becomes the one before. */
  turn(nowMs: number): void
}

/** Mean, greatest and smallest of what was recorded. Recording allocates nothing. */
export class Stat implements Sampled {
  private count = 0
  private sum = 0
  private least = Infinity
  private most = -Infinity
  private countBefore = 0
  private sumBefore = 0
  private leastBefore = Infinity
  private mostBefore = -Infinity

  record(value: number): void {
    this.count++
    this.sum += value
    if (value < this.least) this.least = value
    if (value > this.most) this.most = value
  }

  /** So many times 0. */
  recordZeros(count: number): void {
    if (count === 0) return
    this.count += count
    if (this.least > 0) this.least = 0
    if (this.most < 0) this.most = 0
  }

  turn(): void {
    this.countBefore = this.count
    this.sumBefore = this.sum
    this.leastBefore = this.least
    this.mostBefore = this.most
    this.count = 0
    this.sum = 0
    this.least = Infinity
    this.most = -Infinity
  }

  /** NaN: nothing was recorded. */
  get avg(): number {
    return (this.sum + this.sumBefore) / (this.count + this.countBefore)
  }

  get max(): number {
    return finite(Math.max(this.most, this.mostBefore))
  }

  get min(): number {
    return finite(Math.min(this.least, this.leastBefore))
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN
}

/** How fast a number rises that somebody else counts. */
export class Rise implements Sampled {
  private readonly total: () => number
  private startedAt: number
  private totalAtStart: number
  private startedBefore: number
  private totalBefore: number

  constructor(total: () => number, nowMs: number) {
    this.total = total
    this.startedAt = this.startedBefore = nowMs
    this.totalAtStart = this.totalBefore = total()
  }

  turn(nowMs: number): void {
    this.startedBefore = this.startedAt
    this.totalBefore = this.totalAtStart
    this.startedAt = nowMs
    this.totalAtStart = this.total()
  }

  /** By how much, over both windows. */
  get change(): number {
    return this.total() - this.totalBefore
  }

  /** A second; 0 before any time has passed. */
  perSecond(nowMs: number): number {
    const elapsedMs = nowMs - this.startedBefore
    return elapsedMs <= 0 ? 0 : (this.change / elapsedMs) * 1000
  }
}
