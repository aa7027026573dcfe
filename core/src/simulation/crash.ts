import type { DiskOperation } from './fault-plan.ts'

/**
 * The end of a simulated process. No DiskError, so that code which handles failures of the disk does not survive its own
 * death; every later step of the port throws it again.
 */
export class SimulatedCrash extends Error {
  readonly step: number
  readonly operation: DiskOperation
  readonly path: string

  constructor(step: number, operation: DiskOperation, path: string) {
    super(`the simulated process crashed at step ${step} (${operation} ${path})`)
    this.name = 'SimulatedCrash'
    this.step = step
    this.operation = operation
    this.path = path
  }
}
