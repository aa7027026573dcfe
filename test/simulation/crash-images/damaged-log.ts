import { openSimulatedLog, type SimWorld } from '@millrace/core/testing'
import { checkDamagedLog } from './check-log.ts'
import { geometry } from './log-driver.ts'
import type { LogHistory } from './log-history.ts'
import { asDamage, readLog } from './read-log.ts'

/**
 * What a log says on a disk that was spoilt behind its back. There is nothing to repair it from, so all that is promised is that wrong
 * data is never given out:
 *
 *   refused   it does not open, and the error names the place
 *   named     it opens; some partition answers with an error that names the place, and what was read before that is right
 *   whole     it opens, and everything is one state of the log: the first k submissions
 *
 * In each case what can be read in all partitions is of one state, so no transaction is torn. What cannot be promised is the last
 * frame of the journal: a frame that rots looks as one that was never finished, when none behind it says that it had been durable.
 */
export interface DamagedAnswer {
  readonly kind: 'refused' | 'named' | 'whole'
  /** Of the submissions; -1 when it was refused. */
  readonly k: number
}

/** @throws when it gives back what was never there */
export async function compareDamaged(world: SimWorld, durability: 'sync' | 'os', history: LogHistory): Promise<DamagedAnswer> {
  const log = await openSimulatedLog(world, durability, geometry).catch((error: unknown) => {
    asDamage(error)
    return null
  })
  if (log === null) return { kind: 'refused', k: -1 }
  const found = await readLog(log)
  const { k } = checkDamagedLog(found, history)
  const isNamed = found.position === undefined || [...found.partitions.values()].some(({ damage }) => damage !== null)
  return { kind: isNamed ? 'named' : 'whole', k }
}
