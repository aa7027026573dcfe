import { hash } from 'node:crypto'
import { assert } from '../base/assert.ts'

/**
 * Key → latest offset in a fixed amount of memory, whatever the keys' length: what one compaction knows of the records behind it
 * (Kafka's SkimpyOffsetMap).
 *
 *      slot   0            1            2
 *      ┌──────┴─────┬──────┴─────┬──────┴─────┬─ … ─┐
 *      │ 4 × u32    │ 4 × u32    │ 4 × u32    │     │  MD5 of the key
 *      │ f64        │ f64        │ f64        │     │  its offset + 1; 0: the slot is free
 *      └────────────┴────────────┴────────────┴─────┘
 *
 * Two keys of one hash would be taken for one, and the older record dropped. MD5 keeps that from happening by chance, not from
 * somebody who makes both keys to lose one of them.
 */
const bytesPerSlot = 24
/** Beyond it chains grow long. Kafka's default of `log.cleaner.io.buffer.load.factor`. */
const loadFactor = 0.9

export class OffsetMap {
  private readonly slots: number
  private readonly limit: number
  private readonly hashes: Uint32Array
  private readonly offsets: Float64Array
  private readonly words = new Uint32Array(4)
  private used = 0
  private latest = -1

  constructor(budgetBytes: number) {
    this.slots = Math.floor(budgetBytes / bytesPerSlot)
    this.limit = Math.min(Math.ceil(this.slots * loadFactor), this.slots - 1)
    assert(this.limit > 0, `an offset map of ${budgetBytes} bytes`)
    this.hashes = new Uint32Array(this.slots * 4)
    this.offsets = new Float64Array(this.slots)
  }

  /** As large as so many keys need, within the budget: most compactions see few, and memory of zeros is not free. */
  static forKeys(keys: number, budgetBytes: number): OffsetMap {
    return new OffsetMap(Math.min(budgetBytes, bytesPerSlot * (Math.ceil(keys / loadFactor) + 2)))
  }

  get size(): number {
    return this.used
  }

  /** It takes no further key, and no further offset: which keys are known already is not looked up. */
  get isFull(): boolean {
    return this.used >= this.limit
  }

  /** Every record up to it has been put; -1 for none. Nothing is known of records beyond it. */
  get latestOffset(): number {
    return this.latest
  }

  /** All records up to this one have been put, or are not to be. */
  reach(offset: number): void {
    this.latest = offset
  }

  /** The later offset counts. It must not be full. */
  put(key: Uint8Array, offset: number): void {
    assert(!this.isFull, 'the offset map is full')
    const slot = this.slotOf(key)
    if (this.offsets[slot] === 0) {
      this.hashes.set(this.words, slot * 4)
      this.used++
    }
    this.offsets[slot] = Math.max(this.offsets[slot]!, offset + 1)
  }

  /** -1 for a key that was not put. */
  offsetOf(key: Uint8Array): number {
    return this.offsets[this.slotOf(key)]! - 1
  }

  /** Where the key is, or would go. A slot is always free, so that it ends. */
  private slotOf(key: Uint8Array): number {
    this.hashInto(key)
    const { words, hashes, offsets, slots } = this
    let slot = words[0]! % slots
    while (offsets[slot] !== 0) {
      const at = slot * 4
      if (hashes[at] === words[0] && hashes[at + 1] === words[1] && hashes[at + 2] === words[2] && hashes[at + 3] === words[3])
        return slot
      slot = slot + 1 === slots ? 0 : slot + 1
    }
    return slot
  }

  /** A string of bytes comes out of Node in a third of the time that a Buffer takes. */
  private hashInto(key: Uint8Array): void {
    const digest = hash('md5', key, 'binary')
    for (let word = 0, at = 0; word < 4; word++, at += 4) {
      this.words[word] =
        (digest.charCodeAt(at) << 24) |
        (digest.charCodeAt(at + 1) << 16) |
        (digest.charCodeAt(at + 2) << 8) |
        digest.charCodeAt(at + 3)
    }
  }
}
