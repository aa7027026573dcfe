import { isIntegerFrom, readOptions, type OptionRules } from '../base/options.ts'
import type { Timer } from '../base/clock.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { Topics } from './topics.ts'

/** When old data is looked for. The names in brackets are Kafka's. */
export interface MaintenanceOptions {
  /** Between two looks at retention (`log.retention.check.interval.ms`). Default 5 minutes. */
  readonly retentionIntervalMs?: number
  /** How long an idle producer is remembered (`producer.id.expiration.ms`). Default 1 day. */
  readonly producerIdExpirationMs?: number
}

const maintenanceRules: OptionRules<Required<MaintenanceOptions>> = {
  retentionIntervalMs: { check: isIntegerFrom(1), expected: 'a number of milliseconds above 0', default: 300_000 },
  producerIdExpirationMs: { check: isIntegerFrom(1), expected: 'a number of milliseconds above 0', default: 86_400_000 },
}

/**
 * What the log does by itself in the course of time. Nothing of it is urgent: what fails is tried again at the next turn, and a
 * failure of the disk shows itself to whoever writes.
 */
export class Maintenance {
  private readonly directory: LogDirectory
  private readonly topics: Topics
  private readonly options: Required<MaintenanceOptions>
  private timer: Timer | null = null
  private stopped = false
  private work: Promise<unknown> = Promise.resolve()

  constructor(directory: LogDirectory, topics: Topics, options: MaintenanceOptions = {}) {
    this.directory = directory
    this.topics = topics
    this.options = readOptions<Required<MaintenanceOptions>>('maintenance', options, maintenanceRules)
  }

  /** From here on it runs by the clock. */
  start(): void {
    if (this.stopped) return
    this.timer = this.directory.world.clock.inBackground(this.options.retentionIntervalMs, () => {
      this.run().then(
        () => this.start(),
        () => this.start(),
      )
    })
  }

  /** One look at everything, now; after one that is under way. @throws DISK_FULL, PARTITION_FENCED, JOURNAL_FAILED */
  run(): Promise<void> {
    const result = this.work.then(() => this.look())
    this.work = result.catch(ignore)
    return result
  }

  private async look(): Promise<void> {
    this.directory.expireProducers(this.options.producerIdExpirationMs)
    const rules = [...this.topics.openLogs()].filter(
      ([, { deletes, retentionMs, retentionBytes }]) => deletes && (retentionMs < Infinity || retentionBytes < Infinity),
    )
    await this.directory.retain(rules)
  }

  /** Ends with what is under way. */
  async stop(): Promise<void> {
    this.stopped = true
    this.timer?.cancel()
    await this.work
  }
}

function ignore(): void {
  // Whoever asked for it hears of it.
}
