import type { Timer } from '../base/clock.ts'
import { MillraceError } from '../base/errors.ts'
import { isIntegerFrom, readOptions, type OptionRules } from '../base/options.ts'
import type { TopicSettings } from '../coordinator/topic-settings.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Groups } from './groups.ts'
import type { Topics } from './topics.ts'

/** When old data is looked for, and how much memory that may take. The names in brackets are Kafka's. */
export interface MaintenanceOptions {
  /** Between two looks at retention (`log.retention.check.interval.ms`). Default 5 minutes. */
  readonly retentionIntervalMs?: number
  /** Between two looks for something to compact (`log.cleaner.backoff.ms`). Default 15 seconds. */
  readonly compactionIntervalMs?: number
  /** For the keys of one partition while it is compacted (`log.cleaner.dedupe.buffer.size`), 24 bytes each. Default 64 MiB. */
  readonly compactionBufferBytes?: number
  /** How long an idle producer is remembered (`producer.id.expiration.ms`). Default 1 day. */
  readonly producerIdExpirationMs?: number
  /** How long the offsets of a group without members are kept (`offsets.retention.minutes`). Default 7 days. */
  readonly offsetsRetentionMs?: number
}

const aboveZero = { check: isIntegerFrom(1), expected: 'a number of milliseconds above 0' }

const maintenanceRules: OptionRules<Required<MaintenanceOptions>> = {
  retentionIntervalMs: { ...aboveZero, default: 300_000 },
  compactionIntervalMs: { ...aboveZero, default: 15_000 },
  compactionBufferBytes: { check: isIntegerFrom(1024), expected: 'at least 1024 bytes', default: 64 << 20 },
  producerIdExpirationMs: { ...aboveZero, default: 86_400_000 },
  offsetsRetentionMs: { ...aboveZero, default: 7 * 86_400_000 },
}

/**
 * What the log does by itself in the course of time. Nothing of it is urgent: what fails is tried again at the next turn, and a
 * failure of the disk shows itself to whoever writes. A partition whose data is damaged is left out until the log is opened again.
 */
export class Maintenance {
  private readonly directory: LogDirectory
  private readonly topics: Topics
  private readonly groups: Groups
  private readonly options: Required<MaintenanceOptions>
  private readonly timers = new Set<Timer>()
  private readonly uncleanable = new WeakMap<PartitionLog, MillraceError>()
  private stopped = false
  private work: Promise<unknown> = Promise.resolve()

  constructor(directory: LogDirectory, topics: Topics, groups: Groups, options: MaintenanceOptions = {}) {
    this.directory = directory
    this.topics = topics
    this.groups = groups
    this.options = readOptions<Required<MaintenanceOptions>>('maintenance', options, maintenanceRules)
  }

  /** From here on it runs by the clock. */
  start(): void {
    const { retentionIntervalMs, compactionIntervalMs } = this.options
    this.repeat(retentionIntervalMs, () => this.retain())
    this.repeat(retentionIntervalMs, () => this.expireOffsets())
    this.repeat(compactionIntervalMs, () => this.compact())
  }

  private repeat(intervalMs: number, task: () => Promise<void>): void {
    if (this.stopped) return
    const timer = this.directory.world.clock.inBackground(intervalMs, () => {
      this.timers.delete(timer)
      const again = (): void => this.repeat(intervalMs, task)
      this.inTurn(task).then(again, again)
    })
    this.timers.add(timer)
  }

  /** One look at everything, now; after one that is under way. @throws DISK_FULL, PARTITION_FENCED, JOURNAL_FAILED, SEGMENT_DAMAGED */
  async run(): Promise<void> {
    await this.inTurn(() => this.retain())
    await this.inTurn(() => this.expireOffsets())
    await this.inTurn(() => this.compact())
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    const result = this.work.then(task)
    this.work = result.catch(ignore)
    return result
  }

  private async retain(): Promise<void> {
    if (this.stopped) return
    await this.directory.removal.settle()
    this.directory.removal.expireProducers(this.options.producerIdExpirationMs)
    const rules = [...this.topics.openLogs()].filter(
      ([, { deletes, retentionMs, retentionBytes }]) => deletes && (retentionMs < Infinity || retentionBytes < Infinity),
    )
    await this.directory.removal.retain(rules)
  }

  private async expireOffsets(): Promise<void> {
    if (!this.stopped) await this.groups.expireOffsets(this.options.offsetsRetentionMs)
  }

  /** What is wrong with one partition keeps no other from being compacted; the first error is reported at the end. */
  private async compact(): Promise<void> {
    let failure: unknown = null
    for (const [log, settings] of this.topics.openLogs()) {
      if (!settings.compacts || this.uncleanable.has(log)) continue
      try {
        await this.compactOne(log, settings)
      } catch (error) {
        failure ??= error
        if (error instanceof MillraceError && error.outcome === 'fatal') this.uncleanable.set(log, error)
      }
    }
    if (failure !== null) throw failure
  }

  private async compactOne(log: PartitionLog, settings: TopicSettings): Promise<void> {
    if (this.stopped) return
    const { compactionBufferBytes: mapBytes } = this.options
    await this.directory.removal.compact(log, { ...settings, mapBytes }, () => this.stopped)
  }

  /** Ends with what is under way, at its next step. */
  async stop(): Promise<void> {
    this.stopped = true
    for (const timer of this.timers) timer.cancel()
    await this.work
  }
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
