import { test } from '@fast-check/vitest'
import { MemoryEngines } from './engines/memory-engine.ts'
import { commands } from './state-commands.fixtures.ts'
import { ModelTask, type Command } from './state-model.fixtures.ts'
import { StillClock } from './state.fixtures.ts'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'

async function agrees(task: ModelTask, sequence: readonly Command[]): Promise<void> {
  await task.open()
  for (const each of sequence) await task.run(each)
  await task.compare()
  await task.state.close()
}

test.prop([commands])('task state over memory equals plain maps, and a restart equals what was committed', async (sequence) => {
  await agrees(new ModelTask({ engines: () => new MemoryEngines() }), sequence)
})

test.prop([commands])('task state over an engine that keeps equals plain maps through every restart', async (sequence) => {
  const engines = new SimStoreEngines({ clock: new StillClock() })
  await agrees(new ModelTask({ engines: () => engines }), sequence)
})

test.prop([commands])('task state that flushes at every few records equals plain maps', async (sequence) => {
  const engines = new SimStoreEngines({ clock: new StillClock() })
  await agrees(new ModelTask({ engines: () => engines, limits: { flushRecords: 2, cacheBytes: 300 } }), sequence)
})
