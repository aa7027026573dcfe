/**
 * Rows as the engine has them, sealed, in one buffer outside the heap: the second cache, under the decoded rows. It holds three
 * times the rows in the same memory, and costs the garbage collector nothing. (A read of it takes 0.4 µs, one of LevelDB 4.)
 *
 *   ring   ┌──────────────┬───────────────┬─────┬────────┬ ─ ┐    entries one behind the other, from 8 bytes to 8 bytes; the newest
 *          │ key bytes, 4 │ value bytes, 4│ key │ sealed │   │    overwrite the oldest. A row that is there is overwritten in
 *          └──────────────┴───────────────┴─────┴────────┴ ─ ┘    place when its size is the same.
 *
 *   index  sets of four slots, chosen by the hash; a slot is
 *          ┌─────────┬──────────────┐
 *          │ hash, 4 │ position, 4  │    position: 1 + the units of 8 bytes that were written before the entry; 0: empty
 *          └─────────┴──────────────┘
 *
 * Invariants
 *   B1  A set has at most one slot of a hash, so that a newer version of a row always replaces the older one.
 *   B2  A slot counts while its entry lies within the last `ring.length` bytes written.
 *   B3  Nothing that leaves is a view: the ring goes on writing.
 */
const unit = 8
const headerBytes = 8
const ways = 4
/** Two small sizes for small stores; then all at once, because moving a large index takes longer than a turn may. */
const smallRingBytes: readonly number[] = [16_384, 1_048_576]
/** Entries are seldom smaller, index included. */
const leastRowBytes = 40
/** The index is emptied before positions would repeat. */
const lastPosition = 0xfff0_0000

export class RowRing {
  readonly #maxBytes: number
  #ring: Uint8Array = new Uint8Array(0)
  #words: Uint32Array = new Uint32Array(0)
  #slots: Uint32Array = new Uint32Array(0)
  /** Units written, with those that were skipped at the end of the ring. */
  #head = 0

  /** `maxBytes` of ring and index together. */
  constructor(maxBytes: number) {
    this.#maxBytes = 2 ** Math.floor(Math.log2(Math.max(smallRingBytes[0]!, maxBytes / 1.5)))
  }

  /** The sealed row of the key that `bytes` begins with; a copy. */
  get(bytes: Uint8Array, keyEnd: number): Uint8Array | undefined {
    if (this.#slots.length === 0) return undefined
    const at = this.#entryOf(this.#slotOf(hashOf(bytes, keyEnd)))
    if (at < 0 || !this.#holdsKey(at, bytes, keyEnd)) return undefined
    const from = at + headerBytes + keyEnd
    return this.#ring.slice(from, from + this.#words[at / 4 + 1]!)
  }

  /** `bytes` is the key, up to `keyEnd`, and the sealed row behind it, up to `end`. */
  put(bytes: Uint8Array, keyEnd: number, end: number): void {
    const hash = hashOf(bytes, keyEnd)
    const units = Math.ceil((headerBytes + end) / unit)
    if (units * unit > this.#maxBytes / 8) return this.#forget(hash)
    if (this.#slots.length === 0) this.#grow()
    const slot = this.#slotOf(hash)
    const at = this.#entryOf(slot)
    const position = at >= 0 && this.#unitsAt(at) === units ? this.#slots[slot + 1]! : this.#append(units)
    this.#write(((position - 1) * unit) % this.#ring.length, bytes, keyEnd, end)
    this.#enter(hash, position)
  }

  delete(bytes: Uint8Array, keyEnd: number): void {
    this.#forget(hashOf(bytes, keyEnd))
  }

  #forget(hash: number): void {
    const slot = this.#slots.length === 0 ? -1 : this.#slotOf(hash)
    if (slot >= 0) this.#slots[slot + 1] = 0
  }

  /** The slot that has the hash; -1: none. */
  #slotOf(hash: number): number {
    const first = this.#setOf(hash)
    for (let slot = first; slot < first + 2 * ways; slot += 2) {
      if (this.#slots[slot] === hash && this.#slots[slot + 1] !== 0) return slot
    }
    return -1
  }

  #setOf(hash: number): number {
    return ((hash * 2 * ways) & (this.#slots.length - 1)) >>> 0
  }

  /** Where the slot's entry begins in the ring; -1: overwritten, or no slot. */
  #entryOf(slot: number): number {
    if (slot < 0) return -1
    const before = this.#slots[slot + 1]! - 1
    return this.#isKept(before) ? (before * unit) % this.#ring.length : -1
  }

  #isKept(unitsBefore: number): boolean {
    return unitsBefore >= 0 && unitsBefore >= this.#head - this.#ring.length / unit
  }

  #holdsKey(at: number, bytes: Uint8Array, keyEnd: number): boolean {
    if (this.#words[at / 4] !== keyEnd) return false
    const ring = this.#ring
    const from = at + headerBytes
    for (let i = 0; i < keyEnd; i++) if (ring[from + i] !== bytes[i]) return false
    return true
  }

  #unitsAt(at: number): number {
    return Math.ceil((headerBytes + this.#words[at / 4]! + this.#words[at / 4 + 1]!) / unit)
  }

  /** Takes the next place in the ring; returns its position. */
  #append(units: number): number {
    let capacity = this.#ring.length / unit
    while (this.#head + units > capacity && capacity * unit < this.#maxBytes) {
      this.#grow()
      capacity = this.#ring.length / unit
    }
    const left = capacity - (this.#head % capacity)
    if (left < units) this.#head += left
    if (this.#head > lastPosition) this.#empty()
    this.#head += units
    return this.#head - units + 1
  }

  #write(at: number, bytes: Uint8Array, keyEnd: number, end: number): void {
    this.#words[at / 4] = keyEnd
    this.#words[at / 4 + 1] = end - keyEnd
    const ring = this.#ring
    const from = at + headerBytes
    if (end > 200) ring.set(new Uint8Array(bytes.buffer, bytes.byteOffset, end), from)
    else for (let i = 0; i < end; i++) ring[from + i] = bytes[i]!
  }

  /** Into the slot of the hash, else an empty one, else that of the oldest entry of the set. */
  #enter(hash: number, position: number): void {
    const first = this.#setOf(hash)
    let chosen = first
    for (let slot = first; slot < first + 2 * ways; slot += 2) {
      if (this.#slots[slot] === hash && this.#slots[slot + 1] !== 0) {
        chosen = slot
        break
      }
      if (this.#slots[slot + 1]! < this.#slots[chosen + 1]!) chosen = slot
    }
    this.#slots[chosen] = hash
    this.#slots[chosen + 1] = position
  }

  /** The next size; positions stay, because nothing was overwritten yet. */
  #grow(): void {
    const size = smallRingBytes.find((bytes) => bytes > this.#ring.length) ?? this.#maxBytes
    const ring = new Uint8Array(Math.min(size, this.#maxBytes))
    ring.set(this.#ring)
    this.#ring = ring
    this.#words = new Uint32Array(ring.buffer)
    const former = this.#slots
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2((ring.length / leastRowBytes) * 2 * 1.5)))
    for (let slot = 0; slot < former.length; slot += 2) if (former[slot + 1] !== 0) this.#enter(former[slot]!, former[slot + 1]!)
  }

  #empty(): void {
    this.#slots.fill(0)
    this.#head = 0
  }
}

/** FNV-1a, its bits mixed once more at the end, because sets are chosen by the lowest. */
function hashOf(bytes: Uint8Array, end: number): number {
  let hash = 0x811c_9dc5
  for (let i = 0; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
