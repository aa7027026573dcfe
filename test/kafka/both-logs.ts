import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { embeddedLog, type LogClient } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'
import type { Place, Settings } from './kafka-driver.ts'
import { recordsOf } from './millrace-records.ts'
import { KafkaRun } from './on-kafka.ts'
import { MillraceRun } from './on-millrace.ts'
import type { Operation } from './operations.ts'

/** A Millrace and a Kafka to which the same is done, so that they can be compared. */
export class BothLogs implements AsyncDisposable {
  log: LogClient
  readonly kafka: KafkaBroker
  private readonly directory: string
  private runs: readonly [MillraceRun, KafkaRun]

  private constructor(log: LogClient, kafka: KafkaBroker, directory: string) {
    this.log = log
    this.kafka = kafka
    this.directory = directory
    this.runs = [new MillraceRun(log), new KafkaRun(kafka.driver)]
  }

  /** Both look for what may be removed several times a second. */
  static async start(settings: Settings = {}): Promise<BothLogs> {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-both-'))
    const often = {
      'log.retention.check.interval.ms': '100',
      'log.initial.task.delay.ms': '100',
      'log.cleaner.backoff.ms': '100',
    }
    const kafka = await KafkaBroker.start({ ...often, ...settings })
    return new BothLogs(await open(directory), kafka, directory)
  }

  async apply(operations: readonly Operation[]): Promise<void> {
    await Promise.all(this.runs.map((run) => run.apply(operations)))
  }

  /** Millrace closes and opens: a checkpoint, behind which segments may be compacted. A Kafka needs none. */
  async reopen(): Promise<void> {
    await this.runs[0].close()
    await this.log.close()
    this.log = await open(this.directory)
    this.runs = [new MillraceRun(this.log), this.runs[1]]
  }

  /** Offsets and records of a partition. */
  async expectEqual(place: Place): Promise<void> {
    const where = `${place.topic}-${place.partition}`
    const [theirs, ours] = await Promise.all([this.kafkaContent(place), this.ourContent(place)])
    expect(ours.offsets, where).toEqual(theirs.offsets)
    expect(ours.uncommitted, where).toEqual(theirs.uncommitted)
    expect(ours.committed, where).toEqual(theirs.committed)
  }

  /** What either does by itself, it does at a time of its own: waits until both have come to the same, and `isDone` says that it is that. */
  async expectEqualSoon(place: Place, isDone: (ours: Content) => boolean): Promise<void> {
    for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
      const [theirs, ours] = await Promise.all([this.kafkaContent(place), this.ourContent(place)]).catch(noneWhileItMoves)
      if (ours !== null && isDone(ours) && JSON.stringify(theirs) === JSON.stringify(ours)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await this.expectEqual(place)
    throw new Error(`${place.topic}-${place.partition} is the same in both, but nothing was removed`)
  }

  private async kafkaContent(place: Place): Promise<Content> {
    const { driver } = this.kafka
    const offset = async (at: 'earliest' | 'latest' | 'stable'): Promise<number> =>
      (await driver.call('listOffset', { ...place, at })).offset
    return {
      offsets: { earliest: await offset('earliest'), stable: await offset('stable'), latest: await offset('latest') },
      uncommitted: await driver.call('consume', { ...place, isolation: 'read_uncommitted' }),
      committed: await driver.call('consume', { ...place, isolation: 'read_committed' }),
    }
  }

  private async ourContent(place: Place): Promise<Content> {
    const [earliest, stable, latest] = await this.log.admin.listOffsets([
      { ...place, at: 'earliest' },
      { ...place, at: 'stable' },
      { ...place, at: 'latest' },
    ])
    return {
      offsets: { earliest: earliest!, stable: stable!, latest: latest! },
      uncommitted: await recordsOf(this.log, place, 'read_uncommitted'),
      committed: await recordsOf(this.log, place, 'read_committed'),
    }
  }

  /** Closes Millrace and stops the broker; the files can be compared then. */
  async stop(): Promise<void> {
    for (const run of this.runs) await run.close()
    await this.log.close()
    await this.kafka.stop()
  }

  /** Paths of a partition's files with that ending in which something stands, Millrace's and Kafka's. */
  files({ topic, partition }: Place, suffix: string): readonly [ours: readonly string[], theirs: readonly string[]] {
    const within = (folder: string): string[] =>
      (existsSync(folder) ? readdirSync(folder) : [])
        .filter((name) => name.endsWith(suffix) && statSync(join(folder, name)).size > 0)
        .sort()
        .map((name) => join(folder, name))
    return [within(join(this.directory, `${topic}-${partition}`)), within(this.kafka.folder(topic, partition))]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close()
    await this.kafka[Symbol.asyncDispose]()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function open(dir: string): Promise<LogClient> {
  return embeddedLog({ dir, maintenance: { retentionIntervalMs: 100, compactionIntervalMs: 100 } })
}

interface Content {
  readonly offsets: Readonly<Record<'earliest' | 'stable' | 'latest', number>>
  readonly uncommitted: Awaited<ReturnType<typeof recordsOf>>
  readonly committed: Awaited<ReturnType<typeof recordsOf>>
}

/** What was read from may have been removed before the read came there. */
function noneWhileItMoves(error: unknown): readonly [null, null] {
  if (error instanceof Error && /OffsetOutOfRange|OFFSET_OUT_OF_RANGE/.test(error.message)) return [null, null]
  throw error
}
