import { json, string } from '@millrace/core'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { JoinWithin } from '../dsl/stream-joins.ts'
import type { Topology } from '../graph/topology.ts'
import type { Grace } from '../time/windows.ts'
import { MemoryApp } from './memory-app.ts'

export type Sides = 'inner' | 'left' | 'outer'

export interface JoinOf {
  readonly sides: Sides
  readonly within: JoinWithin
  readonly grace: Grace
}

/** Topics `left` and `right` into `out`, values as `left+right`, `-` for nothing. */
function joining({ sides, within, grace }: JoinOf): Topology {
  const builder = new StreamsBuilder()
  const text = { key: string, value: json<string>() }
  const [left, right] = [builder.stream('left', text), builder.stream('right', text)]
  const options = { name: 'pairs', within, grace, key: string, left: json<string>(), right: json<string>() }
  const join = (a: string | null, b: string | null): string => `${a ?? '-'}+${b ?? '-'}`
  const joined = {
    inner: () => left.joinStream(right, { ...options, join }),
    left: () => left.leftJoinStream(right, { ...options, join }),
    outer: () => left.outerJoinStream(right, { ...options, join }),
  }[sides]()
  joined.to('out', text)
  return builder.build()
}

/** A join over plain maps. */
export class JoinInMemory {
  readonly app: MemoryApp

  constructor(join: JoinOf) {
    this.app = new MemoryApp(joining(join))
  }

  /** Returns what the record brings out, as `value@timestamp`. */
  feed(topic: 'left' | 'right', value: string | null, timestamp: number, key: string | null = 'k'): readonly string[] {
    return this.#after(() => this.app.process({ topic, key, value, timestamp }))
  }

  end(): readonly string[] {
    return this.#after(() => this.app.endOfInput())
  }

  get drops(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.app.task('0_0').context.drops)
  }

  /** How many rows each store has. */
  get stored(): Readonly<Record<string, number>> {
    const { windowStores } = this.app.task('0_0').context
    return Object.fromEntries([...windowStores].map(([name, store]) => [name, store.rows().length]))
  }

  #after(work: () => void): readonly string[] {
    const { outputs } = this.app
    const before = outputs.length
    work()
    return outputs.slice(before).map(({ value, timestamp }) => `${value as string}@${timestamp}`)
  }
}
