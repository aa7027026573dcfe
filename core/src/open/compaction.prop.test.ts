import fc from 'fast-check'
import { expect, test } from 'vitest'
import { simWorld } from '../simulation/sim-world.ts'
import { expectModel } from './compaction-model.fixtures.ts'
import { anyStep, CompactionHistory, tableOf } from './compaction-history.fixtures.ts'

test('after any history and any number of compactions a reader builds the same table', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 200, max: 1500 }),
      fc.array(anyStep, { minLength: 5, maxLength: 80, size: 'max' }),
      async (segmentBytes, steps) => {
        const world = simWorld({ seed: 1 })
        await world.run(async () => {
          const history = new CompactionHistory(world, segmentBytes)
          for (const step of steps) {
            await history.take(step)
            if (step.kind !== 'compact' && step.kind !== 'reopen') continue
            if (step.kind === 'compact') await expectModel(history)
            expect(tableOf(await history.readCommitted())).toEqual(history.table)
          }
          await history.checkpoint()
          if (history.passes.length > 0) expect(history.replayedProducers()).toEqual(history.originalProducers())
          history.folder.close()
        })
      },
    ),
    { numRuns: 300 },
  )
})
