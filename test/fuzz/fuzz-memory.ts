import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { serveInMemory } from '@millrace/core/testing'
import { attack, servedBy, type Target } from './attack.ts'
import { Exchange } from './exchange.ts'
import { goodReasons, type Fuzzing } from './fuzz-sockets.ts'
import { newTally, type Tally } from './hostile-lane.ts'

/**
 * Against a server in this process, on a network in memory: all of the server but the system's sockets, at several times the speed.
 * @throws at the first thing that is not as it has to be
 */
export async function fuzzMemory({ frames, seed, lanes, dir }: Fuzzing): Promise<Tally> {
  const strange: unknown[] = []
  await using log = await embeddedLog({ dir: join(dir, 'in-memory'), durability: 'os' })
  await using served = await serveInMemory(log, {
    onError: (error) => {
      if (!goodReasons.includes((error as { code?: string }).code ?? '')) strange.push(error)
    },
  })
  const open = (): Promise<Exchange> => Exchange.inMemory(served)
  const target: Target = {
    open,
    served: await servedBy(open),
    look: () => {
      if (strange.length > 0) throw new Error('the server complains of something else than frames', { cause: strange[0] })
    },
    state: async () => strange.map((error) => (error instanceof Error ? error.stack : String(error))).join('\n'),
  }
  const tally = newTally()
  await attack({ target, frames, seed, lanes, tally })
  return tally
}
