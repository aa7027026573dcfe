import { posix } from 'node:path'
import { coreError } from '../base/error-catalogue.ts'
import { DiskError, type DirectoryLock, type Disk } from '../base/disk.ts'
import type { World } from '../base/world.ts'

/** Makes the directory if it is missing and takes its lock; says in the caller's terms why it cannot. */
export function openDirectory({ disk }: World, folder: string, holder: string): DirectoryLock {
  try {
    const found = disk.stat(folder)
    if (found !== null && found.kind !== 'folder') {
      throw coreError('NOT_A_DIRECTORY', {
        what: 'the data directory is not a directory',
        where: folder,
        expected: 'a directory',
        received: `a ${found.kind}`,
      })
    }
    if (found === null) makeDurably(disk, folder)
    return disk.lock(`${folder}/.lock`, holder)
  } catch (cause) {
    throw doorError(cause, folder)
  }
}

/** Makes the folder and its missing parents, and makes each of their names durable: a power cut must not take the log with it. */
export function makeDurably(disk: Disk, folder: string): void {
  const parent = posix.dirname(folder)
  if (disk.stat(folder) !== null || parent === folder) return
  makeDurably(disk, parent)
  disk.makeFolder(folder)
  disk.syncFolder(parent)
}

/** What an error of the disk means to somebody who opens the directory; any other error is passed on. */
export function doorError(cause: unknown, folder: string): unknown {
  if (!(cause instanceof DiskError)) return cause
  switch (cause.code) {
    case 'EBUSY':
      return coreError('DATA_DIRECTORY_LOCKED', {
        what: `the data directory is in use by ${cause.holder ?? 'another process'}`,
        where: folder,
        cause,
      })
    case 'ENOTDIR':
    case 'EEXIST':
      return coreError('NOT_A_DIRECTORY', { what: 'a file stands in the way of the data directory', where: cause.path, cause })
    case 'EISDIR':
      return coreError('NOT_A_FILE', { what: 'a folder stands in the place of a file of the log', where: cause.path, cause })
    case 'ENOSPC':
      return coreError('DISK_FULL', { what: 'the data directory cannot be made', where: cause.path, cause })
    default:
      return coreError('DATA_DIRECTORY_UNREADABLE', {
        what: `the data directory cannot be opened (${cause.operation}: ${cause.code})`,
        where: cause.path,
        cause,
      })
  }
}
