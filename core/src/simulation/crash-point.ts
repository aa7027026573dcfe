import type { DiskSnapshot } from './disk-snapshot.ts'
import type { DiskOperation } from './fault-plan.ts'
import type { SimWorld } from './sim-world.ts'

/** A moment of a life at which it could have ended: just before a step takes effect, or after the last one. */
export interface CrashPoint<T> {
  readonly step: number
  readonly operation: DiskOperation | 'end'
  readonly path: string
  readonly snapshot: DiskSnapshot
  readonly observed: T
  /** Equal for equal observations. */
  readonly observedKey: string
  /** The wall clock, so that time goes on in the next life. */
  readonly timeMs: number
}

/** Runs the work to its end and gives the moments at which it could have ended before: all, or those that `wanted` wants. */
export async function recordLife<T>(
  world: SimWorld,
  work: () => Promise<void>,
  observe: () => T,
  wanted: () => boolean = always,
): Promise<CrashPoint<T>[]> {
  const points: CrashPoint<T>[] = []
  const record = (step: number, operation: DiskOperation | 'end', path: string): void => {
    if (!wanted()) return
    const observed = observe()
    const observedKey = JSON.stringify(observed) ?? ''
    points.push({ step, operation, path, snapshot: world.disk.snapshot(), observed, observedKey, timeMs: world.clock.now() })
  }
  world.disk.onStep(({ n, operation, path, phase }) => {
    if (phase === 'before') haltOnError(world, () => record(n, operation, path))
  })
  await world.run(work)
  world.disk.onStep(null)
  record(world.disk.steps + 1, 'end', '')
  return points
}

function always(): boolean {
  return true
}

/** What fails here is the test's own code, and must not reach the workload as a failure of its disk. */
function haltOnError(world: SimWorld, work: () => void): void {
  try {
    work()
  } catch (error) {
    world.scheduler.halt(error)
  }
}
