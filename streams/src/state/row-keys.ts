/**
 * The keys of rows: as strings in the layers, as bytes in the engine and in the changelog.
 *
 *   in the layers            key-value:  k                 window:  <start>/<k>
 *     k = what the serde writes, when that is a string;  \0b + latin1 of the bytes, when it is bytes;
 *         \0s + the string, when it begins with \0 itself, so that no string passes for bytes
 *
 *   in the engine            key-value:  ┌───────┬───────────┐      window:  ┌───────┬─────────────────┬───────────┐
 *                                        │ store │ key bytes │               │ store │ start ^ 2^63, 8 │ key bytes │
 *                                        └───────┴───────────┘               └───────┴─────────────────┴───────────┘
 *     store: one byte, 1…255; 0 is the engine's own (engine-rows.ts). Big-endian with the sign turned, so that the rows of
 *     a window store stand in the order of time.
 *
 *   in the changelog         key-value:  key bytes                  window:  ┌───────────┬──────────┬──────────┐
 *     (as Kafka Streams writes it; seq tells duplicates apart, and           │ key bytes │ start, 8 │ 0 (seq), │
 *     windows that keep none have 0)                                         │           │          │ 4        │
 *                                                                            └───────────┴──────────┴──────────┘
 *
 * Invariants
 *   K1  One key has one string: bytes that come back from a log or an engine go through the serde (read, then write), so that
 *       another spelling of the same key, as a source topic may hold it, meets the row it means.
 *   K2  A string in the layers is well-formed: a lone surrogate becomes U+FFFD here already, as it would in the log.
 */
import { streamError } from '../time/stream-errors.ts'
import type { Scratch } from './scratch.ts'
import type { StoredSerde } from './store-spec.ts'

/** How the rows of one store are named in the layers, in the engine and in the changelog. */
export interface RowKeys {
  /** Writes the engine's key of the row behind the store's number; returns its end. */
  writeEngineKey(row: string, into: Scratch, at: number): number
  changelogKey(row: string): Uint8Array | string
  /** `key` without the store's number. */
  rowOfEngineKey(key: Uint8Array): string
  rowOfChangelogKey(key: Uint8Array): string
}

const bytesMark = '\0b'
const textMark = '\0s'
const startSize = 8
const changelogTailSize = 12

/** The serde of the spec, with its type given back. */
interface KeySerde<K> {
  readonly write: (key: K) => Uint8Array | string
  readonly read: (bytes: Uint8Array) => unknown
}

/** Keys of type K as strings, and back. */
export class KeyTexts<K> {
  readonly #serde: KeySerde<K>

  constructor(serde: StoredSerde) {
    this.#serde = serde as unknown as KeySerde<K>
  }

  /** @throws VALUE_UNWRITABLE */
  textOf(key: K): string {
    const written = writtenKey(this.#serde, key)
    return typeof written === 'string' ? textOfString(written) : bytesMark + latin1(written)
  }

  textOfBytes(bytes: Uint8Array): string {
    return this.textOf(this.#serde.read(bytes) as K)
  }

  keyOf(text: string): K {
    const written = writtenOf(text)
    return this.#serde.read(typeof written === 'string' ? Buffer.from(written) : written) as K
  }
}

/** As the serde writes it. @throws VALUE_UNWRITABLE */
export function writtenKey<K>(serde: { readonly write: (key: K) => Uint8Array | string }, key: K): Uint8Array | string {
  try {
    return serde.write(key)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw streamError('VALUE_UNWRITABLE', { what: `the serde does not write a key of the store: ${why}`, cause })
  }
}

/** What the serde wrote for this key. */
export function writtenOf(text: string): Uint8Array | string {
  if (text.charCodeAt(0) !== 0) return text
  return text.startsWith(textMark) ? text.slice(2) : Buffer.from(text.slice(2), 'latin1')
}

function textOfString(written: string): string {
  const text = written.isWellFormed() ? written : written.toWellFormed()
  return text.charCodeAt(0) === 0 ? textMark + text : text
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function writeKey(text: string, into: Scratch, at: number): number {
  if (text.charCodeAt(0) !== 0) return into.write(text, at)
  return text.startsWith(textMark) ? into.write(text.slice(2), at) : into.writeLatin1(text.slice(2), at)
}

/** Rows of a key-value store: the row is the key. */
export class KeyValueRowKeys<K> implements RowKeys {
  readonly keys: KeyTexts<K>

  constructor(serde: StoredSerde) {
    this.keys = new KeyTexts(serde)
  }

  writeEngineKey(row: string, into: Scratch, at: number): number {
    return writeKey(row, into, at)
  }

  changelogKey(row: string): Uint8Array | string {
    return writtenOf(row)
  }

  rowOfEngineKey(key: Uint8Array): string {
    return this.keys.textOfBytes(key)
  }

  rowOfChangelogKey(key: Uint8Array): string {
    return this.keys.textOfBytes(key)
  }
}

/** Rows of a window store: time first in the engine, key first in the changelog. */
export class WindowRowKeys<K> implements RowKeys {
  readonly keys: KeyTexts<K>

  constructor(serde: StoredSerde) {
    this.keys = new KeyTexts(serde)
  }

  writeEngineKey(row: string, into: Scratch, at: number): number {
    const end = into.writeInt64(startOf(row), at)
    into.flipSign(at)
    return writeKey(keyTextOf(row), into, end)
  }

  changelogKey(row: string): Uint8Array {
    const key = writtenOf(keyTextOf(row))
    const size = Buffer.byteLength(key)
    const whole = Buffer.allocUnsafe(size + changelogTailSize)
    if (typeof key === 'string') whole.write(key)
    else whole.set(key)
    writeStart(whole, size, startOf(row))
    whole.writeInt32BE(0, size + startSize)
    return whole
  }

  rowOfEngineKey(key: Uint8Array): string {
    const start = readStart(key, 0, 0x8000_0000)
    return windowRow(start, this.keys.textOfBytes(key.subarray(startSize)))
  }

  rowOfChangelogKey(key: Uint8Array): string {
    const size = key.length - changelogTailSize
    if (size < 0) throw new RangeError(`a window key of ${key.length} bytes; it has at least ${changelogTailSize}`)
    return windowRow(readStart(key, size, 0), this.keys.textOfBytes(key.subarray(0, size)))
  }
}

export function windowRow(start: number, key: string): string {
  return `${start}/${key}`
}

export function startOf(row: string): number {
  return Number(row.slice(0, row.indexOf('/')))
}

export function keyTextOf(row: string): string {
  return row.slice(row.indexOf('/') + 1)
}

function writeStart(into: Buffer, at: number, start: number): void {
  into.writeInt32BE(Math.floor(start / 0x1_0000_0000), at)
  into.writeInt32BE(start | 0, at + 4)
}

function readStart(bytes: Uint8Array, at: number, signMask: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, startSize)
  return (view.getInt32(0) ^ signMask) * 0x1_0000_0000 + view.getUint32(4)
}
