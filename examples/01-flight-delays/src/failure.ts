import { MillraceError } from '@millrace/core'

/** Something that the user of this example can correct. */
export class ExampleError extends Error {
  readonly exitCode: number

  constructor(message: string, { exitCode = 1, cause }: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ExampleError'
    this.exitCode = exitCode
  }
}

/** Says on standard error what went wrong, and makes it the exit code of the process. */
export function report(error: unknown): void {
  const first = firstOf(error)
  process.stderr.write(`${textOf(first)}\n`)
  process.exitCode = first instanceof ExampleError ? first.exitCode : 1
}

/** What went wrong first: closing the log after a failure may fail as well, and `await using` reports both as one. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error
}

/** A known error explains itself; only a fault of the program needs its stack. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const explainsItself = error instanceof ExampleError || error instanceof MillraceError || isFromSystem(error)
  return explainsItself ? error.message : (error.stack ?? error.message)
}

/** `EACCES: permission denied, rmdir '/data'` */
function isFromSystem(error: Error): boolean {
  return 'syscall' in error
}
