import { expect } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { Producer } from '../client/producer.ts'
import type { Transaction } from '../client/transaction.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import { committedValues } from './committed-values.fixtures.ts'
import type { SimulatedLog } from './simulated-log.ts'

export const narrow: readonly TopicPartition[] = [
  { topic: 'a', partition: 0 },
  { topic: 'a', partition: 1 },
]
/** So many that decision and markers take several frames. */
export const wide: readonly TopicPartition[] = Array.from({ length: 24 }, (_, partition) => ({ topic: 'wide', partition }))
export const places: readonly TopicPartition[] = [...narrow, ...wide]
const group = 'g'

type Fate = 'commit' | 'abort'

/** One transaction of the workload: its number is the value that it writes everywhere, and the position that it commits. */
export interface Attempt {
  readonly number: number
  readonly places: readonly TopicPartition[]
  readonly fate: Fate
  step: 'writing' | 'ending' | 'ended'
}

/** What a crash must leave of the workload. */
export class Attempts {
  readonly all: Attempt[] = []

  async run(producer: Producer, to: readonly TopicPartition[], fate: Fate): Promise<void> {
    const attempt: Attempt = { number: this.all.length, places: to, fate, step: 'writing' }
    this.all.push(attempt)
    const transaction = await producer.begin()
    await write(producer, transaction, attempt)
    attempt.step = 'ending'
    await (fate === 'commit' ? transaction.commit() : transaction.abort())
    attempt.step = 'ended'
  }

  /** Goes on after what may be tried again, as a program does; what cannot be written is aborted and done again. */
  async persist(world: SimWorld, producer: Producer, to: readonly TopicPartition[], fate: Fate): Promise<void> {
    for (let tries = 0; ; tries++) {
      const attempt: Attempt = { number: this.all.length, places: to, fate, step: 'writing' }
      this.all.push(attempt)
      const transaction = await producer.begin()
      const written = await write(producer, transaction, attempt).then(
        () => true,
        (error: unknown) => mayGoOn(error, tries),
      )
      if (written) attempt.step = 'ending'
      const ended = await retried(world, () => (written && fate === 'commit' ? transaction.commit() : transaction.abort())).then(
        () => true,
        (error: unknown) => mayGoOn(error, tries),
      )
      if (ended && written) {
        attempt.step = 'ended'
        return
      }
      attempt.step = 'writing' // it must never be seen
      if (!ended) await retried(world, () => transaction.abort())
      await pause(world)
    }
  }

  async transact(producer: Producer, to: readonly TopicPartition[]): Promise<void> {
    const attempt: Attempt = { number: this.all.length, places: to, fate: 'commit', step: 'ending' }
    this.all.push(attempt)
    const batches = to.map(({ topic, partition }) => {
      const batch = producer.batch(topic, partition)
      batch.append(null, String(attempt.number), 0)
      return batch
    })
    await producer.transact({ batches, offsets: offsetsOf(attempt) })
    attempt.step = 'ended'
  }

  /** As text, so that it stays what it is. */
  observe(): string {
    return JSON.stringify(
      this.all.map(({ fate, step }) => (step === 'writing' ? 'w' : step === 'ending' ? `e${fate[0]}` : fate[0])),
    )
  }
}

function offsetsOf({ number }: Attempt): { group: string; positions: { topic: string; partition: number; offset: number }[] } {
  return { group, positions: [{ topic: 'a', partition: 0, offset: number }] }
}

/** By turns appended, sent as batches, and sent with what was appended still on its way. */
async function write(producer: Producer, transaction: Transaction, attempt: Attempt): Promise<void> {
  const value = String(attempt.number)
  for (const { topic, partition } of attempt.places.slice(1)) transaction.append(topic, null, value, { partition })
  if (attempt.number % 2 === 0) await producer.flush()
  await transaction.sendOffsets(offsetsOf(attempt))
  const { topic, partition } = attempt.places[0]!
  const batch = producer.batch(topic, partition)
  batch.append(null, value, 0)
  await transaction.send(batch)
}

/** The numbers of the transactions that are seen, checked to be whole. */
export async function visible({ log }: SimulatedLog, attempts: readonly Attempt[]): Promise<readonly number[]> {
  const seen = new Map<string, readonly number[]>()
  for (const place of places) seen.set(`${place.topic}-${place.partition}`, (await committedValues(log, place)).map(Number))
  const numbers = attempts.filter((attempt) => {
    const inPlaces = attempt.places.filter(({ topic, partition }) => seen.get(`${topic}-${partition}`)!.includes(attempt.number))
    expect([0, attempt.places.length], `transaction ${attempt.number} is torn`).toContain(inPlaces.length)
    return inPlaces.length > 0
  })
  const found = numbers.map(({ number }) => number)
  for (const [name, values] of seen) {
    const expected = numbers.filter((attempt) => attempt.places.some(({ topic, partition }) => `${topic}-${partition}` === name))
    expect(values, name).toEqual(expected.map(({ number }) => number))
  }
  const [position] = await log.admin.groupOffsets(group)
  expect(position?.offset).toEqual(found.at(-1))
  return found
}

export function isAllowed(found: readonly number[], attempts: readonly Attempt[], observed: readonly string[]): void {
  for (const { number } of attempts) {
    const state = observed[number]
    if (state === 'c') expect(found, 'what was committed').toContain(number)
    else if (state !== 'ec') expect(found, 'what was never committed').not.toContain(number)
  }
}

export async function assertStable({ log }: SimulatedLog): Promise<void> {
  for (const place of places) {
    const [latest, stable] = await log.admin.listOffsets([
      { ...place, at: 'latest' },
      { ...place, at: 'stable' },
    ])
    expect(stable, `${place.topic}-${place.partition}`).toBe(latest)
  }
}

/** False for what ends this transaction alone. */
function mayGoOn(error: unknown, tries: number): false {
  if (!(error instanceof MillraceError) || error.outcome === 'unknownOutcome' || error.outcome === 'fenced' || tries > 20)
    throw error
  return false
}

export async function retried<T>(world: SimWorld, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MillraceError) || error.outcome !== 'retriable' || tries > 20) throw error
      await pause(world)
    }
  }
}

function pause(world: SimWorld): Promise<void> {
  return new Promise((resolve) => void world.clock.after(100, resolve))
}
