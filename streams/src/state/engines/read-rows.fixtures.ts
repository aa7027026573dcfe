/** A process of its own that opens a damaged store and reads every row: LevelDB may end it (reliability.md, F3). */
import { MillraceError } from '@millrace/core'
import { NameDisk, spec, StillClock } from '../state.fixtures.ts'
import { TaskState } from '../task-state.ts'
import { ClassicLevelEngines } from './classic-level-engine.ts'

/** What the parent is told about each key: its value, that it is missing, or the code of an error. */
export interface ReadRows {
  readonly wiped: boolean
  readonly rows: readonly (number | 'missing' | { readonly code: string })[]
}

export const rowCount = 500

export function openCounts(folder: string): Promise<TaskState> {
  const options = { taskId: '0_0', engines: new ClassicLevelEngines(), disk: new NameDisk(), clock: new StillClock() }
  return TaskState.open({ ...options, folder, stores: [spec('counts')] })
}

export function keyOf(row: number): string {
  return `key number ${row}`
}

async function readRows(folder: string): Promise<ReadRows> {
  const state = await openCounts(folder)
  const store = state.keyValueStore<string, number>('counts')
  const rows = Array.from({ length: rowCount }, (_, row) => {
    try {
      return store.get(keyOf(row))?.value ?? 'missing'
    } catch (error) {
      return { code: error instanceof MillraceError ? error.code : String(error) }
    }
  })
  await state.abandon()
  return { wiped: state.wiped !== null, rows }
}

const [, , folder] = process.argv
if (process.send !== undefined && folder?.includes('rotten')) process.send(await readRows(folder))
