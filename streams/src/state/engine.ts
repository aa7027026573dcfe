/**
 * The port of a store engine: an ordered map of bytes in one folder. One engine a task; stores are key prefixes.
 *
 * Invariants
 *   N1  A batch is atomic against a crash of the process; after a power cut a suffix of the batches may be missing
 *       (and, by the weakness of LevelDB 1.20, a middle run: the chain marker above finds that).
 *   N2  After a write error the handle is poisoned: it refuses every later write.
 *   N3  Reads of single keys are synchronous; scans are not. A scan sees the state of the moment when it was asked for.
 *   N4  No engine keeps an array that it was given, or changes one that it gave: the caller may reuse its buffers.
 */
export interface StoreEngine {
  get(key: Uint8Array): Uint8Array | undefined
  batch(): EngineBatch
  /** Pages of entries with `from <= key < to`, in the order of the bytes, or in the opposite one. */
  scan(range: ScanRange): AsyncIterable<readonly EngineEntry[]>
  /** Waits for a write that is under way. */
  close(): Promise<void>
}

export interface ScanRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
  /** The values are not read, and come empty. Default false. */
  readonly keysOnly?: boolean
  /** From the last to the first. Default false. */
  readonly reverse?: boolean
}

export type EngineEntry = readonly [key: Uint8Array, value: Uint8Array]

export interface EngineBatch {
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
  /** Makes all of it visible at once. A batch that is not written is forgotten. */
  write(): Promise<void>
}

/** Opens and wipes engines. Folders are absolute paths below `stateDir`. */
export interface StoreEngines {
  readonly name: string
  /** Nothing outlives `close`: there is nothing on a disk to guard, and every open begins empty. */
  readonly lossy: boolean
  /**
   * @throws STATE_DIRECTORY_LOCKED when another handle holds the folder; any other error means that it cannot be opened.
   */
  open(folder: string): Promise<StoreEngine>
  /** Removes the folder and everything in it; no error when it is not there. @throws STATE_DIRECTORY_LOCKED */
  wipe(folder: string): Promise<void>
}
