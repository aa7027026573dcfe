import { DiskError, type Disk } from '@millrace/core'
import type { StoreEngines } from './engine.ts'
import { enginePath } from './open-engine.ts'
import { Sentinel } from './sentinel.ts'
import { streamError } from '../time/stream-errors.ts'

/**
 * Removes the state of a task that does not run. A crash in between leaves the sentinel, and the next open wipes what is left.
 * @throws STATE_DIRECTORY_LOCKED, STATE_DIRECTORY_UNUSABLE
 */
export async function removeFolder(disk: Disk, engines: StoreEngines, folder: string): Promise<void> {
  try {
    new Sentinel(disk, folder).raise()
    await engines.wipe(enginePath({ folder }))
    for (const name of disk.list(folder)) disk.remove(`${folder}/${name}`)
    disk.remove(folder)
  } catch (cause) {
    if (!(cause instanceof DiskError)) throw cause
    throw streamError('STATE_DIRECTORY_UNUSABLE', { what: 'the state of a task cannot be removed', where: folder, cause })
  }
}
