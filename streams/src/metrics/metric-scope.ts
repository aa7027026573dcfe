import { Rise, type Sampled, type Stat } from './sampled.ts'
import type { GroupName, SensorIn } from './stream-metric-catalogue.ts'
import type { Timing } from './timing.ts'

/** A metric of a scope as it is now. */
export interface ScopedMetric {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly value: number | string
}

/** Series of one group that share their tags and come and go together. */
export class MetricScope<G extends GroupName> {
  readonly group: G
  private readonly tags: Readonly<Record<string, string>>
  private readonly openedAt: number
  private readonly onClosed: (scope: MetricScope<GroupName>) => void
  private readonly readers = new Map<string, (nowMs: number) => number | string>()
  private readonly sampled: Sampled[] = []

  constructor(
    group: G,
    tags: Readonly<Record<string, string>>,
    openedAt: number,
    onClosed: (scope: MetricScope<GroupName>) => void,
  ) {
    this.group = group
    this.tags = tags
    this.openedAt = openedAt
    this.onClosed = onClosed
  }

  /** What is asked for when it is read: it must be cheap and must not throw. */
  show(name: SensorIn<G, 'counter' | 'gauge' | 'text'>, read: () => number | string): void {
    this.readers.set(name, read)
  }

  /** `-total` and `-rate` of what the owner counts. */
  counted(stem: SensorIn<G, 'counted'>, total: () => number): void {
    const rise = this.rise(total)
    this.readers.set(`${stem}-rate`, (nowMs) => rise.perSecond(nowMs))
    this.readers.set(`${stem}-total`, total)
  }

  /** `-avg` and `-max`. */
  measured(stem: SensorIn<G, 'measured'>, stat: Stat): void {
    this.meanAndMost(stem, stat)
  }

  /** `-min` as well. */
  spread(stem: SensorIn<G, 'spread'>, stat: Stat): void {
    this.meanAndMost(stem, stat)
    this.readers.set(`${stem}-min`, () => stat.min)
  }

  /** What is done again and again: `-rate` and `-total` of it, `-avg` and `-max` of each time. */
  timed(stem: SensorIn<G, 'counted'>, latency: SensorIn<G, 'measured'>, timing: Timing): void {
    this.counted(stem, () => timing.count)
    this.meanAndMost(latency, timing.each)
  }

  private meanAndMost(stem: string, stat: Stat): void {
    this.sampled.push(stat)
    this.readers.set(`${stem}-avg`, () => stat.avg)
    this.readers.set(`${stem}-max`, () => stat.max)
  }

  /** The share of time: of milliseconds that the owner adds up. */
  shareOfTime(name: SensorIn<G, 'gauge'>, spentMs: () => number): void {
    const rise = this.rise(spentMs)
    this.readers.set(name, (nowMs) => rise.perSecond(nowMs) / 1000)
  }

  /** How a total rises, over the windows of this scope. */
  rise(total: () => number): Rise {
    const rise = new Rise(total, this.openedAt)
    this.sampled.push(rise)
    return rise
  }

  turn(nowMs: number): void {
    for (const one of this.sampled) one.turn(nowMs)
  }

  read(nowMs: number): readonly ScopedMetric[] {
    return Array.from(this.readers, ([name, read]) => ({ name, tags: this.tags, value: read(nowMs) }))
  }

  /** Its series are gone. */
  close(): void {
    this.onClosed(this as unknown as MetricScope<GroupName>)
  }
}
