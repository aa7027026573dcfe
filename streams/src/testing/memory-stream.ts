import { json, string, type Header } from '@millrace/core'
import type { KStream } from '../dsl/k-stream.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Topology } from '../graph/topology.ts'
import { MemoryApp, type MemoryAppOptions } from './memory-app.ts'
import type { MemoryTask } from './memory-task.ts'

/** What a test of operators builds upon. */
export type TextKeyed<V> = KStream<string, V>

/** A topology that reads topic `in` (keys are text, values JSON) and writes topics as it likes, over plain maps. */
export class MemoryStream {
  readonly app: MemoryApp

  constructor(topology: Topology, options: MemoryAppOptions) {
    this.app = new MemoryApp(topology, options)
  }

  /** The task that reads topic `in`. */
  get task(): MemoryTask {
    return this.app.task('0_0')
  }

  /** A record of topic `in`. */
  feed(key: string | null, value: unknown, timestamp: number = 0, headers: readonly Header[] = []): this {
    this.app.process({ topic: 'in', key, value, timestamp, headers })
    return this
  }

  /** What was written, as [key, value, timestamp]. */
  get rows(): readonly (readonly [key: unknown, value: unknown, timestamp: number])[] {
    return this.app.outputs.map(({ key, value, timestamp }) => [key, value, timestamp])
  }

  /** How many records were dropped, by reason, in the task that reads topic `in`. */
  get drops(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.task.context.drops)
  }
}

export function memoryStream<V>(
  write: (input: KStream<string, V>, builder: StreamsBuilder) => void,
  options: MemoryAppOptions = {},
): MemoryStream {
  const builder = new StreamsBuilder()
  write(builder.stream('in', { key: string, value: json<V>() }), builder)
  return new MemoryStream(builder.build(), options)
}
