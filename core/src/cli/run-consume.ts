import { partitionName, type TopicPartition } from '../base/ids.ts'
import { coreError } from '../base/error-catalogue.ts'
import type { Assignment, ConsumedBatch, Consumer, Isolation } from '../client/consumer.ts'
import type { LogClient } from '../client/log-client.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { foundTopics, partitionsOf } from './found-topics.ts'
import { namedValues } from './named-values.ts'
import { jsonFormat, textFormat, type Format } from './record-formats.ts'
import { timeOf } from './times.ts'
import { UsageError } from './usage-error.ts'
import { withLog, type Place } from './with-log.ts'

interface ConsumeValues extends Place {
  readonly topic: string | undefined
  readonly include: string | undefined
  readonly partition: number | undefined
  readonly 'from-beginning': boolean
  readonly 'from-time': string | undefined
  readonly offset: string | undefined
  readonly group: string | undefined
  readonly 'max-messages': number | undefined
  readonly follow: boolean
  readonly 'timeout-ms': number | undefined
  readonly 'isolation-level': Isolation
  readonly json: boolean
  readonly 'formatter-property': readonly string[]
}

/** Where to begin: a place in the log, a time, or where the group stands. */
type Start = number | 'earliest' | 'latest' | { readonly timestamp: number } | 'group'

/** How long a poll waits before it looks whether it is to stop. */
const turnMs = 100

export function runConsume(values: ConsumeValues, context: CommandContext): Promise<ExitCode> {
  const { group, json } = values
  if ((values.topic === undefined) === (values.include === undefined)) throw new UsageError('--topic or --include, one of them')
  const start = startOf(values)
  const format = json ? jsonFormat : textFormat(namedValues('formatter-property', values['formatter-property']))
  const waits = values.follow || values['timeout-ms'] !== undefined
  const stop = waits ? context.stop() : new AbortController().signal
  return withLog(values, context, async (log) => {
    const partitions = await chosenPartitions(log, values)
    const consumer = await log.consumer({
      isolation: values['isolation-level'],
      reset: values['from-beginning'] || group === undefined ? 'earliest' : 'latest',
      ...(group === undefined ? {} : { group }),
    })
    await consumer.assign(await assignments(log, partitions, start))
    const reading = new Reading(consumer, values['max-messages'] ?? Number.MAX_SAFE_INTEGER, format, context)
    if (waits) await reading.follow(stop, values['timeout-ms'] ?? Number.POSITIVE_INFINITY)
    else await reading.toEnds(await ends(log, partitions, values['isolation-level']))
    if (group !== undefined) await consumer.commit(partitions.map((one) => ({ ...one, offset: consumer.position(one) })))
    context.err(`${reading.count} record${reading.count === 1 ? '' : 's'}`)
  })
}

/** @throws UsageError for several, and for none where nothing would ever be printed */
function startOf(values: ConsumeValues): Start {
  const { group, offset, follow } = values
  const time = values['from-time']
  const given = [values['from-beginning'], offset !== undefined, time !== undefined].filter(Boolean).length
  if (given > 1) throw new UsageError('one of --from-beginning, --offset and --from-time, not several')
  if (group !== undefined && (offset !== undefined || time !== undefined))
    throw new UsageError('a group begins where it stands: --group goes without --offset and --from-time')
  if (group !== undefined) return 'group'
  if (values['from-beginning']) return 'earliest'
  if (time !== undefined) return { timestamp: timeOf('from-time', time) }
  if (offset !== undefined) return offsetOf(offset)
  if (follow || values['timeout-ms'] !== undefined) return 'latest'
  throw new UsageError(
    '--from-beginning, --from-time, --offset or --group is missing: from the end on there is nothing without --follow',
  )
}

function offsetOf(text: string): Start {
  if (text === 'earliest' || text === 'latest') return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`--offset takes a number, earliest or latest, not ${text}`)
}

async function chosenPartitions({ admin }: LogClient, values: ConsumeValues): Promise<readonly TopicPartition[]> {
  const names = values.include === undefined ? [values.topic!] : (await admin.listTopics()).filter(matching(values.include))
  const all = (await foundTopics(admin, names)).flatMap(partitionsOf)
  const chosen = values.partition === undefined ? all : all.filter(({ partition }) => partition === values.partition)
  if (chosen.length === 0)
    throw coreError('UNKNOWN_PARTITION', {
      what: 'there is no such partition',
      where: `${values.topic ?? values.include}-${values.partition ?? 0}`,
    })
  return chosen
}

/** The whole name has to match, as in Kafka. */
function matching(pattern: string): (name: string) => boolean {
  try {
    const whole = new RegExp(`^(?:${pattern})$`)
    return (name) => whole.test(name)
  } catch (error) {
    throw new UsageError(`--include takes a regular expression: ${(error as Error).message}`, { cause: error })
  }
}

async function assignments({ admin }: LogClient, partitions: readonly TopicPartition[], start: Start): Promise<Assignment[]> {
  if (start === 'group') return [...partitions]
  if (typeof start !== 'object') return partitions.map((one) => ({ ...one, offset: start }))
  const offsets = await admin.listOffsets(partitions.map((one) => ({ ...one, at: start.timestamp })))
  return partitions.map((one, index) => ({ ...one, offset: offsets[index]! }))
}

/** Up to where this isolation sees. */
async function ends(
  { admin }: LogClient,
  partitions: readonly TopicPartition[],
  isolation: Isolation,
): Promise<Map<string, number>> {
  const at = isolation === 'read_committed' ? 'stable' : 'latest'
  const offsets = await admin.listOffsets(partitions.map((one) => ({ ...one, at })))
  return new Map(partitions.map((one, index) => [partitionName(one), offsets[index]!]))
}

/** What is printed of a consumer, and how much it was. */
class Reading {
  private readonly consumer: Consumer
  private readonly limit: number
  private readonly format: Format
  private readonly context: CommandContext
  count = 0

  constructor(consumer: Consumer, limit: number, format: Format, context: CommandContext) {
    this.consumer = consumer
    this.limit = limit
    this.format = format
    this.context = context
  }

  /** Up to the offsets where the partitions end, or to the limit. */
  async toEnds(offsets: ReadonlyMap<string, number>): Promise<void> {
    const open = (): boolean =>
      this.consumer.assignment().some((one) => this.consumer.position(one) < (offsets.get(partitionName(one)) ?? 0))
    while (this.count < this.limit && open()) await this.step(0)
  }

  /** Until it is stopped, the limit is reached, or nothing has come for too long. */
  async follow(stop: AbortSignal, timeoutMs: number): Promise<void> {
    const { clock } = this.context.world
    let last = clock.monotonic()
    while (!stop.aborted && this.count < this.limit && clock.monotonic() - last < timeoutMs)
      if (await this.step(Math.min(turnMs, timeoutMs))) last = clock.monotonic()
  }

  /** Whether anything came. */
  private async step(timeoutMs: number): Promise<boolean> {
    const before = this.count
    for (const batch of await this.consumer.poll({ timeoutMs, maxRecords: this.limit - this.count })) this.print(batch)
    return this.count > before
  }

  private print(batch: ConsumedBatch): void {
    this.count += batch.count
    batch.forEach((record) => this.context.out(this.format(batch, record)))
  }
}
