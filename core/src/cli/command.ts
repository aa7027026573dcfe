import type { World } from '../base/world.ts'
import { readArgs } from './read-args.ts'

/** What a command has of the world around it. */
export interface CommandContext {
  readonly world: World
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>
  /** From the first call on, SIGINT and SIGTERM don't end the process but abort this: the command ends by itself. */
  readonly stop: () => AbortSignal
}

/** What it returns: 0 done, 1 failed or found a fault, 2 was called wrongly. */
export type ExitCode = 0 | 1 | 2

/** One `--flag` of a command. */
export interface Option {
  /** `flag`: nothing, it is there or not. `list`: a text, and it may be given several times. `number`: an integer. */
  readonly takes: 'flag' | 'text' | 'list' | 'number'
  readonly about: string
  /** What stands for the value in the help, `DIR`. */
  readonly shown?: string
  readonly required?: true
  readonly default?: string | number
  /** The only values there are. */
  readonly choices?: readonly string[]
  /** Of a number. */
  readonly minimum?: number
  /** Other names of the same, as older scripts of Kafka have them. */
  readonly also?: readonly string[]
}

export type Options = Readonly<Record<string, Option>>

/** What the command gets for an option. */
type ValueOf<O extends Option> = O['takes'] extends 'flag'
  ? boolean
  : O['takes'] extends 'list'
    ? readonly string[]
    : OneValue<O> | (O extends { readonly required: true } | { readonly default: string | number } ? never : undefined)

type OneValue<O extends Option> = O['takes'] extends 'number'
  ? number
  : O extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : string

export type Values<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> }

/** A command as it is declared: read, helped with, completed and documented from this. */
export interface CommandDeclaration<O extends Options = Options> {
  /** One word, or two for an action: `topics create`. */
  readonly name: string
  /** A sentence without its full stop. */
  readonly about: string
  readonly options: O
  /** What else is to be known, shown by `--help`. */
  readonly notes?: string
}

export interface Command extends CommandDeclaration {
  run(args: readonly string[], context: CommandContext): Promise<ExitCode>
}

/**
 * Makes a command of its declaration. `run` imports what it needs when it is called: the declarations of all commands are loaded
 * for each, and a broker is to be ready at once.
 */
export function command<const O extends Options>(
  declaration: CommandDeclaration<O> & {
    readonly run: (values: Values<O>, context: CommandContext) => Promise<ExitCode>
  },
): Command {
  const { run, ...declared } = declaration
  return { ...declared, run: (args, context) => run(readArgs(declared, args), context) }
}
