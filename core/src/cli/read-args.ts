import type { CommandDeclaration, Option, Options, Values } from './command.ts'
import { meant } from './nearest.ts'
import { UsageError } from './usage-error.ts'

/** Flags of other commands that have no meaning for this one, and what to do instead. */
const absent: Readonly<Record<string, string>> = {
  'bootstrap-server':
    '--bootstrap-server does not lead here: this command works on the files of a data directory, on the machine where they are',
}

/** Reads the arguments by the declaration of the command. @throws UsageError */
export function readArgs<const O extends Options>({ options }: CommandDeclaration<O>, args: readonly string[]): Values<O> {
  const given = new Map<string, string[]>()
  for (let at = 0; at < args.length;) at = readOne(options, args, at, given)
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, valueOf(name, option, given.get(name))]),
  ) as Values<O>
}

/** Resolves to where the next one begins. */
function readOne(options: Options, args: readonly string[], at: number, given: Map<string, string[]>): number {
  const [, flag, , inline] = /^--([^=]+)(=([\s\S]*))?$/.exec(args[at]!) ?? []
  if (flag === undefined) throw new UsageError(`${args[at]} is no option; options begin with --`)
  const name = nameOf(options, flag)
  const { takes } = options[name]!
  const earlier = given.get(name)
  if (earlier !== undefined && takes !== 'list') throw new UsageError(`--${name} is given twice`)
  if (takes === 'flag' && inline !== undefined) throw new UsageError(`--${name} takes no value`)
  const value = takes === 'flag' ? '' : (inline ?? args[at + 1])
  // A flag is no value, except behind a `=`: it was the value that was forgotten.
  if (value === undefined || (inline === undefined && Object.hasOwn(options, value.replace(/^--/, '')) && value.startsWith('--')))
    throw new UsageError(`--${name} needs a value: ${shownValue(options[name]!)}`)
  given.set(name, [...(earlier ?? []), value])
  return at + (takes === 'flag' || inline !== undefined ? 1 : 2)
}

function nameOf(options: Options, flag: string): string {
  const names = Object.keys(options)
  const name = names.find((one) => one === flag || options[one]!.also?.includes(flag))
  if (name !== undefined) return name
  throw new UsageError(absent[flag] ?? `there is no option --${flag}${meant(flag, names, (near) => `--${near}`)}`)
}

function valueOf(name: string, option: Option, given: readonly string[] | undefined): unknown {
  const { takes, required, choices } = option
  if (takes === 'flag') return given !== undefined
  if (given === undefined && required) throw new UsageError(`--${name} is missing`)
  if (takes === 'list') return given ?? []
  const value = given?.[0]
  if (value === undefined) return option.default
  if (takes === 'number') return numberOf(name, value, option.minimum ?? 0)
  if (choices === undefined || choices.includes(value)) return value
  throw new UsageError(`--${name} takes ${choices.join(' or ')}, not ${value}${meant(value, choices)}`)
}

function numberOf(name: string, value: string, minimum: number): number {
  const read = /^[-+]?\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (Number.isSafeInteger(read) && read >= minimum) return read
  const from = minimum <= Number.MIN_SAFE_INTEGER ? '' : ` from ${minimum} on`
  throw new UsageError(`--${name} takes a number${from}, not ${value}`)
}

/** What stands for the value in usage lines. */
export function shownValue({ takes, shown, choices }: Option): string {
  return shown ?? choices?.join('|') ?? (takes === 'number' ? 'N' : 'TEXT')
}
