import { DiskError } from '../base/disk.ts'
import { MillraceError } from '../base/errors.ts'
import { NetError } from '../base/net.ts'
import type { Command, CommandContext, ExitCode } from './command.ts'
import { commands } from './commands.ts'
import { helpOf, overview, usageOf } from './help.ts'
import { meant } from './nearest.ts'
import { UsageError } from './usage-error.ts'

/** Commands that live in the other packages, loaded by name only when one is called. */
const elsewhere: Readonly<Record<string, string>> = {
  streams: '@millrace/streams/cli',
  connect: '@millrace/connectors/cli',
  check: '@millrace/connectors/cli',
  test: '@millrace/test/cli',
}

/** Runs one command line. Errors are shown as messages; the exit code says which kind. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [name = 'help', ...words] = args
  if (Object.hasOwn(elsewhere, name)) return runElsewhere(elsewhere[name]!, args, context)
  let command: Command | undefined
  try {
    if (isHelp(name)) return show(words.length === 0 ? overview(commands) : helpOn(words), context)
    const [actions, rest] = actionsOf(name, words)
    if (rest.some((word) => word === '--help' || word === '-h')) return show(actions.flatMap(helpOf), context)
    command = onlyOne(name, actions, rest)
    return await command.run(rest, context)
  } catch (error) {
    return report(error, command, context)
  }
}

function isHelp(word: string): boolean {
  return word === 'help' || word === '--help' || word === '-h'
}

/** @throws UsageError */
function helpOn([name = '', ...words]: readonly string[]): string[] {
  const [actions] = actionsOf(name, words)
  return actions.flatMap(helpOf)
}

function show(lines: readonly string[], { out }: CommandContext): ExitCode {
  for (const line of lines) out(line)
  return 0
}

/**
 * The command, or all its actions where none is said, and the arguments that are left. An action may stand as in Kafka's scripts,
 * among the flags: `topics --topic t --create`. @throws UsageError
 */
function actionsOf(name: string, words: readonly string[]): [actions: readonly Command[], rest: readonly string[]] {
  const command = commands.find((one) => one.name === name)
  if (command !== undefined) return [[command], words]
  const actions = commands.filter((one) => isAction(one, name))
  if (actions.length === 0) {
    const names = commands.map((one) => one.name.split(' ')[0]!)
    throw new UsageError(`there is no command ${name}${meant(name, names)}; 'millrace help' lists them`)
  }
  for (const action of actions) {
    const word = action.name.slice(name.length + 1)
    const at = words[0] === word ? 0 : words.indexOf(`--${word}`)
    if (at >= 0) return [[action], words.toSpliced(at, 1)]
  }
  return [actions, words]
}

function isAction({ name }: Command, of: string): boolean {
  return name.startsWith(`${of} `)
}

function onlyOne(name: string, actions: readonly Command[], [word]: readonly string[]): Command {
  if (actions.length === 1) return actions[0]!
  const words = actions.map((one) => one.name.slice(name.length + 1))
  const given = word === undefined || word.startsWith('--') ? '' : ` ${word}${meant(word, words)}`
  throw new UsageError(`millrace ${name} takes an action, ${words.join(', ')}${given === '' ? '' : `; there is none${given}`}`)
}

async function runElsewhere(door: string, args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const loaded = await load(door)
  if (loaded !== null) return loaded.runCommand(args, context)
  context.err(
    `The command ${args[0]} is part of ${door.replace('/cli', '')}, which is not installed here or has no commands yet: npm install ${door.replace('/cli', '')}`,
  )
  return 2
}

async function load(door: string): Promise<{ readonly runCommand: typeof runCommand } | null> {
  try {
    return (await import(door)) as { readonly runCommand: typeof runCommand }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return null
    throw error
  }
}

function report(error: unknown, command: Command | undefined, { err }: CommandContext): ExitCode {
  if (error instanceof UsageError) {
    err(error.message)
    if (command !== undefined) err(usageOf(command))
    return 2
  }
  const known = [MillraceError, DiskError, NetError].some((kind) => error instanceof kind)
  if (!known) throw error
  err((error as Error).message)
  return 1
}
