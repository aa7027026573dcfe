import { openSimulatedLog, simWorld, type LogGeometry } from '@millrace/core/testing'
import type { LogAdapter, LogSettings } from './adapter.ts'

/** Room for what the suite writes, and small enough that segments and journal files are turned. */
const geometry: LogGeometry = {
  journal: { fileBytes: 4 << 20, blockBytes: 4096 },
  roundBytes: 1 << 20,
  maxFrameBytes: 2 << 20,
  writeBehindBytes: 1 << 16,
  tailBytes: 1 << 18,
  openSegments: { openFiles: 20, indexBytes: 1 << 16 },
  internalSegmentBytes: 1 << 16,
}

/** The same log on a simulated disk and clock. */
export function simulatedAdapter({ autoCreateTopics }: LogSettings = {}): LogAdapter {
  const world = simWorld({ seed: 1 })
  const open = async () => (await openSimulatedLog(world, 'sync', geometry, '/log', autoCreateTopics)).log
  return {
    name: 'simulated',
    prefix: 'c',
    capabilities: { virtualTime: true },
    open,
    reopen: async (log) => {
      await log.close()
      return open()
    },
    now: () => world.clock.now(),
    pass: (ms) => new Promise((resolve) => void world.clock.after(ms, resolve)),
    run: (work) => world.run(work),
    dispose: async () => {},
  }
}
