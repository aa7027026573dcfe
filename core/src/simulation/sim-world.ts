import type { World } from '../base/world.ts'
import type { DiskImage } from './crash-image.ts'
import type { DiskFault } from './fault-plan.ts'
import type { Choose } from './run-queue.ts'
import { SimClock } from './sim-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { SimRandom } from './sim-random.ts'
import { SimScheduler } from './sim-scheduler.ts'

/** A world of its own: nothing in it is real, all of it follows from the options. */
export interface SimWorld extends World {
  readonly clock: SimClock
  readonly random: SimRandom
  readonly disk: SimDisk
  readonly scheduler: SimScheduler
  /**
   * Drives the world until the work has settled, and settles likewise. Rejects with the SimulatedCrash when the process of
   * this world has died, and with SIMULATION_DEADLOCK when the work waits for what nobody will do.
   */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

export interface SimWorldOptions {
  readonly seed: number
  /** What the disk holds at first, say a crash image. */
  readonly disk?: DiskImage
  readonly faults?: readonly DiskFault[]
  readonly capacityBytes?: number
  readonly openFilesAtMost?: number
  /** The wall clock at the beginning; 1 January 2026 without it. */
  readonly startTimeMs?: number
  /** Which completion comes next: as they came (`fifo`, the default), any by the seed (`shuffled`), or by a function. */
  readonly order?: 'fifo' | 'shuffled' | Choose
  readonly maxSteps?: number
  /** Virtual microseconds that each completion takes; 0 without it. */
  readonly stepMicros?: number
}

const defaultStartTimeMs = 1_767_225_600_000

export function simWorld(options: SimWorldOptions): SimWorld {
  const { seed, startTimeMs, order, disk: image, faults, capacityBytes, openFilesAtMost, maxSteps, stepMicros } = options
  const random = new SimRandom(seed)
  const choose = chooser(order ?? 'fifo', random.fork(1))
  const scheduler = new SimScheduler({ choose, maxSteps, stepMicros })
  const clock = new SimClock(scheduler, startTimeMs ?? defaultStartTimeMs)
  const disk = new SimDisk({ scheduler, random: random.fork(2), image, faults, capacityBytes, openFilesAtMost })
  return { clock, random, disk, scheduler, run: (work) => scheduler.run(work) }
}

function chooser(order: 'fifo' | 'shuffled' | Choose, random: SimRandom): Choose | undefined {
  if (order === 'fifo') return undefined
  return order === 'shuffled' ? (runnable) => random.int(runnable) : order
}
