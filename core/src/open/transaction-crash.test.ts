import { describe, expect, test } from 'vitest'
import type { TopicPartition } from '../base/ids.ts'
import type { Producer } from '../client/producer.ts'
import type { Transaction } from '../client/transaction.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import { committedValues } from './committed-values.fixtures.ts'
import { openSimulatedLog, type SimulatedLog } from './simulated-log.ts'

const narrow: readonly TopicPartition[] = [
  { topic: 'a', partition: 0 },
  { topic: 'a', partition: 1 },
]
/** So many that decision and markers take several frames. */
const wide: readonly TopicPartition[] = Array.from({ length: 24 }, (_, partition) => ({ topic: 'wide', partition }))
const places = [...narrow, ...wide]
const group = 'g'

type Fate = 'commit' | 'abort'

/** One transaction of the workload: its number is the value that it writes everywhere, and the position that it commits. */
interface Attempt {
  readonly number: number
  readonly places: readonly TopicPartition[]
  readonly fate: Fate
  step: 'writing' | 'ending' | 'ended'
}

/** What a crash must leave of the workload. */
class Attempts {
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

async function workload(world: SimWorld, attempts: Attempts): Promise<void> {
  const { log } = await openSimulatedLog(world)
  await log.admin.createTopics([
    { topic: 'a', partitions: 2, config: { 'segment.bytes': '700' } },
    { topic: 'wide', partitions: wide.length },
  ])
  const producer = await log.producer({ transactionalId: 't' })
  await attempts.run(producer, narrow, 'commit')
  await attempts.run(producer, narrow, 'abort')
  await attempts.run(producer, wide, 'commit')
  await attempts.transact(producer, narrow)
  await attempts.run(producer, wide, 'abort')
  await attempts.run(producer, [...narrow, ...wide.slice(0, 20)], 'commit')
  await log.close()
}

/** The numbers of the transactions that are seen, checked to be whole. */
async function visible({ log }: SimulatedLog, attempts: readonly Attempt[]): Promise<readonly number[]> {
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

function isAllowed(found: readonly number[], attempts: readonly Attempt[], observed: readonly string[]): void {
  for (const { number } of attempts) {
    const state = observed[number]
    if (state === 'c') expect(found, 'what was committed').toContain(number)
    else if (state !== 'ec') expect(found, 'what was never committed').not.toContain(number)
  }
}

async function assertStable({ log }: SimulatedLog): Promise<void> {
  for (const place of places) {
    const [latest, stable] = await log.admin.listOffsets([
      { ...place, at: 'latest' },
      { ...place, at: 'stable' },
    ])
    expect(stable, `${place.topic}-${place.partition}`).toBe(latest)
  }
}

async function recover(
  world: SimWorld,
  attempts: readonly Attempt[],
  observed: readonly string[],
  byTimeout: boolean,
): Promise<void> {
  const opened = await openSimulatedLog(world)
  const [a, w] = await opened.log.admin.describeTopics(['a', 'wide'])
  if (!a || !w) return opened.log.close()
  const found = await visible(opened, attempts)
  isAllowed(found, attempts, observed)
  const states = (await opened.log.admin.listTransactions()).map(({ state }) => state)
  expect(states.filter((state) => state.startsWith('Prepare'))).toEqual([]) // TXN-8
  if (!states.includes('Ongoing')) await assertStable(opened)
  if (byTimeout) await new Promise<void>((resolve) => void world.clock.after(75_000, resolve))
  const producer = await opened.log.producer({ transactionalId: 't' })
  await assertStable(opened) // TXN-6
  expect(await opened.log.admin.findHangingTransactions()).toEqual([])
  expect(await visible(opened, attempts)).toEqual(found)
  const after = new Attempts()
  after.all.push(...attempts)
  await after.run(producer, places, 'commit')
  const mine = after.all.length - 1
  expect(await visible(opened, after.all)).toEqual([...found, mine])
  await opened.log.close()
  const again = await openSimulatedLog(world)
  expect(await visible(again, after.all)).toEqual([...found, mine])
  await again.log.close()
}

describe('transactions and a crash', () => {
  test.each([
    ['kill9', 1],
    ['prefix', 2],
    ['any', 3],
  ] as const)('each is there whole or not at all: %s', { timeout: 240_000 }, async (mode, from) => {
    const attempts = new Attempts()
    const tally = await enumerateCrashes<string>({
      seed: 3,
      modes: [mode],
      imagesPerPoint: 3,
      from,
      every: 4,
      run: (world) => workload(world, attempts),
      observe: () => attempts.observe(),
      check: (world, { observed, crashes }) =>
        recover(world, attempts.all, JSON.parse(observed) as string[], crashes[0]!.step % 2 === 0),
    })
    process.stdout.write(`transactions, ${mode}: ${JSON.stringify(tally)}\n`)
    expect(tally.distinct).toBeGreaterThan(100)
  })
})
