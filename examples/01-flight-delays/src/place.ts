import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { embeddedLog, MillraceError } from '@millrace/core'
import { ExampleError } from './failure.ts'
import { applicationId } from './topology.ts'

/** Where the data lies. State never lies inside the directory of the log. */
export interface Place {
  readonly root: string
  readonly log: string
  readonly state: string
}

export function placeOf(root: string): Place {
  return { root, log: join(root, 'log'), state: join(root, 'state') }
}

/** Removes log and state, but nothing that is not this example's, and nothing that a running process holds. @throws ExampleError */
export async function beginAnew(place: Place): Promise<void> {
  const log = await namesIn(place.log)
  const state = await namesIn(place.state)
  const isOurs = (log.length === 0 || log.includes('.lock')) && state.every((name) => name === applicationId)
  if (!isOurs) throw foreign(place)
  if (log.length > 0) await assertFree(place.log)
  await rm(place.log, { recursive: true, force: true })
  await rm(place.state, { recursive: true, force: true })
}

/** None when there is no such folder. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** A log that cannot be opened for another reason than its lock may be removed: that is what `--fresh` is for. */
async function assertFree(folder: string): Promise<void> {
  try {
    await using _log = await embeddedLog({ dir: folder })
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'DATA_DIRECTORY_LOCKED') throw error
  }
}

function foreign({ root }: Place): ExampleError {
  return new ExampleError(
    `log or state in ${root} holds files that are not this example's; nothing was removed. Choose another directory with --data.`,
  )
}
