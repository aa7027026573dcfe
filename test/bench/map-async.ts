import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { embeddedLog, json, string, type LogClient } from '@millrace/core'
import { StreamsApp, StreamsBuilder } from '@millrace/streams'
import { Latencies } from './latencies.ts'
import { timed, toRow, type Bench } from './row.ts'
import { keyOf, valueOf, type Payment } from './stream-records.ts'

const counts = { full: 20_000, tiny: 200 }
const keys = 10_000
/** Calls at a time; one partition, so that there is one task. */
const concurrency = 64

const medianMs = 20
/** Of a lognormal distribution with that median and 500 ms as the value that 99 of 100 do not exceed. */
const sigma = Math.log(500 / medianMs) / 2.3263
const longestMs = 1_000

/** Calls to the outside that take 20 ms (p50) to 500 ms (p99), 64 at a time, ordered by key, their results written exactly once. */
export const mapAsync: Bench = {
  id: 'map-async',
  against: 'the same calls from a bare pool of promises',
  async run({ scale, directory }) {
    const records = counts[scale]
    await using log = await embeddedLog({ dir: join(directory, 'map-async') })
    const bytes = await fill(log, records)
    /** When each call ended. */
    const ended = new Float64Array(records)
    const builder = new StreamsBuilder()
    const serdes = { key: string, value: json<Payment>() }
    builder
      .stream('in', serdes)
      .mapAsync((payment) => called(payment, ended), { name: 'calls', ...serdes, concurrency })
      .to('out', serdes)
    const stateDir = join(directory, 'map-async-state')
    await using app = new StreamsApp(builder.build(), { applicationId: 'bench-map-async', log, stateDir, bounded: true })
    const delays = readDelays(log, records, ended)
    const ours = await timed(async () => {
      await app.start()
      await app.finished
    })
    const commits = await delays
    const figures = { commitDelayP50Ms: commits.quantileMs(0.5), commitDelayP99Ms: commits.quantileMs(0.99) }
    const reference = await fromPool(records)
    return toRow('map-async', records, bytes, ours, reference, { ...figures, commitDelayMaxMs: commits.quantileMs(1) })
  },
}

/** How long a call takes: scrambled, and the same in every run. */
function delayOf(index: number): number {
  const uniform = (factor: number): number => ((Math.imul(index + 1, factor) >>> 0) + 1) / (2 ** 32 + 1)
  const normal = Math.sqrt(-2 * Math.log(uniform(0x9e3779b1))) * Math.cos(2 * Math.PI * uniform(0x85ebca6b))
  return Math.min(longestMs, medianMs * Math.exp(sigma * normal))
}

async function called(payment: Payment, ended: Float64Array): Promise<Payment> {
  await sleep(delayOf(payment.id))
  ended[payment.id] = performance.now()
  return { ...payment, amount: payment.amount + 1 }
}

async function fromPool(records: number) {
  let next = 0
  const ended = new Float64Array(records)
  return timed(async () => {
    const worker = async (): Promise<void> => {
      while (next < records) {
        const id = next++
        await called(JSON.parse(valueOf(id, keyOf(id, keys))) as Payment, ended)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  })
}

/** How long after the end of its call the result of each is committed: until a reader of what is committed has it. */
async function readDelays(log: LogClient, records: number, ended: Float64Array): Promise<Latencies> {
  const delays = new Latencies()
  await using consumer = await log.consumer({ isolation: 'read_committed' })
  await consumer.assign([{ topic: 'out', partition: 0, offset: 'earliest' }])
  for (let left = records; left > 0;) {
    for (const batch of await consumer.poll({ timeoutMs: 100 })) {
      const now = performance.now()
      for (const { value } of batch.toArray())
        delays.add(now - ended[(JSON.parse(Buffer.from(value!).toString()) as Payment).id]!)
      left -= batch.count
    }
  }
  return delays
}

async function fill(log: LogClient, records: number): Promise<number> {
  await log.admin.createTopics(['in', 'out'].map((topic) => ({ topic, partitions: 1, config: { 'retention.ms': '-1' } })))
  await using producer = await log.producer()
  let bytes = 0
  for (let index = 0; index < records; index++) {
    const key = keyOf(index, keys)
    const value = valueOf(index, key)
    bytes += key.length + value.length
    if (!producer.append('in', key, value, { timestamp: index })) await producer.ready()
  }
  await producer.flush()
  return bytes
}
