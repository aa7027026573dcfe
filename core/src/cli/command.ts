import type { World } from '../base/world.ts'

/** Where a command writes and what it returns as exit code: 0 done, 1 found a fault, 2 was called wrongly. */
export interface CommandContext {
  readonly world: World
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

export type ExitCode = 0 | 1 | 2

/** One command of `millrace`. */
export interface Command {
  readonly name: string
  readonly about: string
  readonly usage: string
  run(args: readonly string[], context: CommandContext): Promise<ExitCode>
}

/** Called wrongly: shown with the usage of the command, exit code 2. */
export class UsageError extends Error {}
