/**
 * The chain of batches. LevelDB opens without an error when a run of batches in the middle of its log is damaged: they are
 * gone, later ones are there (reliability.md, F2). So batch n writes a marker n, and removes marker n - 4,096. At open the
 * markers that are there must be exactly those that the newest batch left: a hole is a missing marker.
 *
 * Invariant H1: what LevelDB keeps in logs, and can therefore lose, is never more than the last 4,096 batches. It keeps at
 * most two logs, each up to the write buffer (4 MiB, classic-level-engine.ts); the meta row gives every batch at least 4 KiB,
 * so that 2,050 batches fill both. What is in a table file is safe from holes, and sealed against rot.
 */
import { chainKey, chainNumber, chainRange } from './engine-rows.ts'
import type { EngineBatch, StoreEngine } from './engine.ts'

export const chainLength = 4_096
/** The least that a batch weighs, by the padding of its meta row. */
export const leastBatchBytes = 4_096

const nothing = new Uint8Array(0)

export function writeMarker(batch: EngineBatch, number: number): void {
  batch.put(chainKey(number), nothing)
  if (number > chainLength) batch.delete(chainKey(number - chainLength))
}

/** What is wrong with the chain that ends with batch `newest`; null when it is whole. */
export async function chainDamage(engine: StoreEngine, newest: number): Promise<string | null> {
  let expected = Math.max(1, newest - chainLength + 1)
  for await (const page of engine.scan({ ...chainRange, keysOnly: true })) {
    for (const [key] of page) {
      const found = chainNumber(key)
      if (found !== expected) return `batch ${expected} of the engine is missing (found ${found}, newest ${newest})`
      expected++
    }
  }
  return expected === newest + 1 ? null : `batch ${expected} of the engine is missing (newest ${newest})`
}
