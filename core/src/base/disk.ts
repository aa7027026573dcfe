/**
 * The disk, primitive on purpose: a simulation sees and may fail every single step.
 *
 * Invariants of every implementation
 *   D1  `write` and `read` may be short without an error; whole-write loops stand above, in storage.
 *   D2  Nothing written is durable before `dataSync` of the file resolved; no name is durable (create, rename, link,
 *       remove) before `syncFolder` of its folder returned, or `syncNames` resolved.
 *   D3  After a `dataSync` that failed the content is unknown: it is never retried as success.
 *   D4  Every failure is a DiskError.
 * Synchronous calls are those that opening makes thousands of; bulk data goes through the asynchronous ones.
 */
export interface Disk {
  /**
   * Takes the exclusive lock of a directory through the file at `path`, freed by the kernel when the process ends.
   * `holder` is written beside it (`<path>-holder`) for the message to others.
   * @throws DiskError with code EBUSY and the holder's text when another process has it.
   */
  lock(path: string, holder: string): DirectoryLock
  /** Names in the folder, sorted. */
  list(folder: string): readonly string[]
  /** Null when nothing is there. */
  stat(path: string): FileStat | null
  readFile(path: string): Uint8Array
  /** Makes the folder and its missing parents; no error when it is there. */
  makeFolder(path: string): void
  /** A new empty file, or an old one emptied. */
  create(path: string): DiskFile
  /** A file that is there, for reading and writing. */
  open(path: string): DiskFile
  /** Replaces what stands at `to`, atomically. */
  rename(from: string, to: string): void
  /** A second name for the same file. */
  link(from: string, to: string): void
  /** Removes a file, or an empty folder. */
  remove(path: string): void
  /** Cuts or extends (with zeros) to the size. */
  truncate(path: string, sizeBytes: number): void
  /** Makes the names in the folder durable. */
  syncFolder(path: string): void
  /** The same beside other work. Names that change meanwhile may be durable or not. */
  syncNames(path: string): Promise<void>
}

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other'
  readonly sizeBytes: number
}

export interface DirectoryLock {
  release(): void
}

/** An open file. Every call must have settled before `close`. */
export interface DiskFile {
  readonly path: string
  /** Reads into the whole of `into`; resolves to the bytes read, 0 at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes the chunks one behind the other; resolves to the bytes written, which may be fewer than given. */
  write(chunks: readonly Uint8Array[], position: number): Promise<number>
  dataSync(): Promise<void>
  close(): void
}

/** The codes that callers decide by; anything else arrives as EIO with the cause. */
export type DiskErrorCode =
  | 'ENOENT'
  | 'EEXIST'
  | 'EACCES'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'ENOTEMPTY'
  | 'ENOSPC'
  | 'EMFILE'
  | 'EBUSY'
  | 'EIO'

/** A failure of one step, before the log has said what it means. */
export class DiskError extends Error {
  readonly code: DiskErrorCode
  readonly operation: string
  readonly path: string
  /** With EBUSY: what the holder of the lock wrote about itself. */
  readonly holder: string | undefined

  constructor(
    code: DiskErrorCode,
    operation: string,
    path: string,
    options: { readonly cause?: unknown; readonly holder?: string } = {},
  ) {
    super(`${operation} ${path}: ${code}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DiskError'
    this.code = code
    this.operation = operation
    this.path = path
    this.holder = options.holder
  }
}
