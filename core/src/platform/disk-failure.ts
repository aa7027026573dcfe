import { DiskError, type DiskErrorCode } from '../base/disk.ts'

/** What the system calls say, in the codes that callers decide by. A code that is not here becomes EIO. */
const codes: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'ENOENT',
  EEXIST: 'EEXIST',
  EACCES: 'EACCES',
  EPERM: 'EACCES',
  EROFS: 'EACCES',
  ENOTDIR: 'ENOTDIR',
  EISDIR: 'EISDIR',
  ENOTEMPTY: 'ENOTEMPTY',
  ENOSPC: 'ENOSPC',
  EDQUOT: 'ENOSPC',
  EMFILE: 'EMFILE',
  ENFILE: 'EMFILE',
  EBUSY: 'EBUSY',
  EIO: 'EIO',
}

/** The code of a failed system call; undefined when it was none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Translates what Node threw at this wall; the cause is kept for the reader of the stack. */
export function diskFailure(cause: unknown, operation: string, path: string): DiskError {
  return new DiskError(codes[systemCode(cause) ?? ''] ?? 'EIO', operation, path, { cause })
}

/** Runs one synchronous step of the disk. */
export function diskStep<T>(operation: string, path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw diskFailure(cause, operation, path)
  }
}
