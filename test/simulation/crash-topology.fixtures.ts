/**
 * The topology that is crashed, small enough to be enumerated and with everything in it that a commit has to hold together:
 * a repartition, a store of each kind, windows that close on the way and at the end, and records that are late.
 */
import { int64, json, string, type LogClient, type Serde } from '@millrace/core'
import { millis, StreamsBuilder, tumbling, windowed, type Topology, type WindowedSerde } from '@millrace/streams'

export const applicationId: string = 'app'
export const partitions: number = 2

export const topics = {
  input: 'in',
  through: 'app-by-to-repartition',
  counted: 'counted',
  sums: 'sums',
  recent: 'recent',
} as const

export interface Payment {
  /** The task whose input it is: it writes the records that carry this number. */
  readonly from: number
  readonly id: number
  readonly to: string
  readonly amount: number
}

const whole = tumbling({ size: millis(20), grace: 'end-of-input' })
const short = tumbling({ size: millis(10), grace: millis(5) })

export const windowedKeys: Readonly<Record<'sums' | 'recent', WindowedSerde<string>>> = {
  sums: windowed(string, whole),
  recent: windowed(string, short),
}
export const paymentSerde: Serde<Payment> = json<Payment>()
export const idsSerde: Serde<readonly number[]> = json<readonly number[]>()

export function crashTopology(): Topology {
  const builder = new StreamsBuilder()
  const payments = builder.stream(topics.input, { key: string, value: paymentSerde })
  const add = (ids: readonly number[], { id }: Payment): readonly number[] => [...ids, id]
  payments
    .filter(({ amount }) => amount > 0)
    .selectKey(({ to }) => to)
    .repartition({ name: 'by-to', key: string, value: paymentSerde })
    .groupByKey()
    .count({ store: 'counts' })
    .toStream()
    .filter((count): count is number => count !== null)
    .to(topics.counted, { key: string, value: int64 })
  payments
    .groupByKey()
    .windowedBy(whole)
    .aggregate({ store: 'sums', value: idsSerde, initial: () => [], add })
    .emitFinal()
    .to(topics.sums, { key: windowedKeys.sums, value: idsSerde })
  payments
    .groupByKey()
    .windowedBy(short)
    .aggregate({ store: 'recent', value: idsSerde, initial: () => [], add })
    .emitFinal()
    .to(topics.recent, { key: windowedKeys.recent, value: idsSerde })
  return builder.build()
}

export interface Input {
  readonly partition: number
  readonly key: string
  readonly value: Payment
  readonly timestamp: number
}

const times = [3, 1, 12, 9, 27, 14, 16, 31, 2, 44, 40, 58]

/** Out of order in time, some too late for the short windows, some filtered out. Each partition has keys of its own. */
export const inputs: readonly Input[] = times.flatMap((timestamp, index) =>
  [0, 1].map((partition) => {
    const id = index * 2 + partition
    const key = `${'ab'[partition]}${index % 3}`
    return {
      partition,
      key,
      value: { from: partition, id, to: ['x', 'y', 'd'][id % 3]!, amount: (id % 7) - 1 },
      timestamp: timestamp + 7 * partition,
    }
  }),
)

/** Makes the topics and writes the input, a few records a batch, one partition also by transactions. */
export async function fillInput(log: LogClient): Promise<void> {
  const names = [topics.input, topics.counted, topics.sums, topics.recent]
  await log.admin.createTopics(
    names.map((topic) => ({ topic, partitions, config: { 'segment.bytes': '900', 'index.interval.bytes': '200' } })),
  )
  const plain = await log.producer()
  const transactional = await log.producer({ transactionalId: 'filler' })
  for (let from = 0; from < inputs.length; from += 6) {
    for (const partition of [0, 1]) {
      const batch = (partition === 0 ? plain : transactional).batch(topics.input, partition)
      for (const { key, value, timestamp } of inputs.slice(from, from + 6).filter((one) => one.partition === partition)) {
        batch.append(key, paymentSerde.write(value), timestamp, [['id', Buffer.from(String(value.id))]])
      }
      if (partition === 0) await plain.send(batch)
      else await transactional.transact({ batches: [batch] })
    }
  }
}
