import { errorsOf, type ErrorDetails, type ErrorRow, type MillraceError } from '../base/errors.ts'

export type SimulationErrorCode =
  | 'SIMULATION_DEADLOCK'
  | 'SIMULATION_ENDLESS'
  | 'SIMULATION_BUSY'
  | 'BUFFER_TOUCHED'
  | 'CRASH_CHECK_FAILED'
  | 'CRASH_NOT_FOUND'

/** Errors of the simulator itself. They stand apart from the product's catalogue: no product code throws them. */
const simulationErrorRows: Readonly<Record<SimulationErrorCode, ErrorRow>> = {
  SIMULATION_DEADLOCK: {
    fault: 'bug',
    outcome: 'fatal',
    todo: 'Something awaits what nobody in this world will do; only the ports of this world may be awaited inside `run`.',
  },
  SIMULATION_ENDLESS: {
    fault: 'bug',
    outcome: 'fatal',
    todo: 'Find the loop that goes on without end, or raise `maxSteps`.',
  },
  SIMULATION_BUSY: { fault: 'caller', outcome: 'fatal', todo: 'Await the run of this world before the next one.' },
  BUFFER_TOUCHED: {
    fault: 'bug',
    outcome: 'fatal',
    todo: 'Leave the bytes of a write alone until it has settled; the disk may take them at any time before.',
  },
  CRASH_CHECK_FAILED: { fault: 'bug', outcome: 'fatal', todo: 'Replay this one image with the option `only` shown.' },
  CRASH_NOT_FOUND: { fault: 'caller', outcome: 'fatal', todo: 'Replay with the seed and the workload that printed this crash.' },
}

export const simulationError: (code: SimulationErrorCode, details: ErrorDetails) => MillraceError = errorsOf(simulationErrorRows)
