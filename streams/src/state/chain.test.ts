import { describe, expect, test } from 'vitest'
import { chainDamage, chainLength, writeMarker } from './chain.ts'
import { chainKey } from './engine-rows.ts'
import type { StoreEngine } from './engine.ts'
import { MemoryEngine } from './engines/memory-engine.ts'

async function written(batches: number): Promise<StoreEngine> {
  const engine = new MemoryEngine()
  const batch = engine.batch()
  for (let number = 1; number <= batches; number++) writeMarker(batch, number)
  await batch.write()
  return engine
}

async function without(engine: StoreEngine, number: number): Promise<StoreEngine> {
  const batch = engine.batch()
  batch.delete(chainKey(number))
  await batch.write()
  return engine
}

describe('the chain of batches', () => {
  test.each([0, 1, 2, chainLength, chainLength + 1, chainLength + 500])('of %i batches is whole', async (batches) => {
    expect(await chainDamage(await written(batches), batches)).toBeNull()
  })

  test.each([501, 502, 3_000, chainLength + 500])('is broken when batch %i is missing', async (missing) => {
    const engine = await without(await written(chainLength + 500), missing)
    expect(await chainDamage(engine, chainLength + 500)).toContain(`batch ${missing} of the engine is missing`)
  })

  test('is broken when its end is not the batch that wrote the meta row', async () => {
    expect(await chainDamage(await written(5), 4)).not.toBeNull()
    expect(await chainDamage(await written(5), 6)).not.toBeNull()
  })
})
