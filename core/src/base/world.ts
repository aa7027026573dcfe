import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Random } from './random.ts'

/** Everything outside the process that the product touches, passed in at construction. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
}
