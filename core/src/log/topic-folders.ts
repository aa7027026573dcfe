import { coreError } from '../base/error-catalogue.ts'
import { DiskError, type Disk } from '../base/disk.ts'
import { partitionName, type TopicId } from '../base/ids.ts'
import { foreignFolder } from '../storage/folder-files.ts'

/** The folders of a topic's partitions, before the first and after the last use. */
export interface TopicFolders {
  readonly topic: string
  readonly topicId: TopicId
  readonly partitions: number
}

/** Refuses new topics in whose places something else stands. @throws FOLDER_UNKNOWN, READ_FAILED */
export function refuseOccupied(disk: Disk, directory: string, topics: readonly TopicFolders[]): void {
  try {
    const names = new Set(disk.list(directory))
    for (const { topic, topicId, partitions } of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const name = partitionName({ topic, partition })
        const foreign = names.has(name) ? foreignFolder(disk, `${directory}/${name}`, topicId) : null
        if (foreign !== null) throw foreign
      }
    }
  } catch (cause) {
    if (!(cause instanceof DiskError)) throw cause
    throw coreError('READ_FAILED', { what: 'the data directory cannot be looked through', where: cause.path, cause })
  }
}

/**
 * Removes the partition folders of a deleted topic: first renamed to Kafka's `-delete` form, so that a folder is either
 * whole or marked as rubbish, then emptied. Runs again after a crash until nothing is left. @throws DiskError
 */
export function removeFolders(disk: Disk, directory: string, { topic, topicId, partitions }: TopicFolders): void {
  for (let partition = 0; partition < partitions; partition++) {
    const path = `${directory}/${partitionName({ topic, partition })}`
    const rubbish = `${directory}/${rubbishName(topic, `-${partition}.${topicId}-delete`)}`
    if (disk.stat(rubbish) === null && isOwn(disk, path, topicId)) {
      disk.rename(path, rubbish)
      disk.syncFolder(directory)
    }
    if (disk.stat(rubbish) !== null) removeFolder(disk, rubbish)
  }
  disk.syncFolder(directory)
}

/** A topic of the same name may have been made anew since, and something else may stand there. */
function isOwn(disk: Disk, path: string, topicId: TopicId): boolean {
  return disk.stat(path) !== null && foreignFolder(disk, path, topicId) === null
}

/** A file system takes names of so many bytes; a topic may have nearly as many by itself. */
const longestName = 255

function rubbishName(topic: string, ending: string): string {
  return `${topic.slice(0, longestName - ending.length)}${ending}`
}

function removeFolder(disk: Disk, path: string): void {
  for (const name of disk.list(path)) disk.remove(`${path}/${name}`)
  disk.remove(path)
}
