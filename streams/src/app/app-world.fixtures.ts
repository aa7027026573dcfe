import { int64, string, type Header, type LogClient } from '@millrace/core'
import { openSimulatedLog, simWorld, type LogGeometry, type SimWorld, type SimWorldOptions } from '@millrace/core/testing'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Topology } from '../graph/topology.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import type { AppState } from './app-state.ts'
import { StreamsApp } from './streams-app.ts'
import type { StreamsOptions } from './streams-options.ts'

/** Small enough for a simulated disk, large enough for what is tested here. */
export const geometry: LogGeometry = {
  journal: { fileBytes: 1 << 20, blockBytes: 4096 },
  roundBytes: 1 << 18,
  maxFrameBytes: 1 << 18,
  writeBehindBytes: 1 << 16,
  tailBytes: 1 << 20,
  openSegments: { openFiles: 20, indexBytes: 1 << 16 },
  internalSegmentBytes: 1 << 20,
}

export type Row = readonly [key: string | null, value: string | null, timestamp?: number]

/** A world with a log and engines of stores, and applications in it. Time is virtual. */
export class AppWorld {
  readonly world: SimWorld
  readonly log: LogClient
  engines: SimStoreEngines

  constructor(world: SimWorld, log: LogClient) {
    this.world = world
    this.log = log
    this.engines = new SimStoreEngines({ clock: world.clock })
  }

  async topics(names: readonly string[], partitions: number = 1, config: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.log.admin.createTopics(names.map((topic) => ({ topic, partitions, config })))
  }

  /** Writes rows as one batch. */
  async put(topic: string, rows: readonly Row[], partition: number = 0): Promise<void> {
    await using producer = await this.log.producer()
    const batch = producer.batch(topic, partition)
    for (const [key, value, timestamp = 0] of rows) batch.append(key, value, timestamp)
    await producer.send(batch)
  }

  /** What a topic holds, read committed: `key=value`, partition by partition. */
  async rows(topic: string): Promise<string[]> {
    return (await this.records(topic)).map(({ key, value }) => `${textOf(key)}=${textOf(value)}`)
  }

  /** The values of a topic, written as int64. */
  async numbers(topic: string): Promise<number[]> {
    return (await this.records(topic)).map(({ value }) => int64.read(value!))
  }

  async records(
    topic: string,
  ): Promise<{ key: Uint8Array | null; value: Uint8Array | null; timestamp: number; headers: readonly Header[] }[]> {
    const [description] = await this.log.admin.describeTopics([topic])
    const places = Array.from({ length: description!.partitions }, (_, partition) => ({ topic, partition }))
    const ends = await this.log.admin.listOffsets(places.map((place) => ({ ...place, at: 'stable' })))
    await using consumer = await this.log.consumer()
    await consumer.assign(places.map((place) => ({ ...place, offset: 'earliest' })))
    const found = []
    while (places.some((place, index) => consumer.position(place) < ends[index]!)) {
      for (const batch of await consumer.poll()) {
        for (const { key, value, timestamp, offset, headers } of batch.toArray())
          found.push({ at: batch.partition * 1e9 + offset, key, value, timestamp, headers })
      }
    }
    return found.sort((a, b) => a.at - b.at)
  }

  /** Records by the transaction that wrote them. */
  async transactions(topic: string): Promise<number[]> {
    const counts = new Map<string, number>()
    await using consumer = await this.log.consumer()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll()) {
      for (const { producerId, producerEpoch, count } of batches) {
        const name = `${producerId}/${producerEpoch}`
        counts.set(name, (counts.get(name) ?? 0) + count)
      }
    }
    return [...counts.values()]
  }

  app(build: (builder: StreamsBuilder) => void, options: Partial<StreamsOptions> = {}): StreamsApp {
    const { log, world, engines } = this
    return new StreamsApp(topologyOf(build), {
      applicationId: 'app',
      log,
      world,
      storeEngines: engines,
      stateDir: '/state',
      bounded: true,
      ...options,
    })
  }

  /** Starts the application, waits for its end and closes it. Returns it, for what it counted. */
  async run(build: (builder: StreamsBuilder) => void, options: Partial<StreamsOptions> = {}): Promise<StreamsApp> {
    await using app = this.app(build, options)
    await app.start()
    await app.finished
    return app
  }

  /** Resolves when the condition holds; time goes on meanwhile. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await this.after(10)
  }

  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.world.clock.after(delayMs, resolve)
    })
  }
}

/** Runs the work in a world of its own. */
export async function inWorld(work: (world: AppWorld) => Promise<void>, options: Partial<SimWorldOptions> = {}): Promise<void> {
  const world = simWorld({ seed: 1, ...options })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', geometry)
    await work(new AppWorld(world, log))
    await log.close()
  })
}

export function topologyOf(build: (builder: StreamsBuilder) => void): Topology {
  const builder = new StreamsBuilder()
  build(builder)
  return builder.build()
}

/** Every state that the application comes to. */
export function statesOf(app: StreamsApp): AppState[] {
  const states: AppState[] = []
  app.onState((state) => states.push(state))
  return states
}

/** From topic `in` to topic `out`, text both, each value through the function. */
export function mapping(map: (value: string) => string): (builder: StreamsBuilder) => void {
  return (builder) => {
    builder.stream('in', { key: string, value: string }).mapValues(map).to('out', { key: string, value: string })
  }
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString()
}
