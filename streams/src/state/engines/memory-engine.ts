import type { EngineBatch, EngineEntry, ScanRange, StoreEngine, StoreEngines } from '../engine.ts'

const pageRows = 1_000

/** Engines in memory: for tests, and for applications whose stores are small enough to be restored at every start. */
export class MemoryEngines implements StoreEngines {
  readonly name: string = 'memory'
  readonly lossy: boolean = true

  open(): Promise<StoreEngine> {
    return Promise.resolve(new MemoryEngine())
  }

  wipe(): Promise<void> {
    return Promise.resolve()
  }
}

/** Rows by the latin1 text of their keys: its order is the order of the bytes. Sorted when a scan asks. */
export class MemoryEngine implements StoreEngine {
  readonly #rows: Map<string, Uint8Array> = new Map()

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(textOf(key))
  }

  batch(): EngineBatch {
    return new MemoryBatch(this.#rows)
  }

  scan(range: ScanRange): AsyncIterable<readonly EngineEntry[]> {
    return pagesOf(rowsIn(this.#rows, range))
  }

  close(): Promise<void> {
    this.#rows.clear()
    return Promise.resolve()
  }
}

class MemoryBatch implements EngineBatch {
  readonly #rows: Map<string, Uint8Array>
  #changes: (readonly [key: string, value: Uint8Array | null])[] = []

  constructor(rows: Map<string, Uint8Array>) {
    this.#rows = rows
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#changes.push([textOf(key), new Uint8Array(value)])
  }

  delete(key: Uint8Array): void {
    this.#changes.push([textOf(key), null])
  }

  write(): Promise<void> {
    for (const [key, value] of this.#changes) {
      if (value === null) this.#rows.delete(key)
      else this.#rows.set(key, value)
    }
    this.#changes = []
    return Promise.resolve()
  }
}

/** A key as text, one character a byte. */
export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The rows of a range, in the order of their keys. */
export function rowsIn(
  rows: ReadonlyMap<string, Uint8Array>,
  { from, to, keysOnly = false, reverse = false }: ScanRange,
): EngineEntry[] {
  const first = textOf(from)
  const end = textOf(to)
  const keys = [...rows.keys()].filter((key) => key >= first && key < end).sort()
  if (reverse) keys.reverse()
  return keys.map((key) => [Buffer.from(key, 'latin1'), keysOnly ? new Uint8Array(0) : rows.get(key)!])
}

export async function* pagesOf(entries: readonly EngineEntry[]): AsyncGenerator<readonly EngineEntry[], void, undefined> {
  for (let at = 0; at < entries.length; at += pageRows) yield entries.slice(at, at + pageRows)
}
