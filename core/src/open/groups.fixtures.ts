import type { Broker } from '../broker/broker.ts'
import type { ConsumedBatch, Consumer } from '../client/consumer.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

/** Runs a test in a log on simulated ports; it is closed in the end. */
export async function inLog(work: (log: EmbeddedLog, world: SimWorld, broker: Broker) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log, broker } = await openSimulatedLog(world)
    await work(log, world, broker)
    await log.close()
  })
}

/** A topic with `each` records in each partition, `<partition>/<number>`. */
export async function fill(log: EmbeddedLog, topic: string, partitions: number, each: number): Promise<void> {
  await log.admin.createTopics([{ topic, partitions }])
  await append(log, topic, partitions, each)
}

/** One batch a partition. */
export async function append(log: EmbeddedLog, topic: string, partitions: number, each: number): Promise<void> {
  const producer = await log.producer()
  for (let partition = 0; partition < (each > 0 ? partitions : 0); partition++) {
    const batch = producer.batch(topic, partition)
    for (let at = 0; at < each; at++) batch.append(null, `${partition}/${at}`, 1000 * at)
    await producer.send(batch)
  }
  await producer.close()
}

export function values(batches: readonly ConsumedBatch[]): string[] {
  return batches.flatMap((batch) => batch.toArray().map(({ value }) => Buffer.from(value!).toString()))
}

/** The numbers of the partitions that these have. */
export function owned(...consumers: readonly Consumer[]): number[] {
  return consumers.flatMap((consumer) => consumer.assignment().map(({ partition }) => partition)).toSorted((a, b) => a - b)
}

export function later(world: SimWorld, ms: number): Promise<void> {
  return new Promise((resolve) => void world.clock.after(ms, resolve))
}

/** All poll together, so that a rebalance finds everybody. */
export async function pollAll(consumers: readonly Consumer[], rounds: number = 3): Promise<string[]> {
  const found: string[] = []
  for (let round = 0; round < rounds; round++) {
    const polled = await Promise.all(consumers.map((consumer) => consumer.poll({ timeoutMs: 100 })))
    for (const batches of polled) found.push(...values(batches))
  }
  return found
}

/** What a listener heard, in order. */
export function listening(): {
  readonly heard: string[]
  readonly listener: Required<NonNullable<Parameters<Consumer['subscribe']>[1]>>
} {
  const heard: string[] = []
  const note =
    (what: string) =>
    (partitions: readonly { readonly topic: string; readonly partition: number }[]): void =>
      void heard.push(`${what} ${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ')}`.trim())
  return { heard, listener: { onAssigned: note('assigned'), onRevoked: note('revoked'), onLost: note('lost') } }
}
