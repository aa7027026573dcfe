/**
 * The rows of one store, in four layers and a cache. A row is looked for from the top down; the first hit counts, and a
 * deletion is a hit.
 *
 *   open       what the step being processed has changed
 *   frozen     the step being committed                        null: none
 *   committed  committed in the log, not yet in the engine
 *   flushing   the part of it that a flush is writing          null: none
 *   cache      decoded rows, as the engine has them
 *   engine     with its newest rows, sealed, in memory (row-ring.ts)
 *
 * Invariants
 *   L1  What the cache says of a row, the engine holds, or a layer above hides it.
 *   L2  What is below `frozen` is committed, and only that is shown to queries; a rollback drops `frozen` and what is above.
 *   L3  Values in entries are immutable; a change is a new entry.
 *   L4  A deletion of a row that began in the same step and stands nowhere below leaves no trace: put and delete between two
 *       commits cost nothing.
 */
import { streamError } from '../time/stream-errors.ts'
import { deletion, Entry, undecoded, unread } from './entry.ts'
import { entryOverheadBytes, type ReadCache } from './read-cache.ts'
import type { RowKeys } from './row-keys.ts'
import { orderedWithin, RowOrder, type ByteRange, type OrderedRow } from './row-order.ts'
import { sealedTimestamp, sealedValue } from './seal.ts'
import type { SealedEngine, SealedBatch } from './sealed-engine.ts'
import { nsBetween, type StoreMeter } from './store-meter.ts'
import type { StoreSpec } from './store-spec.ts'

/** Where the changelog records of a step go; an `OutgoingBatch` is one. */
export interface ChangelogSink {
  append(key: Uint8Array | string, value: Uint8Array | string | null, timestamp: number): void
}

/** The serde of the spec, with its type given back. */
interface ValueSerde<V> {
  readonly write: (value: V) => Uint8Array | string
  readonly read: (bytes: Uint8Array) => unknown
}

type Rows<V> = Map<string, Entry<V>>

/** A row that hides the engine's. */
export interface WaitingRow<V> extends OrderedRow {
  readonly entry: Entry<V>
}

export interface LayersOptions<V> {
  readonly spec: StoreSpec
  readonly keys: RowKeys
  /** Null: a store that lives in memory, whose committed layer is its last. */
  readonly engine: { readonly sealed: SealedEngine; readonly number: number } | null
  readonly cache: ReadCache<V>
  readonly meter: StoreMeter
}

export class StoreLayers<V> {
  readonly spec: StoreSpec
  readonly keys: RowKeys
  readonly meter: StoreMeter
  readonly #value: ValueSerde<V>
  readonly #engine: LayersOptions<V>['engine']
  readonly #cache: ReadCache<V>
  #open: Rows<V> = new Map()
  #frozen: Rows<V> | null = null
  #committed: Rows<V> = new Map()
  #flushing: Rows<V> | null = null
  #flushBytes = 0
  /** The rows of all layers in order, for scans of the open step; null: none asked for since the last flush. */
  #order: RowOrder | null = null

  constructor({ spec, keys, engine, cache, meter }: LayersOptions<V>) {
    this.spec = spec
    this.keys = keys
    this.meter = meter
    this.#value = spec.value as unknown as ValueSerde<V>
    this.#engine = engine
    this.#cache = cache
  }

  /** The row as the open step sees it. */
  read(row: string): Entry<V> | undefined {
    const { meter } = this
    meter.gets++
    if (meter.timer === null) return this.#find(row)
    const beganMs = meter.timer()
    const found = this.#find(row)
    meter.getNs.record(nsBetween(beganMs, meter.timer()))
    return found
  }

  /** The row as it stands without the open step and the frozen one. */
  readCommitted(row: string): Entry<V> | undefined {
    return this.live(this.#durable(row))
  }

  /** The timestamp of the row as the open step sees it; undefined: there is none. Decodes nothing. */
  timeOf(row: string): number | undefined {
    const entry = this.#open.get(row) ?? this.#frozen?.get(row) ?? this.#inMemory(row)
    if (entry !== undefined) return entry.bytes === null ? undefined : entry.timestamp
    const sealed = this.#engine?.sealed.read(this.#engine.number, this.keys, row)
    return sealed && sealedTimestamp(sealed)
  }

  write(row: string, value: V, timestamp: number): void {
    const { meter } = this
    meter.puts++
    if (meter.timer === null) return this.#put(row, value, timestamp)
    const beganMs = meter.timer()
    this.#put(row, value, timestamp)
    meter.putNs.record(nsBetween(beganMs, meter.timer()))
  }

  remove(row: string, timestamp: number): void {
    const { meter } = this
    meter.deletes++
    if (meter.timer === null) return this.#delete(row, timestamp)
    const beganMs = meter.timer()
    this.#delete(row, timestamp)
    meter.deleteNs.record(nsBetween(beganMs, meter.timer()))
  }

  #find(row: string): Entry<V> | undefined {
    return this.live(this.#open.get(row) ?? this.#below(row))
  }

  #put(row: string, value: V, timestamp: number): void {
    this.#open.set(row, new Entry(value, timestamp, undefined))
    this.#order?.add(row)
  }

  #delete(row: string, timestamp: number): void {
    const begun = this.#open.get(row)
    if (begun !== undefined && begun.bytes !== null && !this.#isBelow(row)) this.#open.delete(row)
    else this.#open.set(row, deletion(timestamp))
    this.#order?.add(row)
  }

  get openSize(): number {
    return this.#open.size
  }

  /** Serializes what the open step changed, gives it to the sink (null: nobody keeps it), and begins the next step. */
  freeze(sink: ChangelogSink | null): { records: number; bytes: number } {
    let bytes = 0
    if (this.#engine !== null || sink !== null) for (const [row, entry] of this.#open) bytes += this.#encode(row, entry, sink)
    const records = this.#open.size
    this.#frozen = this.#open
    this.#open = new Map()
    return { records, bytes }
  }

  /** The frozen step is committed. */
  commit(): void {
    const newer = this.#frozen ?? new Map<string, Entry<V>>()
    this.#frozen = null
    if (this.#engine === null) this.#settle(newer)
    else this.#committed = merged(this.#committed, newer)
  }

  /** Drops the open and the frozen step; returns the rows that they had changed. */
  rollback(): string[] {
    const changed = this.uncommittedRows()
    this.#open = new Map()
    this.#frozen = null
    return changed
  }

  /** Takes over a changelog record below the open step. Null: deleted. */
  restore(row: string, value: Uint8Array | null, timestamp: number): void {
    if (value === null && this.#engine === null) this.#committed.delete(row)
    else this.#committed.set(row, value === null ? deletion(timestamp) : undecoded(value, timestamp))
    this.#order?.add(row)
  }

  /** Takes what is committed so far aside for a flush. */
  beginFlush(): ReadonlyMap<string, Entry<V>> {
    this.#flushing = this.#committed
    this.#flushBytes = 0
    this.#committed = new Map()
    return this.#flushing
  }

  /** Puts a row of the flush into the batch; its bytes are not needed any more, unless nothing else knows the value. */
  flushRow(row: string, entry: Entry<V>, batch: SealedBatch): void {
    const { number } = this.#engine!
    if (entry.bytes === null) return batch.delete(number, this.keys, row)
    const bytes = entry.bytes ?? this.#write(entry.value)
    batch.put(number, this.keys, row, bytes, entry.timestamp)
    this.#flushBytes += bytes.length + row.length + entryOverheadBytes
    if (entry.value === unread) this.#flushBytes = Infinity
    else entry.bytes = undefined
  }

  /** The engine has the rows of the flush. Rows that were never decoded hold on to whole batches: they are not kept. */
  endFlush(): void {
    if (this.#flushing !== null) this.#cache.adopt(this.#flushing, this.#flushBytes)
    this.#flushing = null
    this.#order = null
  }

  /** The engine does not have them: they wait again. */
  undoFlush(): void {
    if (this.#flushing !== null) this.#committed = merged(this.#flushing, this.#committed)
    this.#flushing = null
  }

  /** Rows that are committed and not in the engine, or not for certain; newest wins. */
  committedRows(): Map<string, Entry<V>> {
    return new Map([...(this.#flushing ?? []), ...this.#committed])
  }

  /** What hides the engine's rows in the range, as it is now, in the order of the bytes; also of the open step and the frozen one. */
  rowsAbove(range: ByteRange, of: 'committed' | 'open'): WaitingRow<V>[] {
    const rows =
      of === 'open' ? this.#ordered().within(range) : orderedWithin(this.keys, [this.#flushing, this.#committed], range)
    return rows.flatMap(({ row, bytes }) => {
      const uncommitted = of === 'open' ? (this.#open.get(row) ?? this.#frozen?.get(row)) : undefined
      const entry = uncommitted ?? this.#committed.get(row) ?? this.#flushing?.get(row)
      return entry === undefined ? [] : [{ row, bytes, entry }]
    })
  }

  /** Made anew when most of it has gone. */
  #ordered(): RowOrder {
    const layers = [this.#flushing, this.#committed, this.#frozen, this.#open]
    const rows = layers.reduce((sum, layer) => sum + (layer?.size ?? 0), 0)
    if (this.#order !== null && this.#order.size <= leastOrder + 2 * rows) return this.#order
    this.#order = new RowOrder(this.keys)
    for (const layer of layers) for (const row of layer?.keys() ?? []) this.#order.add(row)
    return this.#order
  }

  /** What the open step and the frozen one have changed. */
  uncommittedRows(): string[] {
    return [...this.#open.keys(), ...(this.#frozen?.keys() ?? [])]
  }

  /** Decodes the entry if it was not, and hides it if it is a deletion. */
  live(entry: Entry<V> | undefined): Entry<V> | undefined {
    if (entry === undefined || entry.bytes === null) return undefined
    if (entry.value === unread) entry.value = this.decode(entry.bytes as Uint8Array)
    return entry
  }

  #below(row: string): Entry<V> | undefined {
    return this.#frozen?.get(row) ?? this.#durable(row)
  }

  #durable(row: string): Entry<V> | undefined {
    return this.#inMemory(row) ?? this.#readEngine(row)
  }

  #inMemory(row: string): Entry<V> | undefined {
    return this.#committed.get(row) ?? this.#flushing?.get(row) ?? this.#cached(row)
  }

  #cached(row: string): Entry<V> | undefined {
    const entry = this.#cache.get(row)
    if (entry !== undefined) this.meter.hits++
    return entry
  }

  #isBelow(row: string): boolean {
    const entry = this.#below(row)
    return entry !== undefined && entry.bytes !== null
  }

  #readEngine(row: string): Entry<V> | undefined {
    if (this.#engine === null) return undefined
    this.meter.misses++
    const sealed = this.#engine.sealed.read(this.#engine.number, this.keys, row)
    if (sealed === undefined) return undefined
    const entry = new Entry(this.decode(sealedValue(sealed)), sealedTimestamp(sealed), undefined)
    this.#cache.add(row, entry, sealed.length)
    return entry
  }

  /** A store in memory: nothing lies below that a deletion would have to hide, and nobody needs the bytes any more. */
  #settle(newer: Rows<V>): void {
    for (const [row, entry] of newer) {
      if (entry.bytes === null) this.#committed.delete(row)
      else {
        entry.bytes = undefined
        this.#committed.set(row, entry)
      }
    }
  }

  #encode(row: string, entry: Entry<V>, sink: ChangelogSink | null): number {
    if (entry.bytes === undefined) entry.bytes = this.#write(entry.value)
    sink?.append(this.keys.changelogKey(row), entry.bytes, entry.timestamp)
    return row.length + (entry.bytes?.length ?? 0)
  }

  #write(value: V): Uint8Array | string {
    try {
      return this.#value.write(value)
    } catch (cause) {
      throw streamError('VALUE_UNWRITABLE', {
        what: 'the serde does not write a value of the store',
        where: this.spec.name,
        cause,
      })
    }
  }

  decode(bytes: Uint8Array): V {
    try {
      return this.#value.read(bytes) as V
    } catch (cause) {
      throw streamError('VALUE_UNREADABLE', { what: 'the serde does not read a stored value', where: this.spec.name, cause })
    }
  }
}

/** So many rows may have gone before it is worth to forget them. */
const leastOrder = 1_000

/** Both in one map; the smaller one moves. */
function merged<V>(older: Rows<V>, newer: Rows<V>): Rows<V> {
  if (newer.size > older.size) {
    for (const [row, entry] of older) if (!newer.has(row)) newer.set(row, entry)
    return newer
  }
  for (const [row, entry] of newer) older.set(row, entry)
  return older
}
