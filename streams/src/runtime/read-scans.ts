import type { TaskState } from '../state/task-state.ts'
import type { StoreScan } from '../task/scans.ts'
import type { TaskContext } from '../task/task-context.ts'
import { explain, placeIn } from './explain.ts'

/** Rows of a scan that are handled before others have a turn. */
const turnRows = 1_000

/** Hands processors the rows that they have asked for, and those that they ask for meanwhile. `turn` lets others live. */
export async function readScans(context: TaskContext, state: TaskState, turn: () => Promise<void>): Promise<void> {
  const { scans } = context
  try {
    for (let scan = scans.next(); scan !== undefined; scan = scans.next()) await read(scan, state, turn)
  } catch (cause) {
    throw explain(cause, placeIn(context))
  }
}

/** Leaving the loop closes the iterator of the engine. */
async function read(scan: StoreScan, state: TaskState, turn: () => Promise<void>): Promise<void> {
  let rows = 0
  for await (const row of state.scanOpen(scan.store, scan.range)) {
    if (!scan.take(row)) return
    if (++rows % turnRows === 0) await turn()
  }
  scan.end()
}
