import { json, nullable, string } from '@millrace/core'
import type { KStream } from '../dsl/k-stream.ts'
import type { KTable, VersionedTable } from '../dsl/k-table.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Duration } from '../time/duration.ts'
import { MemoryApp, type MemoryAppOptions } from './memory-app.ts'

/** Tables of the topics `left` and `right`; keys are text, values JSON. */
export interface Sides<L, R> {
  readonly builder: StreamsBuilder
  readonly left: KTable<string, L>
  readonly right: KTable<string, R>
}

/** A topology over two tables. */
class TwoTables<L, R> implements Sides<L, R> {
  readonly builder: StreamsBuilder = new StreamsBuilder()
  readonly left: KTable<string, L> = this.builder.table('left', { key: string, value: json<L>(), store: 'left' })
  readonly right: KTable<string, R> = this.builder.table('right', { key: string, value: json<R>(), store: 'right' })
}

/** An application over two tables, on plain maps. */
export function twoTables<L = string, R = string>(
  build: (sides: Sides<L, R>) => void,
  options: MemoryAppOptions = {},
): MemoryApp {
  const sides = new TwoTables<L, R>()
  build(sides)
  return new MemoryApp(sides.builder.build(), options)
}

/** An application over a stream of topic `left` and a table of topic `right`. */
export function streamAndTable(
  build: (left: KStream<string | null, string>, right: KTable<string | null, string>) => void,
  options: MemoryAppOptions = {},
): MemoryApp {
  const builder = new StreamsBuilder()
  const key = nullable(string)
  const left = builder.stream('left', { key, value: json<string>() })
  build(left, builder.table('right', { key, value: json<string>(), store: 'right' }))
  return new MemoryApp(builder.build(), options)
}

/** The same over a versioned table. */
export function streamAndVersions(
  historyRetention: Duration,
  build: (left: KStream<string | null, string>, right: VersionedTable<string | null, string>) => void,
): MemoryApp {
  const builder = new StreamsBuilder()
  const key = nullable(string)
  const left = builder.stream('left', { key, value: json<string>() })
  build(left, builder.table('right', { key, value: json<string>(), store: 'right', versioned: { historyRetention } }))
  return new MemoryApp(builder.build())
}

/** Writes a stream or a table to topic `out`, as JSON. */
export function write<K extends string | null, V>(result: KTable<K, V> | KStream<K, V>): void {
  const options = { key: nullable(string), value: nullable(json<unknown>()) }
  if ('toStream' in result) result.toStream().to('out', options)
  else result.to('out', options)
}

/** One record of a topic. */
export function feed(app: MemoryApp, topic: string, key: string | null, value: unknown, timestamp: number = 0): void {
  app.process({ topic, key, value, timestamp })
}

/** What topic `out` got since the last call, as [key, value, timestamp]. */
export function outputOf(app: MemoryApp): (readonly [key: unknown, value: unknown, timestamp: number])[] {
  return app.outputs.splice(0).map(({ key, value, timestamp }) => [key, value, timestamp] as const)
}
