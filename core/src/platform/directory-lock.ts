import { accessSync, closeSync, constants, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { DiskError, type DirectoryLock, type DiskErrorCode } from '../base/disk.ts'
import { diskFailure } from './disk-failure.ts'
import { quietly } from './experimental-warning.ts'

/**
 * The exclusive lock of a data directory: Node has no file lock of its own, SQLite brings one.
 *
 *   <path>          an empty database, held in an open exclusive transaction; nothing is ever written to it
 *   <path>-holder   what the holder says about itself; a message, never evidence
 *
 * Invariants
 *   L1  The lock is the kernel's, so it ends with the process, however that ends. SQLite locks bytes of the file, which
 *       excludes a Kafka broker too: it locks the whole of the same file.
 *   L2  SQLite keeps one account a process and file, so a second open of the same process is refused as well.
 *   L3  Nothing here opens `<path>` by node:fs: closing any descriptor of a file frees all POSIX locks the process has on it.
 *   L4  A new holder first removes the text of a crashed one, then writes its own, and removes it before the lock is freed.
 *       Who is refused therefore reads the holder's text or none; a crashed one's only within the microseconds before that.
 *   L5  Held locks are kept from the garbage collector, which would close the database and free the lock in silence.
 */
export function lockDirectory(path: string, holder: string): DirectoryLock {
  const lock = new HeldLock(openExclusive(path), holderPath(path))
  held.add(lock)
  lock.say(holder)
  return lock
}

const held = new Set<HeldLock>()

class HeldLock implements DirectoryLock {
  readonly #database: DatabaseSync
  readonly #holderPath: string

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#holderPath = path
  }

  /** A full disk may keep the text from being written; the lock holds all the same. */
  say(holder: string): void {
    this.#forget()
    try {
      writeFileSync(this.#holderPath, holder)
    } catch {
      this.#forget()
    }
  }

  release(): void {
    if (!held.delete(this)) return
    this.#forget()
    this.#database.close()
  }

  #forget(): void {
    try {
      rmSync(this.#holderPath, { force: true })
    } catch {
      // Not ours to remove: the text is only a message.
    }
  }
}

function openExclusive(path: string): DatabaseSync {
  // A plain `import` would load SQLite, and on some versions of Node print its warning, in every program that imports the log.
  const { DatabaseSync } = quietly('SQLite', () => process.getBuiltinModule('node:sqlite'))
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    // MEMORY: no rollback journal beside the lock. The transaction is never ended.
    database.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (cause) {
    database?.close()
    throw lockFailure(cause, path)
  }
}

/** SQLite's result codes, https://sqlite.org/rescode.html */
const busy = 5
const codes: Readonly<Record<number, DiskErrorCode>> = { [busy]: 'EBUSY', 3: 'EACCES', 8: 'EACCES', 13: 'ENOSPC' }
const cannotOpen = 14

function lockFailure(cause: unknown, path: string): DiskError {
  const result = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) : 0
  if (result === cannotOpen) return whyNotOpened(path, cause)
  const holder = result === busy ? holderText(path) : undefined
  return new DiskError(codes[result] ?? 'EIO', 'lock', path, holder === undefined ? { cause } : { cause, holder })
}

/** SQLite does not say why it could not open the file; the kernel does, asked about what stands around it (never by L3 the file). */
function whyNotOpened(path: string, cause: unknown): DiskError {
  try {
    closeSync(openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY))
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return new DiskError('EISDIR', 'lock', path, { cause })
    accessSync(found === undefined ? dirname(path) : path, constants.W_OK)
  } catch (reason) {
    return diskFailure(reason, 'lock', path)
  }
  return new DiskError('EIO', 'lock', path, { cause })
}

function holderPath(path: string): string {
  return `${path}-holder`
}

function holderText(path: string): string | undefined {
  try {
    return readFileSync(holderPath(path), 'utf8') || undefined
  } catch {
    return undefined
  }
}
