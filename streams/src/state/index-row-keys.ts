/**
 * The keys of the rows of a secondary index: they say under which index key a row of the store stands, and have no value.
 *
 *   in the layers    <length of i>:<i><k>      i: the index key, k: the key of the row, both as row-keys.ts has them
 *   in the engine    ┌───────┬──────────────────────┬───────┬───────────┐
 *                    │ index │ index key bytes, 0 → │ 0, 1  │ key bytes │    in the order of the index keys, then of the keys
 *                    │       │ 0, 255               │       │           │
 *                    └───────┴──────────────────────┴───────┴───────────┘
 *   in a changelog   not at all: they are made anew from the rows
 */
import { KeyTexts, writtenOf, type RowKeys } from './row-keys.ts'
import type { Scratch } from './scratch.ts'
import type { StoredSerde } from './store-spec.ts'

const escaped = 0xff
const terminator = 1

export class IndexRowKeys implements RowKeys {
  /** Of the index. */
  readonly keys: KeyTexts<unknown>
  readonly #rows: KeyTexts<unknown>

  constructor(indexKey: StoredSerde, rows: KeyTexts<unknown>) {
    this.keys = new KeyTexts(indexKey)
    this.#rows = rows
  }

  writeEngineKey(row: string, into: Scratch, at: number): number {
    const { indexText, keyText } = partsOf(row)
    const bytes = [orderedBytes(writtenOf(indexText)), Buffer.of(0, terminator), bytesOf(writtenOf(keyText))]
    return into.write(Buffer.concat(bytes), at)
  }

  changelogKey(): never {
    throw new TypeError('an index has no changelog')
  }

  rowOfEngineKey(key: Uint8Array): string {
    let end = key.indexOf(0)
    while (key[end + 1] === escaped) end = key.indexOf(0, end + 2)
    const indexKey = key.subarray(0, end).filter((byte, at) => byte !== escaped || at === 0 || key[at - 1] !== 0)
    return indexRow(this.keys.textOfBytes(indexKey), this.#rows.textOfBytes(key.subarray(end + 2)))
  }

  rowOfChangelogKey(): never {
    throw new TypeError('an index has no changelog')
  }
}

export function indexRow(indexText: string, keyText: string): string {
  return `${indexText.length}:${indexText}${keyText}`
}

function partsOf(row: string): { readonly indexText: string; readonly keyText: string } {
  const colon = row.indexOf(':')
  const end = colon + 1 + Number(row.slice(0, colon))
  return { indexText: row.slice(colon + 1, end), keyText: row.slice(end) }
}

/** The key of the row that an entry of an index is about. */
export function rowOfIndexRow(row: string): string {
  return partsOf(row).keyText
}

/** So that what begins with the key of another comes behind all rows of that. */
export function orderedBytes(written: Uint8Array | string): Buffer {
  const bytes = bytesOf(written)
  return bytes.includes(0) ? Buffer.from(Array.from(bytes).flatMap((byte) => (byte === 0 ? [0, escaped] : [byte]))) : bytes
}

/** The first bytes behind all rows of the index key. */
export function behindIndexKey(written: Uint8Array | string): Buffer {
  return Buffer.concat([orderedBytes(written), Buffer.of(0, terminator + 1)])
}

function bytesOf(written: Uint8Array | string): Buffer {
  return typeof written === 'string' ? Buffer.from(written) : Buffer.from(written.buffer, written.byteOffset, written.byteLength)
}
