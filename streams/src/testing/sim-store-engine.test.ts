import { fc, test } from '@fast-check/vitest'
import { MillraceError } from '@millrace/core'
import { describe, expect } from 'vitest'
import { commands } from '../state/state-commands.fixtures.ts'
import { ModelTask } from '../state/state-model.fixtures.ts'
import { StillClock } from '../state/state.fixtures.ts'
import { losses, SimStoreEngines } from './sim-store-engine.ts'

const folder = '/state/0_0/store'

/** Small batches, so that a run has many of them. */
const limits = { flushRecords: 3 }

async function run(sequence: Parameters<ModelTask['run']>[0][]): Promise<{ task: ModelTask; engines: SimStoreEngines }> {
  const engines = new SimStoreEngines({ clock: new StillClock(), logBatches: 6 })
  const task = new ModelTask({ engines: () => engines, limits })
  await task.open()
  for (const command of sequence) await task.run(command)
  return { task, engines }
}

describe('the simulated store engine', () => {
  test.prop([commands])(
    'is wiped or restored exactly after every suffix and every hole that a crash can leave',
    async (sequence) => {
      const { task, engines } = await run(sequence)
      const at = engines.snapshot()
      const logBatches = at.get(folder)?.log.length ?? 0
      for (const loss of losses(logBatches)) await task.after(engines.crash(at, () => loss)).open()
    },
  )

  test.prop([commands, commands])(
    'loses what it acknowledged after a write error, and the state above asks it for nothing more',
    async (before, after) => {
      const { task, engines } = await run(before)
      engines.failWrite(folder, new Error('ENOSPC'))
      let failed = false
      for (const command of after) {
        failed = await task.run(command).then(
          () => false,
          (error: unknown) => isCode(error, 'STORE_WRITE_FAILED') || isCode(error, 'STORE_CORRUPT'),
        )
        if (failed) break
      }
      await task.after(engines.crash(engines.snapshot(), () => ({ kind: 'none' }))).open()
    },
  )

  test.prop([commands, fc.nat(), fc.nat()])(
    'has a value rot, and the state above never shows it',
    async (sequence, pick, bit) => {
      const { task, engines } = await run(sequence)
      await task.run({ do: 'abandon' })
      engines.rotValue(folder, pick, bit)
      try {
        await task.run({ do: 'abandon' })
      } catch (error) {
        expect(isCode(error, 'STORE_CORRUPT')).toBe(true)
        await task.run({ do: 'abandon' })
        expect(task.state.wiped).not.toBeNull()
      }
    },
  )

  test.prop([commands])('ends the process in an open, and is wiped by the next', async (sequence) => {
    const { task, engines } = await run([...sequence, { do: 'freeze' }, { do: 'commit' }])
    await task.state.close()
    engines.abortOnOpen(folder, () => new Promise<never>(() => {}))
    const dies = task.open()
    for (let i = 0; i < 20; i++) await task.clock.turn()
    expect(task.disk.names).toContain('/state/0_0/OPENING')
    const next = task.after(engines.crash(engines.snapshot(), () => ({ kind: 'none' })))
    await next.open()
    expect(next.state.wiped).toContain('the last open did not end')
    expect(next.disk.names).not.toContain('/state/0_0/OPENING')
    void dies
  })
})

function isCode(error: unknown, code: string): boolean {
  return error instanceof MillraceError && error.code === code
}
