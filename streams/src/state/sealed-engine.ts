import { streamError } from '../time/stream-errors.ts'
import type { EngineBatch, EngineEntry, ScanRange, StoreEngine } from './engine.ts'
import type { RowKeys } from './row-keys.ts'
import { RowRing } from './row-ring.ts'
import type { Scratch } from './scratch.ts'
import { isSealed, seal, sealedTimestamp, sealedValue } from './seal.ts'

export interface SealedEngineOptions {
  readonly engine: StoreEngine
  readonly scratch: Scratch
  readonly taskId: string
  /** Memory for rows as the engine has them (row-ring.ts). */
  readonly ringBytes: number
  /** Makes sure that the next open wipes. */
  readonly onDamage: () => void
}

/**
 * Rows in an engine, sealed on the way in and checked on the way out.
 *
 * Invariant G1: once anything was wrong with the engine, nothing is read from it or written to it any more: after one write
 * error LevelDB acknowledges writes that it loses (reliability.md, F1).
 */
export class SealedEngine {
  readonly #engine: StoreEngine
  readonly #scratch: Scratch
  readonly #ring: RowRing
  readonly #taskId: string
  readonly #onDamage: () => void
  #damage: string | null = null
  #closed = false

  constructor({ engine, scratch, taskId, ringBytes, onDamage }: SealedEngineOptions) {
    this.#engine = engine
    this.#scratch = scratch
    this.#taskId = taskId
    this.#ring = new RowRing(ringBytes)
    this.#onDamage = onDamage
  }

  get damage(): string | null {
    return this.#damage
  }

  /** The sealed row (seal.ts), checked; undefined: it is not there. @throws STORE_CORRUPT, STORE_CLOSED */
  read(store: number, keys: RowKeys, row: string): Uint8Array | undefined {
    this.#refuseDamaged()
    const keyEnd = this.#keyEnd(store, keys, row)
    return this.#ring.get(this.#scratch.whole, keyEnd) ?? this.#readEngine(store, keyEnd)
  }

  get #where(): string {
    return `task ${this.#taskId}`
  }

  batch(): SealedBatch {
    this.#refuseDamaged()
    return new SealedBatch(this.#engine.batch(), this.#scratch, this.#ring)
  }

  /** @throws STORE_WRITE_FAILED */
  async write({ batch }: SealedBatch): Promise<void> {
    this.#refuseDamaged()
    try {
      await batch.write()
    } catch (cause) {
      this.#markDamaged('a write to the engine failed')
      throw streamError('STORE_WRITE_FAILED', { what: 'a write to the engine failed', where: this.#where, cause })
    }
  }

  /** Rows of a store, keys without its number. The scan sees the engine of this moment. @throws STORE_CORRUPT */
  scan(range: ScanRange): AsyncIterable<readonly ScannedRow[]> {
    this.#refuseDamaged()
    return this.#checked(this.#engine.scan(range))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#engine.close()
  }

  async *#checked(pages: AsyncIterable<readonly EngineEntry[]>): AsyncIterable<readonly ScannedRow[]> {
    for await (const page of pages) yield page.map(([key, sealed]) => this.#unsealed(key, sealed))
  }

  #unsealed(key: Uint8Array, sealed: Uint8Array): ScannedRow {
    if (!isSealed(this.#scratch, this.#scratch.write(key, 0), sealed))
      this.#fail(`a row of store ${key[0]} does not match its checksum`)
    return { key: key.subarray(1), timestamp: sealedTimestamp(sealed), value: sealedValue(sealed) }
  }

  #readEngine(store: number, keyEnd: number): Uint8Array | undefined {
    const sealed = this.#get(this.#scratch.bytes(0, keyEnd))
    if (sealed === undefined) return undefined
    if (!isSealed(this.#scratch, keyEnd, sealed)) this.#fail(`a row of store ${store} does not match its checksum`)
    const end = this.#scratch.write(sealed, keyEnd)
    this.#ring.put(this.#scratch.whole, keyEnd, end)
    return sealed
  }

  #get(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#engine.get(key)
    } catch (cause) {
      return this.#fail('the engine does not read a row', cause)
    }
  }

  #keyEnd(store: number, keys: RowKeys, row: string): number {
    return keys.writeEngineKey(row, this.#scratch, this.#scratch.writeByte(store, 0))
  }

  #refuseDamaged(): void {
    if (this.#closed) throw streamError('STORE_CLOSED', { what: 'the task of the store is closed', where: this.#where })
    if (this.#damage !== null) throw streamError('STORE_CORRUPT', { what: this.#damage, where: this.#where })
  }

  #fail(what: string, cause?: unknown): never {
    this.#markDamaged(what)
    throw streamError('STORE_CORRUPT', { what, where: this.#where, cause })
  }

  #markDamaged(what: string): void {
    this.#damage ??= what
    this.#onDamage()
  }
}

/** Rows on their way into the engine, as one batch. The ring has them at once: until the write a layer above hides them (L1). */
export class SealedBatch {
  readonly batch: EngineBatch
  readonly #scratch: Scratch
  readonly #ring: RowRing

  constructor(batch: EngineBatch, scratch: Scratch, ring: RowRing) {
    this.batch = batch
    this.#scratch = scratch
    this.#ring = ring
  }

  put(store: number, keys: RowKeys, row: string, value: Uint8Array | string, timestamp: number): void {
    const keyEnd = this.#keyEnd(store, keys, row)
    const end = seal(this.#scratch, keyEnd, timestamp, value)
    this.batch.put(this.#scratch.bytes(0, keyEnd), this.#scratch.bytes(keyEnd, end))
    this.#ring.put(this.#scratch.whole, keyEnd, end)
  }

  delete(store: number, keys: RowKeys, row: string): void {
    const keyEnd = this.#keyEnd(store, keys, row)
    this.batch.delete(this.#scratch.bytes(0, keyEnd))
    this.#ring.delete(this.#scratch.whole, keyEnd)
  }

  #keyEnd(store: number, keys: RowKeys, row: string): number {
    return keys.writeEngineKey(row, this.#scratch, this.#scratch.writeByte(store, 0))
  }
}

/** A row of a scan, its seal checked. */
export interface ScannedRow {
  /** Without the number of the store. */
  readonly key: Uint8Array
  readonly timestamp: number
  readonly value: Uint8Array
}
