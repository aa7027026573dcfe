import { dirname } from 'node:path'
import { DiskError, MillraceError, processName, type DirectoryLock, type Disk, type World } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'

/** The folder of an application's state, held by this process: `<stateDir>/<applicationId>/`. */
export interface StateDirectory {
  readonly folder: string
  /** Names this instance over its restarts; it lives as long as the folder. */
  readonly instanceId: string
  release(): void
}

/** @throws STATE_DIRECTORY_LOCKED, STATE_DIRECTORY_UNUSABLE */
export async function openStateDirectory(world: World, stateDir: string, applicationId: string): Promise<StateDirectory> {
  const folder = `${stateDir}/${applicationId}`
  const lock = takeLock(world, folder)
  try {
    return { folder, instanceId: await instanceIdIn(world, folder), release: () => release(lock) }
  } catch (cause) {
    release(lock)
    throw unusable(folder, cause)
  }
}

function takeLock({ disk }: World, folder: string): DirectoryLock {
  try {
    refuseLog(disk, folder)
    disk.makeFolder(folder)
    return disk.lock(`${folder}/.lock`, `a Millrace application, ${processName()}`)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    if (!(cause instanceof DiskError) || cause.code !== 'EBUSY') throw unusable(folder, cause)
    throw streamError('STATE_DIRECTORY_LOCKED', {
      what: `the state directory is in use by ${cause.holder ?? 'another process'}`,
      where: folder,
      cause,
    })
  }
}

/** A Kafka refuses to start on a data directory that holds other names, so no state is made below one. */
function refuseLog(disk: Disk, folder: string): void {
  for (let at = folder, above = dirname(at); at !== above; at = above, above = dirname(at)) {
    if (disk.stat(`${above}/millrace-checkpoint`) === null) continue
    const what = 'the state directory lies inside the data directory of a log'
    throw streamError('STATE_DIRECTORY_UNUSABLE', { what, where: `${folder} in ${above}` })
  }
}

/** A lock that cannot be given back ends with the process. */
function release(lock: DirectoryLock): void {
  try {
    lock.release()
  } catch {
    // Everything in the folder is closed already: nothing is at risk.
  }
}

function unusable(folder: string, cause: unknown): Error {
  return streamError('STATE_DIRECTORY_UNUSABLE', { what: 'the state directory cannot be made or written', where: folder, cause })
}

const idForm = /^[0-9a-f]{16}$/

/** One that a crash has left unfinished was never used. */
async function instanceIdIn({ disk, random }: World, folder: string): Promise<string> {
  const path = `${folder}/instance-id`
  if (disk.stat(path) !== null) {
    const found = Buffer.from(disk.readFile(path)).toString('utf8').trim()
    if (idForm.test(found)) return found
  }
  const id = Buffer.from(random.bytes(8)).toString('hex')
  const file = disk.create(path)
  try {
    await file.write([Buffer.from(`${id}\n`)], 0)
    await file.dataSync()
  } finally {
    file.close()
  }
  disk.syncFolder(folder)
  return id
}
