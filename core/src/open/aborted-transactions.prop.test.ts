import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { openSimulatedLog } from './simulated-log.ts'

const to = { topic: 't', partition: 0 }

type Step =
  | { readonly kind: 'send'; readonly producer: number; readonly count: number }
  | { readonly kind: 'end'; readonly producer: number; readonly how: 'commit' | 'abort' }
  | { readonly kind: 'plain' }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'reopen' }
  /** The files of the transaction indexes are lost or spoilt while the log is closed. */
  | { readonly kind: 'damage'; readonly how: 'remove' | 'cut' | 'halve' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('send' as const), producer: fc.nat(2), count: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('end' as const), producer: fc.nat(2), how: fc.constantFrom('commit', 'abort') }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('plain' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('damage' as const), how: fc.constantFrom('remove', 'cut', 'halve') }) },
  ),
  { minLength: 5, maxLength: 40 },
)

/** Batches as three producers and their coordinator write them, and what a committed read must give. */
class Run {
  private readonly world: SimWorld
  private broker!: Broker
  private log!: EmbeddedLog
  private readonly epochs = [0, 0, 0]
  private readonly sequences = [0, 0, 0]
  /** Values of the open transaction. */
  private readonly open: (string[] | null)[] = [null, null, null]
  private readonly aborted = new Set<string>()
  private readonly values: string[] = []

  constructor(world: SimWorld) {
    this.world = world
  }

  async start(): Promise<void> {
    await this.reopen()
    const config = { 'segment.bytes': '600', 'index.interval.bytes': '0' }
    await this.broker.topics.create([{ topic: 't', partitions: 1, config }])
  }

  private async reopen(): Promise<void> {
    ;({ broker: this.broker, log: this.log } = await openSimulatedLog(this.world))
  }

  async close(): Promise<void> {
    await this.log.close()
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'send') await this.send(step.producer, step.count)
    else if (step.kind === 'end') await this.end(step.producer, step.how)
    else if (step.kind === 'plain') await this.append(null, 1)
    else if (step.kind === 'checkpoint') await this.broker.directory.checkpoint()
    else {
      await this.close()
      if (step.kind === 'damage') this.damage(step.how)
      await this.reopen()
    }
  }

  private async send(producer: number, count: number): Promise<void> {
    const values = await this.append(producer, count)
    this.open[producer] = [...(this.open[producer] ?? []), ...values]
  }

  private async append(producer: number | null, count: number): Promise<string[]> {
    const builder = new BatchBuilder()
    const values = Array.from({ length: count }, (_, index) => `${this.values.length + index}`)
    for (const value of values) builder.append(null, value, 0)
    this.values.push(...values)
    const batch =
      producer === null
        ? builder.build()
        : builder.build({
            producerId: producer,
            producerEpoch: this.epochs[producer]!,
            baseSequence: this.sequences[producer]!,
            transactional: true,
          })
    if (producer !== null) this.sequences[producer]! += count
    await this.write(batch)
    return values
  }

  private async end(producer: number, kind: 'commit' | 'abort'): Promise<void> {
    const producerEpoch = ++this.epochs[producer]!
    this.sequences[producer] = 0
    if (kind === 'abort') for (const value of this.open[producer] ?? []) this.aborted.add(value)
    this.open[producer] = null
    await this.write(buildEndMarker({ kind, producerId: producer, producerEpoch, coordinatorEpoch: 0, timestamp: 0 }))
  }

  private async write(batch: Uint8Array): Promise<void> {
    await this.broker.directory.append([{ log: this.broker.topics.log(to), batch }]).durable
  }

  private damage(how: 'remove' | 'cut' | 'halve'): void {
    const { disk } = this.world
    const files = disk.stat('/log/t-0') === null ? [] : disk.list('/log/t-0').filter((name) => name.endsWith('.txnindex'))
    for (const file of files.map((name) => `/log/t-0/${name}`)) {
      if (how === 'remove') disk.remove(file)
      else if (how === 'cut') disk.truncate(file, 20)
      else disk.truncate(file, 34 * Math.ceil(disk.stat(file)!.sizeBytes / 68))
    }
  }

  /** Reads from every offset, with reads of every size. */
  async check(): Promise<void> {
    const consumer = await this.log.consumer()
    const partition = this.broker.topics.log(to)
    const firstOpen = Math.min(...this.open.map((values) => Number(values?.[0] ?? Infinity)))
    const expected = this.values.filter((value) => !this.aborted.has(value) && Number(value) < firstOpen)
    for (const maxBytes of [1, 300, 100_000]) {
      await consumer.assign([{ ...to, offset: 0 }])
      expect(await this.drain(maxBytes, consumer)).toEqual(expected)
    }
    for (let offset = 0; offset < partition.lastStableOffset; offset += 3) {
      await consumer.assign([{ ...to, offset }])
      const found = await this.drain(100_000, consumer)
      expect(found).toEqual(expected.slice(expected.length - found.length))
    }
    await consumer.close()
  }

  private async drain(maxBytes: number, consumer: Awaited<ReturnType<EmbeddedLog['consumer']>>): Promise<string[]> {
    const found: string[] = []
    const end = this.broker.topics.log(to).lastStableOffset
    while (consumer.position(to) < end) {
      for (const batch of await consumer.poll({ maxBytes })) {
        for (const { value } of batch.toArray()) found.push(Buffer.from(value!).toString())
      }
    }
    return found
  }
}

test('a committed read gives what was committed and nothing else, whatever happens to the transaction indexes', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const world = simWorld({ seed: 1 })
      await world.run(async () => {
        const run = new Run(world)
        await run.start()
        for (const step of given) await run.step(step)
        await run.check()
        await run.close()
      })
    }),
    { numRuns: 80 },
  )
})
