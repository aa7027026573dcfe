import type { KeyValueStore } from '../task/stores.ts'
import type { TaskContext } from '../task/task-context.ts'
import { bytesOf, type Writes } from './same-bytes.ts'
import { murmur3 } from './murmur3.ts'

/** A left row that wants the value of a foreign key. */
export interface Subscriber {
  readonly primaryKey: unknown
  readonly hash: string | null
  readonly partition: number
}

interface Chunk {
  readonly depth: number
  readonly subscribers: readonly Subscriber[]
}

interface ChunkKey {
  readonly foreignKey: unknown
  readonly chunk: number
}

/** Subscribers of a chunk before its key gets twice as many chunks. */
const chunkLimit = 64
const maxDepth = 20

/**
 * The subscribers of each foreign key, in chunks: a point read finds some of them, and no scan is needed.
 *
 * Invariants
 *   F1  A foreign key with subscribers has a first chunk, which says how many there are: 2^depth. It never has fewer than before,
 *       until the last subscriber goes.
 *   F2  A subscriber stands in the chunk that the hash of its primary key says, in the order of the bytes of the keys.
 *   F3  An empty chunk has no row, except the first one while others may have subscribers.
 */
export class Subscribers {
  readonly #rows: KeyValueStore<ChunkKey, Chunk>
  readonly #primaryKey: Writes

  constructor(store: string, primaryKey: Writes, context: TaskContext) {
    this.#rows = context.keyValueStore(store)
    this.#primaryKey = primaryKey
  }

  /** Of all chunks, one after the other. */
  *of(foreignKey: unknown): Generator<Subscriber> {
    const first = this.#chunk(foreignKey, 0)
    if (first === undefined) return
    yield* first.subscribers
    for (let chunk = 1; chunk < 2 ** first.depth; chunk++) yield* this.#chunk(foreignKey, chunk)?.subscribers ?? []
  }

  put(foreignKey: unknown, subscriber: Subscriber, timestamp: number): void {
    const depth = this.#chunk(foreignKey, 0)?.depth ?? 0
    const chunk = this.#chunkOf(subscriber.primaryKey, depth)
    const others = this.#others(foreignKey, chunk, subscriber.primaryKey)
    this.#write(foreignKey, chunk, depth, this.#sorted([...others, subscriber]), timestamp)
    if (others.length >= chunkLimit && depth < maxDepth) this.#divide(foreignKey, depth, timestamp)
  }

  delete(foreignKey: unknown, primaryKey: unknown, timestamp: number): void {
    const depth = this.#chunk(foreignKey, 0)?.depth
    if (depth === undefined) return
    const chunk = this.#chunkOf(primaryKey, depth)
    this.#write(foreignKey, chunk, depth, this.#others(foreignKey, chunk, primaryKey), timestamp)
    if (depth > 0 && this.of(foreignKey).next().done === true) this.#rows.delete({ foreignKey, chunk: 0 }, timestamp)
  }

  #chunk(foreignKey: unknown, chunk: number): Chunk | undefined {
    return this.#rows.get({ foreignKey, chunk })?.value
  }

  #others(foreignKey: unknown, chunk: number, primaryKey: unknown): readonly Subscriber[] {
    const bytes = this.#bytes(primaryKey)
    const all = this.#chunk(foreignKey, chunk)?.subscribers ?? []
    return all.filter((one) => Buffer.compare(this.#bytes(one.primaryKey), bytes) !== 0)
  }

  #write(foreignKey: unknown, chunk: number, depth: number, subscribers: readonly Subscriber[], timestamp: number): void {
    const isNeeded = subscribers.length > 0 || (chunk === 0 && depth > 0)
    if (isNeeded) this.#rows.put({ foreignKey, chunk }, { depth, subscribers }, timestamp)
    else this.#rows.delete({ foreignKey, chunk }, timestamp)
  }

  #divide(foreignKey: unknown, depth: number, timestamp: number): void {
    const chunks = new Map<number, Subscriber[]>()
    for (let chunk = 0; chunk < 2 ** (depth + 1); chunk++) chunks.set(chunk, [])
    for (const one of this.of(foreignKey)) chunks.get(this.#chunkOf(one.primaryKey, depth + 1))!.push(one)
    for (const [chunk, subscribers] of chunks) {
      this.#write(foreignKey, chunk, depth + 1, this.#sorted(subscribers), timestamp)
    }
  }

  #chunkOf(primaryKey: unknown, depth: number): number {
    return depth === 0 ? 0 : Buffer.from(murmur3(this.#bytes(primaryKey)), 'latin1').readUInt32BE(0) % 2 ** depth
  }

  #sorted(subscribers: readonly Subscriber[]): readonly Subscriber[] {
    return subscribers
      .map((one) => ({ one, bytes: this.#bytes(one.primaryKey) }))
      .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ one }) => one)
  }

  #bytes(primaryKey: unknown): Uint8Array {
    return bytesOf(this.#primaryKey.write(primaryKey))
  }
}
