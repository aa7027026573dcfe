/**
 * The meta row of an engine, written by every batch together with the data: JSON, sealed like a row, padded with spaces to
 * 4 KiB (chain.ts says why).
 *
 *   { "format": 1, "batch": 17, "time": 1763722000000, "stores": [
 *     { "number": 1, "store": "counts", "shape": "key-value", "topic": "app-counts-changelog", "topicId": "5f…", "kind": "own",
 *       "position": 840, "newestOffset": 838, "producerId": 7, "producerEpoch": 312, "leaderEpoch": 2 }, … ] }
 *
 * Invariants
 *   T1  Stores that live in memory are not in it: they have no rows in the engine.
 *   T2  A store keeps its number for as long as the engine lives; a number is never given to another store.
 */
import { leastBatchBytes } from './chain.ts'
import { metaKey } from './engine-rows.ts'
import type { EngineBatch } from './engine.ts'
import type { Scratch } from './scratch.ts'
import { isSealed, seal, sealedValue } from './seal.ts'
import type { StoredMark } from './state-marks.ts'
import { isInEngine, type StoreSpec } from './store-spec.ts'

export const formatVersion = 1
const lastNumber = 254

export interface StateMeta {
  readonly format: number
  /** The number of the batch that wrote it. */
  readonly batch: number
  /** Wall clock at the newest commit that is in the engine. */
  readonly time: number
  readonly stores: readonly StoreRow[]
}

/** One store as the meta row has it. */
export interface StoreRow extends StoredMark {
  readonly number: number
  readonly shape: StoreSpec['kind']
  /** The numbers of its indexes by name. Absent: it has none. */
  readonly indexes?: Readonly<Record<string, number>>
}

export function putMeta(batch: EngineBatch, scratch: Scratch, meta: StateMeta): void {
  const end = seal(scratch, scratch.write(metaKey, 0), meta.time, JSON.stringify(meta).padEnd(leastBatchBytes))
  batch.put(metaKey, scratch.bytes(metaKey.length, end))
}

/** Null when it is damaged or of another format. */
export function readMeta(scratch: Scratch, sealed: Uint8Array): StateMeta | null {
  if (!isSealed(scratch, scratch.write(metaKey, 0), sealed)) return null
  const meta = JSON.parse(Buffer.from(sealedValue(sealed)).toString()) as StateMeta
  return meta.format === formatVersion ? meta : null
}

/** Why the stores of the plan cannot go on with this engine; null when they can. New stores are no reason. */
export function storesDiffer(meta: StateMeta, specs: readonly StoreSpec[]): string | null {
  for (const { store, shape, topic, indexes = {} } of meta.stores) {
    const spec = specs.find(({ name }) => name === store)
    if (spec === undefined) return `store "${store}" is not in the topology any more`
    if (spec.kind !== shape) return `store "${store}" was a ${shape} store and is a ${spec.kind} store now`
    if (spec.inMemory === true) return `store "${store}" is in memory now`
    const differs = indexDiffers(Object.keys(indexes), spec)
    if (differs !== null) return differs
    if (spec.changelog?.topic !== topic)
      return `the changelog of store "${store}" was ${topic} and is ${spec.changelog?.topic ?? 'none'} now`
  }
  return null
}

/** An index that is new has to be made from all rows; one that has gone must not stay behind the rows. */
function indexDiffers(before: readonly string[], { name, indexes = [] }: StoreSpec): string | null {
  const [had, has] = [
    before.toSorted().join(', '),
    indexes
      .map((index) => index.name)
      .toSorted()
      .join(', '),
  ]
  return had === has ? null : `store "${name}" had the indexes (${had}) and has (${has}) now`
}

/** The name under which an index has its number: no store is called so. */
export function indexName(store: string, index: string): string {
  return `${store}/${index}`
}

/** The number of each store that has rows in the engine: as the engine has it, or the next one. */
export function storeNumbers(meta: StateMeta | null, specs: readonly StoreSpec[]): ReadonlyMap<string, number> {
  const numbers = new Map(meta?.stores.flatMap(numbersIn))
  let next = Math.max(0, ...numbers.values()) + 1
  for (const spec of specs) {
    if (!isInEngine(spec)) continue
    const names = [spec.name, ...(spec.indexes ?? []).map(({ name }) => indexName(spec.name, name))]
    for (const name of names) if (!numbers.has(name)) numbers.set(name, next++)
  }
  if (next > lastNumber + 1) throw new RangeError(`a task has at most ${lastNumber} stores, this one has ${next - 1}`)
  return numbers
}

function numbersIn({ store, number, indexes = {} }: StoreRow): (readonly [name: string, number: number])[] {
  return [[store, number], ...Object.entries(indexes).map(([name, own]) => [indexName(store, name), own] as const)]
}
