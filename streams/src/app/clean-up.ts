import type { World } from '@millrace/core'
import type { StoreEngines } from '../state/engine.ts'
import { removeFolder } from '../state/remove-folder.ts'
import { openStateDirectory } from './state-directory.ts'

const taskFolder = /^\d+_\d+$/

/**
 * Removes what the tasks of an application keep on this disk; the next start restores it from the changelogs. The id of the instance
 * stays, so that the next start still fences the one before it.
 * @throws STATE_DIRECTORY_LOCKED when another process runs it, STATE_DIRECTORY_UNUSABLE
 */
export async function cleanUp(world: World, engines: StoreEngines, stateDir: string, applicationId: string): Promise<void> {
  if (world.disk.stat(`${stateDir}/${applicationId}`) === null) return
  const directory = await openStateDirectory(world, stateDir, applicationId)
  try {
    for (const name of world.disk.list(directory.folder)) {
      if (taskFolder.test(name)) await removeFolder(world.disk, engines, `${directory.folder}/${name}`)
    }
  } finally {
    directory.release()
  }
}
