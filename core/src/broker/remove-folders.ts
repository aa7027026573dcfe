import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'

/**
 * Removes the partition folders of a deleted topic: first renamed to Kafka's `-delete` form, so that a folder is either
 * whole or marked as rubbish, then emptied. Runs again after a crash until nothing is left.
 */
export function removeFolders(disk: Disk, directory: string, names: readonly string[], topicId: TopicId): void {
  for (const name of names) {
    const path = `${directory}/${name}`
    const rubbish = `${path}.${topicId}-delete`
    if (disk.stat(path) !== null && disk.stat(rubbish) === null && belongsTo(disk, path, topicId)) {
      disk.rename(path, rubbish)
      disk.syncFolder(directory)
    }
    if (disk.stat(rubbish) !== null) removeFolder(disk, rubbish)
  }
  disk.syncFolder(directory)
}

/** A topic of the same name may have been made anew since: its folder names another id. */
function belongsTo(disk: Disk, path: string, topicId: TopicId): boolean {
  const metadata = `${path}/partition.metadata`
  if (disk.stat(metadata) === null) return disk.list(path).length === 0
  return Buffer.from(disk.readFile(metadata)).toString('utf8').includes(Buffer.from(topicId, 'hex').toString('base64url'))
}

function removeFolder(disk: Disk, path: string): void {
  for (const name of disk.list(path)) disk.remove(`${path}/${name}`)
  disk.remove(path)
}
