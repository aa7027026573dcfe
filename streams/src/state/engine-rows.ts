/**
 * What stands in an engine. All keys begin with one byte: 0 for the engine's own rows, else the number of a store.
 *
 *   ┌───┬─────┐              ┌──────────────────────────────────┐
 *   │ 0 │ 'm' │            → │ meta (state-meta.ts), sealed     │   one, written anew by every batch
 *   └───┴─────┘              └──────────────────────────────────┘
 *   ┌───┬─────┬──────┐       ┌──────────────────────────────────┐
 *   │ 0 │ 'b' │ n, 8 │     → │ empty                            │   chain markers (chain.ts): one for each of the last batches
 *   └───┴─────┴──────┘       └──────────────────────────────────┘
 *   ┌───────┬────────┐       ┌──────────────┬───────────┬───────┐
 *   │ store │ row    │     → │ timestamp, 8 │ value     │ CRC,4 │   a row (row-keys.ts), sealed (seal.ts)
 *   └───────┴────────┘       └──────────────┴───────────┴───────┘
 */
const engineStore = 0
const metaLetter = 'm'.charCodeAt(0)
const chainLetter = 'b'.charCodeAt(0)

export const metaKey: Uint8Array = Uint8Array.of(engineStore, metaLetter)

/** The keys of all chain markers lie from the first to before the second. */
export const chainRange: { readonly from: Uint8Array; readonly to: Uint8Array } = {
  from: Uint8Array.of(engineStore, chainLetter),
  to: Uint8Array.of(engineStore, chainLetter + 1),
}

/** All keys of an engine. */
export const wholeRange: { readonly from: Uint8Array; readonly to: Uint8Array } = {
  from: new Uint8Array(0),
  to: Uint8Array.of(0xff, 0xff),
}

export function storeRange(store: number): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return { from: Uint8Array.of(store), to: Uint8Array.of(store + 1) }
}

export function chainKey(batch: number): Uint8Array {
  const key = Buffer.alloc(10)
  key[1] = chainLetter
  key.writeUIntBE(batch, 4, 6)
  return key
}

export function chainNumber(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUIntBE(4, 6)
}
