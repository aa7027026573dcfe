import { coreError } from '../base/error-catalogue.ts'
import type { Random } from '../base/random.ts'
import type { LogClient } from '../client/log-client.ts'
import type { OutgoingBatch, Producer } from '../client/producer.ts'
import { HdrHistogram } from '../metrics/hdr-histogram.ts'
import type { CompressionName } from '../record/compression.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { foundTopics, partitionsOf } from './found-topics.ts'
import { Pace } from './pace.ts'
import { latencies, perfLine } from './perf-results.ts'
import { withLog, type Place } from './with-log.ts'

interface ProduceValues extends Place {
  readonly topic: string
  readonly 'num-records': number
  readonly 'record-size': number
  readonly throughput: number
  readonly 'batch-size': number
  readonly 'buffer-memory': number
  readonly 'compression-codec': CompressionName
  readonly 'warmup-records': number
  readonly json: boolean
}

export function perfProduce(values: ProduceValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async (log) => {
    const [topic] = await foundTopics(log.admin, [values.topic])
    const producer = await log.producer({ compression: values['compression-codec'] })
    const load = new ProduceLoad(producer, topic!.partitions, values, context)
    await load.run()
    const records = values['num-records'] - load.warmupRecords
    const line = { records, ...rates(records, records * values['record-size'], load.measuredMs), ...latencies(load.times) }
    perfLine(line, values.json, context.out)
  })
}

/** Records in batches, one partition after the other, as fast as the log or the pace allows. */
class ProduceLoad {
  readonly times = new HdrHistogram()
  readonly warmupRecords: number
  private readonly producer: Producer
  private readonly partitions: number
  private readonly values: ProduceValues
  private readonly context: CommandContext
  private readonly value: Uint8Array
  private partition = 0
  private open: OpenBatch | null = null
  private waitingBytes = 0
  private batchesUnderWay = 0
  private wake = (): void => {}
  private failure: { readonly error: unknown } | null = null
  private measuredFrom = 0
  measuredMs = 0

  constructor(producer: Producer, partitions: number, values: ProduceValues, context: CommandContext) {
    this.producer = producer
    this.partitions = partitions
    this.values = values
    this.context = context
    this.value = letters(context.world.random, values['record-size'])
    this.warmupRecords = Math.min(values['warmup-records'], values['num-records'] - 1)
  }

  async run(): Promise<void> {
    const { throughput, 'num-records': count } = this.values
    const { clock } = this.context.world
    const pace = new Pace(clock, throughput)
    this.measuredFrom = clock.monotonic()
    for (let appended = 0; appended < count;) {
      const due = Math.min(pace.due(appended), count - appended)
      if (due === 0) await pace.untilNext(appended)
      appended += this.append(appended, due)
      if (this.isFull || this.batchesUnderWay < fewBatches) this.send()
      await clock.turn() // what was answered is heard of
      await this.room(this.values['buffer-memory'])
    }
    this.send()
    await this.room(1)
    this.measuredMs = clock.monotonic() - this.measuredFrom
  }

  /** As many as are due and go into the batch. Returns how many. */
  private append(from: number, due: number): number {
    const { clock } = this.context.world
    this.open ??= this.newBatch(from)
    const { batch, appendedAt } = this.open
    let count = 0
    for (; count < due && !this.isFull; count++) {
      batch.append(null, this.value, clock.now())
      appendedAt.push(clock.monotonic())
    }
    return count
  }

  private newBatch(from: number): OpenBatch {
    const batch = this.producer.batch(this.values.topic, this.partition)
    this.partition = (this.partition + 1) % this.partitions
    return { from, batch, appendedAt: [] }
  }

  private get isFull(): boolean {
    return this.open !== null && this.open.batch.sizeBytes >= this.values['batch-size']
  }

  private send(): void {
    const { open } = this
    if (open === null || open.batch.count === 0) return
    this.open = null
    const { batch, from, appendedAt } = open
    const { sizeBytes } = batch
    this.waitingBytes += sizeBytes
    this.batchesUnderWay++
    void this.producer.send(batch).then(
      () => this.acknowledged(from, appendedAt, sizeBytes),
      (error: unknown) => {
        this.failure ??= { error }
        this.release(sizeBytes)
      },
    )
  }

  private acknowledged(from: number, appendedAt: readonly number[], sizeBytes: number): void {
    const now = this.context.world.clock.monotonic()
    for (let at = 0; at < appendedAt.length; at++) {
      if (from + at < this.warmupRecords) this.measuredFrom = now
      else this.times.record(now - appendedAt[at]!)
    }
    this.release(sizeBytes)
  }

  private release(sizeBytes: number): void {
    this.waitingBytes -= sizeBytes
    this.batchesUnderWay--
    this.wake()
  }

  /** Waits until less than that waits. @throws what failed meanwhile */
  private async room(bytes: number): Promise<void> {
    while (this.waitingBytes >= bytes && this.failure === null)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    if (this.failure !== null) throw this.failure.error
  }
}

/** With so few under way a batch does not wait until it is full. */
const fewBatches = 3

interface OpenBatch {
  /** Which of all records its first one is. */
  readonly from: number
  readonly batch: OutgoingBatch
  readonly appendedAt: number[]
}

interface ConsumeValues extends Place {
  readonly topic: string
  readonly 'num-records': number
  readonly 'fetch-size': number
  readonly 'from-latest': boolean
  readonly timeout: number
  readonly json: boolean
}

export function perfConsume(values: ConsumeValues, context: CommandContext): Promise<ExitCode> {
  const { clock } = context.world
  const { 'num-records': wanted, 'fetch-size': maxBytes, timeout: timeoutMs } = values
  return withLog(values, context, async (log) => {
    const [topic] = await foundTopics(log.admin, [values.topic])
    const consumer = await log.consumer({ isolation: 'read_uncommitted' })
    const startedAt = clock.monotonic()
    const offset = values['from-latest'] ? 'latest' : 'earliest'
    await consumer.assign(partitionsOf(topic!).map((one) => ({ ...one, offset })))
    let [records, bytes, lastAt] = [0, 0, clock.monotonic()]
    while (records < wanted && clock.monotonic() - lastAt < timeoutMs) {
      const batches = await consumer.poll({ timeoutMs: Math.min(100, timeoutMs), maxBytes, maxRecords: wanted - records })
      if (batches.length > 0) lastAt = clock.monotonic()
      for (const batch of batches) {
        records += batch.count
        batch.forEach(({ key, value }) => (bytes += (key?.length ?? 0) + (value?.length ?? 0)))
      }
    }
    perfLine({ records, ...rates(records, bytes, lastAt - startedAt) }, values.json, context.out)
    if (records < wanted) context.err(`Only ${records} of ${wanted} records came: nothing more within ${timeoutMs} ms.`)
    return records < wanted ? 1 : 0
  })
}

interface LatencyValues extends Place {
  readonly topic: string
  readonly 'num-records': number
  readonly 'record-size': number
  readonly json: boolean
}

export function perfLatency(values: LatencyValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async (log) => {
    const times = await roundTrips(log, values, context)
    perfLine({ records: times.count, ...latencies(times) }, values.json, context.out)
  })
}

/** How long one record at a time takes there and back. */
async function roundTrips(log: LogClient, values: LatencyValues, { world }: CommandContext): Promise<HdrHistogram> {
  const { clock, random } = world
  const partitions = partitionsOf((await foundTopics(log.admin, [values.topic]))[0]!)
  const producer = await log.producer()
  const consumer = await log.consumer({ isolation: 'read_uncommitted' })
  await consumer.assign(partitions.map((one) => ({ ...one, offset: 'latest' })))
  const times = new HdrHistogram()
  for (let n = 0; n < values['num-records']; n++) {
    const { topic, partition } = partitions[n % partitions.length]!
    const value = letters(random, values['record-size'])
    const startedAt = clock.monotonic()
    const batch = producer.batch(topic, partition)
    batch.append(null, value, clock.now())
    const { baseOffset } = await producer.send(batch)
    while (consumer.position({ topic, partition }) <= baseOffset) {
      for (const read of await consumer.poll({ timeoutMs: latencyTimeoutMs })) read.forEach(() => {})
      if (clock.monotonic() - startedAt > latencyTimeoutMs) throw lostRecord(topic, partition, baseOffset)
    }
    times.record(clock.monotonic() - startedAt)
  }
  return times
}

const latencyTimeoutMs = 60_000

function lostRecord(topic: string, partition: number, offset: number): Error {
  const where = `${topic}-${partition} at offset ${offset}`
  return coreError('READ_FAILED', { what: `a record was not read within ${latencyTimeoutMs} ms`, where })
}

function rates(records: number, bytes: number, elapsedMs: number) {
  const seconds = Math.max(elapsedMs, Number.MIN_VALUE) / 1000
  const megabytes = bytes / 2 ** 20
  return { seconds, recordsPerSec: records / seconds, megabytes, megabytesPerSec: megabytes / seconds }
}

/** Capital letters, so that they compress as text does. */
function letters(random: Random, count: number): Uint8Array {
  return random.bytes(count).map((byte) => 65 + (byte % 26))
}
