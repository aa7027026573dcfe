import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { AppWorld, Row } from './app-world.fixtures.ts'
import type { StreamsApp } from './streams-app.ts'

/** An application over topic `in` that runs and has committed these rows, a list for each partition. */
export async function appOver(
  world: AppWorld,
  partitions: readonly (readonly Row[])[],
  build: (builder: StreamsBuilder) => void,
): Promise<StreamsApp> {
  await world.topics(['in', 'out'], partitions.length)
  const app = world.app(build, { bounded: false })
  await app.start()
  for (const [partition, rows] of partitions.entries()) if (rows.length > 0) await world.put('in', rows, partition)
  return app
}

export async function list<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of rows) found.push(row)
  return found
}

/** Waits until the input of a store is committed up to here. */
export async function committed(
  world: AppWorld,
  store: { position(): readonly { readonly offset: number }[] },
  ...offsets: readonly number[]
): Promise<void> {
  await world.until(() => store.position().every(({ offset }, partition) => offset >= offsets[partition]!))
}
