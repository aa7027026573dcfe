import type { World } from '../base/world.ts'
import { NodeClock } from './node-clock.ts'
import { NodeDisk } from './node-disk.ts'
import { NodeRandom } from './node-random.ts'

/** The world as it is: this machine's clock, randomness and disk. */
export function nodeWorld(): World {
  return { clock: new NodeClock(), random: new NodeRandom(), disk: new NodeDisk() }
}
